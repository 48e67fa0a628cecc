// Executes, cancels and deletes of the same jobs race each other and the server is killed among them: at
// random moments, and at the places at which such a race is decided.
//
//   RACES_ROUNDS=200 RACES_SEED=7 e2e_test --gtest_filter='KilledRaces.*'      more of it
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "faults/rng.h"
#include "support/engine_processes.h"
#include "support/environment.h"
#include "support/push_client.h"
#include "support/race.h"
#include "support/server.h"
#include "support/test_data.h"

namespace adit::test {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr const char* kCsv = "id\n1\n2\n3\n";
constexpr const char* kRows = "3";
constexpr const char* kNoRows = "0";
const ExitStatus kKilled{std::nullopt, SIGKILL};

/// About as long as such a race takes.
constexpr std::uint64_t kPauseUsMax = 60'000;

/// The places at which what races is decided.
constexpr auto kPlaces = std::to_array<const char*>(
    {"catalog.execute.before_commit", "catalog.execute.after_commit", "catalog.cancel.before_commit",
     "catalog.cancel.after_commit", "catalog.delete_job.before_commit", "catalog.delete_job.after_commit",
     "catalog.claim_next_job.before_commit", "catalog.claim_next_job.after_commit",
     "catalog.transition.before_commit", "catalog.transition.after_commit", "warehouse.land.before_commit",
     "warehouse.land.after_commit"});

/// What is sent at a job at the same time.
struct Raced {
  const char* name;
  std::size_t executes;
  std::size_t cancels = 0;
  std::size_t deletes = 0;
  const char* key = nullptr;  ///< of all its executes
};

constexpr auto kRaces = std::to_array<Raced>({{.name = "executes", .executes = 50},
                                              {.name = "executes_of_one_key", .executes = 8, .key = "once"},
                                              {.name = "cancel", .executes = 3, .cancels = 2},
                                              {.name = "delete", .executes = 3, .cancels = 2, .deletes = 2}});

/// A job, what was asked of it and what was answered.
struct RacedJob {
  Raced race;
  std::string id;
  std::string table;
  std::vector<Racer> executes{};
  std::vector<Racer> cancels{};
  std::vector<Racer> deletes{};
};

class KilledRaces : public ::testing::Test {
 protected:
  KilledRaces() : seed_(from_environment("RACES_SEED", std::random_device{}())), rng_(seed_) {}

  void SetUp() override {
    server_.start();
    pool_ = create_pool_of_races();
    connect();
  }
  void TearDown() override {
    std::cout << "RACES_SEED=" << seed_ << ": " << kills_ << " kills, " << unanswered_ << " of " << sent_
              << " requests without an answer, outcomes:";
    for (const auto& [outcome, count] : outcomes_) std::cout << " " << count << " " << outcome;
    std::cout << "\n";
    EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
  }

  std::string create_pool_of_races() {
    auto http = server_.http();
    return create_pool(http, "races");
  }
  void connect() { client_.emplace(server_.http(), pool_); }

  /// One job for each of kRaces, with a chunk and a table of its own.
  std::vector<RacedJob> prepare() {
    std::vector<RacedJob> jobs;
    ++round_;
    for (const auto& raced : kRaces) {
      RacedJob job{.race = raced, .id = {}, .table = raced.name + std::string("_") + std::to_string(round_)};
      job.id = client_->create_job(csv_job("DELTA", job.table));
      client_->upload(job.id, kCsv);
      jobs.push_back(std::move(job));
    }
    return jobs;
  }
  HttpRequest execute_of(const RacedJob& job) const {
    HttpRequest request{"POST", client_->job_path(job.id), {}, {}};
    if (job.race.key != nullptr) request.headers.emplace_back("Idempotency-Key", job.race.key);
    return request;
  }
  /// All requests of all jobs, in an order of chance. Cancels and deletes come at once or while a job lands.
  std::vector<Racer> racers_of(const std::vector<RacedJob>& jobs) {
    std::vector<Racer> racers;
    for (const auto& job : jobs) {
      const auto path = client_->job_path(job.id);
      const std::uint64_t longest = rng_.chance(50) ? 1 : kPauseUsMax;
      const auto add = [&](std::size_t count, const HttpRequest& request, std::uint64_t pause_us_max) {
        for (std::size_t i = 0; i < count; ++i)
          racers.push_back({request, std::chrono::microseconds{rng_.below(pause_us_max)}});
      };
      add(job.race.executes, execute_of(job), 1);
      add(job.race.cancels, {"POST", path + "/cancel", {}, {}}, longest);
      add(job.race.deletes, {"DELETE", path, {}, {}}, longest);
    }
    for (auto i = racers.size(); i > 1; --i) std::swap(racers[i - 1], racers[rng_.below(i)]);
    return racers;
  }
  void hand_out(std::vector<Racer> racers, std::vector<RacedJob>& jobs) {
    for (auto& racer : racers) {
      ++sent_;
      if (!racer.answer) ++unanswered_;
      for (auto& job : jobs) {
        const auto path = client_->job_path(job.id);
        if (!racer.request.target.starts_with(path)) continue;
        auto& place = racer.request.method == "DELETE" ? job.deletes
                      : racer.request.target == path   ? job.executes
                                                       : job.cancels;
        place.push_back(std::move(racer));
        break;
      }
    }
  }

