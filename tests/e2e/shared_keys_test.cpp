// Many clients that send the same request with the same Idempotency-Key at once: one effect and one answer,
// also when the server is killed among them.
//
//   SHARED_KEYS_ROUNDS=200 SHARED_KEYS_SEED=7 e2e_test --gtest_filter='SharedKeys*'      more of it
#include <algorithm>
#include <random>
#include <set>

#include "faults/rng.h"
#include "support/engine_processes.h"
#include "support/environment.h"
#include "support/race.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

constexpr std::size_t kClients = 16;
/// Asked again while the answer is that the first is under way, so often at most.
constexpr int kAttemptsMax = 2000;

/// Large enough that its uploads overlap.
std::string csv(int rows, const std::string& word = "text") {
  std::string text = "id,name\n";
  for (int i = 0; i < rows; ++i) text += std::to_string(i) + "," + word + " of a row\n";
  return text;
}
constexpr int kRowCount = 20'000;

HttpRequest create_request(const PoolClient& pool, const std::string& key, const std::string& table) {
  return {"POST",
          pool.jobs_path(),
          {{"Idempotency-Key", key}, {"Content-Type", "application/json"}},
          json::serialize(csv_job("DELTA", table))};
}
HttpRequest upload_request(const PoolClient& pool, const std::string& job, const std::string& key,
                           std::string bytes) {
  return {"POST", pool.chunks_path(job), {{"Idempotency-Key", key}}, std::move(bytes)};
}
/// The same chunk as a form and compressed.
HttpRequest form_request(const PoolClient& pool, const std::string& job, const std::string& key,
                         const std::string& bytes) {
  return {"POST",
          pool.chunks_path(job),
          {{"Idempotency-Key", key},
           {"Content-Type", "multipart/form-data; boundary=b"},
           {"Content-Encoding", "gzip"}},
          gzip(multipart_body({{bytes}}, "b"))};
}
HttpRequest execute_request(const PoolClient& pool, const std::string& job, const std::string& key,
                            const std::string& query = "") {
  return {"POST", pool.job_path(job) + query, {{"Idempotency-Key", key}}, {}};
}

bool is_under_way(const Racer& racer) {
  return racer.was(409) && racer.answer->body.find("same Idempotency-Key is under way") != std::string::npos;
}
bool is_replayed(const HttpResponse& answer) { return answer.header("idempotency-replayed") == "true"; }

/// Sends those again that have no answer yet but that the first is under way.
void ask_until_answered(Http http, std::vector<Racer>& racers) {
  for (auto& racer : racers) {
    for (int attempt = 0; !racer.answer || is_under_way(racer); ++attempt) {
      ASSERT_LT(attempt, kAttemptsMax) << "under way without end";
      racer.answer = http.send(racer.request);
    }
  }
}

/// All 200, with the same body, and `firsts` of them at most not a replay.
void expect_one_answer(const std::vector<Racer>& racers) {
  EXPECT_EQ(answered(racers, 200), racers.size());
  std::set<std::string> bodies;
  std::size_t firsts = 0;
  for (const auto& racer : racers) {
    EXPECT_EQ(racer.answer->status, 200) << racer.answer->body;
    bodies.insert(racer.answer->body);
    firsts += is_replayed(*racer.answer) ? 0 : 1;
  }
  EXPECT_EQ(bodies.size(), 1U);
  EXPECT_LE(firsts, 1U) << "only one of them carried it out";
}

class SharedKeys : public SurvivingServerTest {
 protected:
  std::vector<Racer> at_once(std::vector<Racer> racers) {
    auto sent = race(server(), std::move(racers));
    for (const auto& racer : sent) {
      EXPECT_TRUE(racer.was(200) || racer.was(422) || is_under_way(racer)) << racer.answer->body;
    }
    ask_until_answered(server().http(), sent);
    return sent;
  }
  /// Of two requests of one key, half the clients each: one of them is carried out, the other is 422.
  void expect_one_of_two(const HttpRequest& one, const HttpRequest& other) {
    std::vector<Racer> racers;
    for (std::size_t i = 0; i < kClients; ++i) racers.push_back({i % 2 == 0 ? one : other});
    const auto sent = at_once(std::move(racers));
    EXPECT_EQ(answered(sent, 200), kClients / 2);
    EXPECT_EQ(answered(sent, 422), kClients / 2);
    std::vector<Racer> ones;
    std::vector<Racer> others;
    for (std::size_t i = 0; i < kClients; ++i) (i % 2 == 0 ? ones : others).push_back(sent[i]);
    expect_one_answer(answered(ones, 200) > 0 ? ones : others);
    EXPECT_EQ(answered(answered(ones, 200) > 0 ? others : ones, 422), kClients / 2);
  }
};

TEST_F(SharedKeys, CreatesAtOnceMakeOneJobThatAllAreToldOf) {
  expect_one_answer(at_once({kClients, Racer{create_request(pool(), "k", "t"), {}}}));
  EXPECT_EQ(pool().http().get(pool().jobs_path()).array().size(), 1U);
}