  void kill_at_random(std::vector<RacedJob>& jobs);
  /// False: the place was not reached.
  bool kill_at(const std::string& place, std::vector<RacedJob>& jobs);
  void expect_explained(const RacedJob& job);
  void expect_answers(const RacedJob& job, const std::string& status);
  void expect_same_when_asked_again(const RacedJob& job, const std::string& status);

  /// Its final state, or NEW, deleted or not.
  std::string settled_status(const RacedJob& job);
  bool is_listed(const RacedJob& job) { return client_->http().get(client_->job_path(job.id)).status == 200; }
  std::string rows_of(const RacedJob& job) {
    const auto tables = client_->tables();
    if (std::ranges::find(tables, job.table) == tables.end()) return kNoRows;
    return client_->value("SELECT count(*) FROM \"" + job.table + "\"");
  }

  const std::uint64_t seed_;
  Rng rng_;
  Server server_;
  std::string pool_;
  std::optional<PoolClient> client_;
  int round_ = 0;
  int kills_ = 0;
  int sent_ = 0;
  int unanswered_ = 0;
  std::map<std::string, int> outcomes_;
};

void KilledRaces::kill_at_random(std::vector<RacedJob>& jobs) {
  Race race(racers_of(jobs));
  race.start(server_);
  race.wait_for_answers(rng_.below(rng_.chance(50) ? 10 : 70));
  std::this_thread::sleep_for(std::chrono::microseconds{rng_.below(10'000)});
  EXPECT_TRUE(kill_with_engines(server_)) << "an engine outlived its server";
  ++kills_;
  hand_out(race.finish(), jobs);
  server_.start();
  connect();
}

bool KilledRaces::kill_at(const std::string& place, std::vector<RacedJob>& jobs) {
  EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
  server_.start({{"ADIT_FAILPOINT", place}});
  connect();
  hand_out(race(server_, racers_of(jobs)), jobs);
  const auto end = server_.wait(2s);
  if (end) {
    EXPECT_EQ(*end, kKilled);
  }
  EXPECT_TRUE(kill_with_engines(server_)) << "an engine outlived its server";
  kills_ += end ? 1 : 0;
  server_.start();
  connect();
  return end.has_value();
}

std::string KilledRaces::settled_status(const RacedJob& job) {
  const auto path = "/adit/api/v1/pools/" + pool_ + "/history/" + job.id;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  for (;;) {
    const auto answer = client_->http().get(path);
    if (answer.status != 200) return "answered " + std::to_string(answer.status) + " " + answer.body;
    const auto status = std::string(answer.json().at("status").as_string());
    if (status == "NEW" || is_final_status(status)) return status;
    if (std::chrono::steady_clock::now() > deadline) return status + " without end";
    std::this_thread::sleep_for(2ms);
  }
}

/// What was acknowledged before the kill is true after it.
void KilledRaces::expect_answers(const RacedJob& job, const std::string& status) {
  const auto executed = answered(job.executes, 200);
  if (job.race.key == nullptr) {
    EXPECT_LE(executed, 1U) << "an execute that was carried out twice";
  }
  if (executed > 0 || answered(job.executes, 409) > 0) {
    // Of one key the 409 may say no more than that the first is under way.
    if (executed > 0 || job.race.key == nullptr) {
      EXPECT_NE(status, "NEW") << "it had left NEW";
    }
  }
  const bool may_be_canceled = !job.cancels.empty() || !job.deletes.empty();
  if (executed > 0 && !may_be_canceled) {
    EXPECT_EQ(status, "DONE");
  }
  for (const auto& racer : job.executes) {
    if (!racer.answer) continue;
    const auto code = racer.answer->status;
    EXPECT_TRUE(code == 200 || code == 409 || (code == 404 && !job.deletes.empty())) << racer.answer->body;
  }
  for (const auto& racer : job.cancels) {
    if (!racer.answer) continue;
    const auto code = racer.answer->status;
    EXPECT_TRUE(code == 200 || code == 409 || (code == 404 && !job.deletes.empty())) << racer.answer->body;
    if (code == 200) {
      EXPECT_EQ(field(racer.answer->json(), "status"), json::value(status)) << "what a cancel was told";
    }
  }
  for (const auto& racer : job.deletes) {
    if (racer.answer) {
      EXPECT_TRUE(racer.was(204) || racer.was(404)) << racer.answer->body;
    }
  }
  if (answered(job.deletes, 204) > 0) {
    EXPECT_FALSE(is_listed(job)) << "its delete was acknowledged";
  }
  if (job.deletes.empty()) {
    EXPECT_TRUE(is_listed(job)) << "nobody deleted it";
  }
}

/// Nothing lands again, and what was left undone can be done.
void KilledRaces::expect_same_when_asked_again(const RacedJob& job, const std::string& status) {
  if (!is_listed(job)) {
    EXPECT_EQ(client_->http().send(execute_of(job)).status, 404);
    EXPECT_EQ(rows_of(job), status == "DONE" ? kRows : kNoRows);
    return;
  }
  const auto again = client_->http().send(execute_of(job));
  if (status == "NEW") {
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(client_->wait(job.id).at("status"), "DONE");
    EXPECT_EQ(rows_of(job), kRows);
    return;
  }
  const bool replayed = job.race.key != nullptr && status == "DONE";
  EXPECT_EQ(again.status, replayed ? 200 : 409) << again.body;
  if (replayed) {
    EXPECT_EQ(again.header("idempotency-replayed"), "true");
  }
  EXPECT_EQ(client_->status(job.id), status);
  EXPECT_EQ(rows_of(job), status == "DONE" ? kRows : kNoRows);
}

void KilledRaces::expect_explained(const RacedJob& job) {
  SCOPED_TRACE(job.table + ", job " + job.id);
  const auto status = settled_status(job);
  ++outcomes_[status];
  EXPECT_TRUE(status == "DONE" || status == "NEW" || status == "CANCELED") << status;
  if (job.cancels.empty() && job.deletes.empty()) {
    EXPECT_NE(status, "CANCELED") << "nobody canceled it";
  }
  EXPECT_EQ(rows_of(job), status == "DONE" ? kRows : kNoRows) << status;
  expect_answers(job, status);
  expect_same_when_asked_again(job, status);
}

TEST_F(KilledRaces, AtRandomMomentsLeaveEveryJobLandedOnceOrNotAtAll) {
  const auto rounds = from_environment("RACES_ROUNDS", 6);
  for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE("RACES_SEED=" + std::to_string(seed_) + ", round " + std::to_string(round));
    auto jobs = prepare();
    kill_at_random(jobs);
    for (const auto& job : jobs) expect_explained(job);
  }
}

TEST_F(KilledRaces, AtThePlacesThatDecideLeaveEveryJobLandedOnceOrNotAtAll) {
  const auto hits_max = from_environment("RACES_ROUNDS", 1);
  for (const auto* place : kPlaces) {
    // Which of the racers gets there, and whether one does, is open; the first of all does.
    for (std::uint64_t hit = 1; hit <= std::min<std::uint64_t>(hits_max, 4) && !HasFailure(); ++hit) {
      SCOPED_TRACE(std::string(place) + ":" + std::to_string(hit) + ", RACES_SEED=" + std::to_string(seed_));
      auto jobs = prepare();
      const bool reached = kill_at(std::string(place) + ":" + std::to_string(hit), jobs);
      if (hit == 1) {
        EXPECT_TRUE(reached) << "nothing got there";
      }
      for (const auto& job : jobs) expect_explained(job);
    }
  }
}

}  // namespace
}  // namespace adit::test