TEST_F(SharedKeys, UploadsAtOnceInAnyFormKeepOneChunk) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  const auto bytes = csv(kRowCount);
  std::vector<Racer> racers(kClients / 2, Racer{upload_request(pool(), job, "k", bytes)});
  racers.insert(racers.end(), kClients / 2, Racer{form_request(pool(), job, "k", bytes)});
  expect_one_answer(at_once(std::move(racers)));
  EXPECT_EQ(pool().chunks(job).size(), 1U);
  EXPECT_EQ(server().chunk_files(pool().pool()).size(), 1U) << "nothing is left of the others";
}

TEST_F(SharedKeys, ExecutesAtOnceAreAllToldThatItIsExecuted) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  pool().upload(job, csv(10));
  expect_one_answer(at_once({kClients, Racer{execute_request(pool(), job, "k")}}));
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "10");
}

TEST_F(SharedKeys, OfTwoContentsAtOnceOneIsCarriedOutAndTheOtherIsRefused) {
  expect_one_of_two(create_request(pool(), "create", "t"), create_request(pool(), "create", "u"));
  EXPECT_EQ(pool().http().get(pool().jobs_path()).array().size(), 1U);
  const auto job = pool().create_job(csv_job("DELTA", "t", {{"keys", {"id"}}}));
  const auto one = csv(kRowCount);
  const auto other = csv(kRowCount, "other");
  expect_one_of_two(upload_request(pool(), job, "upload", one), upload_request(pool(), job, "upload", other));
  const auto chunks = pool().chunks(job);
  ASSERT_EQ(chunks.size(), 1U);
  const auto kept = chunks[0].at("checksum").as_string();
  EXPECT_TRUE(kept == sha256_hex(one) || kept == sha256_hex(other));
  expect_one_of_two(execute_request(pool(), job, "execute"),
                    execute_request(pool(), job, "execute", "?duplicateRemovalColumn=name"));
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), std::to_string(kRowCount));
}

/// Three races of one key each, a kill in the middle of them, and the same requests again.
class SharedKeysKilled : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.start();
    auto http = server_.http();
    pool_ = create_pool(http, "keys");
    connect();
  }
  void TearDown() override { EXPECT_EQ(server_.terminate(), ExitStatus::exited(0)); }
  void connect() { client_.emplace(server_.http(), pool_); }

  void round(int number) {
    const auto name = std::to_string(number);
    const auto uploading = client_->create_job(csv_job("DELTA", "uploaded"));
    const auto executing = client_->create_job(csv_job("DELTA", "t" + name));
    client_->upload(executing, csv(10));
    std::vector<Racer> racers;
    for (std::size_t i = 0; i < kClients / 2; ++i) {
      racers.push_back({create_request(*client_, "create " + name, "created " + name)});
      racers.push_back({upload_request(*client_, uploading, "upload", csv(kRowCount))});
      racers.push_back({execute_request(*client_, executing, "execute")});
    }
    kill_among(racers);
    expect_one_effect(racers, uploading, executing, name);
  }

  void kill_among(std::vector<Racer>& racers) {
    Race race(std::move(racers));
    race.start(server_);
    race.wait_for_answers(rng_.below(3 * kClients / 2));
    std::this_thread::sleep_for(std::chrono::microseconds{rng_.below(5'000)});
    EXPECT_TRUE(kill_with_engines(server_)) << "an engine outlived its server";
    ++kills_;
    racers = race.finish();
    before_ += answered(racers, 200);
    server_.start();
    connect();
  }

  void expect_one_effect(std::vector<Racer>& racers, const std::string& uploading,
                         const std::string& executing, const std::string& name) {
    ask_until_answered(server_.http(), racers);
    std::vector<std::vector<Racer>> kinds(3);
    for (std::size_t i = 0; i < racers.size(); ++i) kinds[i % 3].push_back(racers[i]);
    for (const auto& kind : kinds) expect_one_answer(kind);
    const auto created = client_->http().get(client_->jobs_path() + "?targetName=created%20" + name).array();
    ASSERT_EQ(created.size(), 1U);
    EXPECT_EQ(created[0].at("id"), kinds[0][0].answer->json().at("id"));
    EXPECT_EQ(client_->chunks(uploading).size(), 1U);
    EXPECT_EQ(client_->wait(executing).at("status"), "DONE");
    EXPECT_EQ(client_->value("SELECT count(*) FROM t" + name), "10");
  }

  const std::uint64_t seed_ = from_environment("SHARED_KEYS_SEED", std::random_device{}());
  Rng rng_{seed_};
  Server server_;
  std::string pool_;
  std::optional<PoolClient> client_;
  std::size_t before_ = 0;  ///< answers that came before a kill
  int kills_ = 0;
};

TEST_F(SharedKeysKilled, HaveOneEffectAndOneAnswerOverTheRestart) {
  const auto rounds = static_cast<int>(from_environment("SHARED_KEYS_ROUNDS", 4));
  for (int number = 1; number <= rounds && !HasFailure(); ++number) {
    SCOPED_TRACE("SHARED_KEYS_SEED=" + std::to_string(seed_) + ", round " + std::to_string(number));
    round(number);
  }
  std::cout << "SHARED_KEYS_SEED=" << seed_ << ": " << before_ << " answers before " << kills_ << " kills\n";
}

}  // namespace
}  // namespace adit::test
