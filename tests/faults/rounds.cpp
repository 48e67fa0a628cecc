#include "faults/rounds.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "faults/checker.h"
#include "faults/observation.h"
#include "support/files_below.h"
#include "support/push_client.h"

namespace adit::test {
namespace {

constexpr std::array kFailpoints{
    "chunk_store.write",
    "chunk_store.keep.before_fsync",
    "chunk_store.keep.before_rename",
    "chunk_store.keep.after_rename",
    "push.upload.kept",
    "catalog.insert_job.before_commit",
    "catalog.insert_job.after_commit",
    "catalog.insert_chunks.before_commit",
    "catalog.insert_chunks.after_commit",
    "catalog.execute.before_commit",
    "catalog.execute.after_commit",
    "catalog.transition.before_commit",
    "catalog.transition.after_commit",
    "warehouse.held",
    "warehouse.stage.before_commit",
    "warehouse.stage.after_commit",
    "warehouse.land.before_commit",
    "warehouse.land.after_commit",
    "warehouse.checkpoint.before",
    "warehouse.checkpoint.after",
};

constexpr int kWorkers = 3;
constexpr std::chrono::seconds kSettleTimeout{30};
/// Final jobs are deleted after so many rounds, so that lists stay short however long the run is.
constexpr int kRoundsUntilDelete = 6;

const ExitStatus kKilled{std::nullopt, SIGKILL};

}  // namespace

Torture::Torture(TortureOptions options)
    : options_(std::move(options)),
      rng_(options_.seed),
      // Some of its chunks are held, some go into a staging table, and some jobs begin with the one and end
      // with the other.
      server_({.flags = {"--tls-listen", "off", "--checkpoint-interval-ms", "200", "--log-level", "info",
                         "--held-chunk-bytes-max", "4000"},
               .data = options_.data}) {}

std::vector<std::string> Torture::pools() const {
  std::set<std::string> names;
  for (const auto& table : model_.tables) names.insert(table.pool);
  return {names.begin(), names.end()};
}

void Torture::create_tables() {
  auto http = server_.http();
  const std::array<std::array<Discipline, 2>, 3> pools{{{Discipline::kLog, Discipline::kKeyed},
                                                        {Discipline::kKeyed, Discipline::kMixed},
                                                        {Discipline::kLog, Discipline::kMixed}}};
  for (const auto& disciplines : pools) {
    const auto pool = create_pool(http, "torture");
    for (const auto discipline : disciplines) {
      TableRecord table;
      table.pool = pool;
      table.name = "table_" + std::to_string(model_.tables.size());
      table.discipline = discipline;
      model_.tables.push_back(std::move(table));
    }
  }
}

TortureResult Torture::run() {
  const auto deadline = std::chrono::steady_clock::now() + options_.time_max;
  try {
    start("");
    create_tables();
    for (int number = 1; number <= options_.rounds && history_.clean(); ++number) {
      if (std::chrono::steady_clock::now() > deadline) break;
      round(number);
      result_.rounds = number;
    }
    if (history_.clean() && server_.terminate() != ExitStatus::exited(0)) {
      history_.violation("the last SIGTERM did not end in exit code 0");
    }
  } catch (const std::exception& error) {
    history_.violation(std::string("the server can't be worked with: ") + error.what());
  }
  result_.jobs = model_.jobs.size();
  result_.violations = history_.violations();
  return result_;
}

std::string Torture::report() const {
  return "--- what was done (the last two rounds)\n" + history_.text(400) + "--- what the server said\n" +
         server_.log(0, 16'000);
}

Torture::Fault Torture::pick_fault() {
  const auto choice = rng_.below(100);
  if (choice < 45) return Fault::kKill;
  if (choice < 85) return Fault::kFailpoint;
  return choice < 95 ? Fault::kTerminate : Fault::kNone;
}

std::string Torture::pick_failpoint(std::int64_t hits_max) {
  const std::string name = rng_.pick(kFailpoints);
  const bool rare = name.starts_with("warehouse.checkpoint");
  return name + ":" + std::to_string(rare ? 1 : rng_.between(1, hits_max));
}

bool Torture::start(const std::string& failpoint) {
  std::map<std::string, std::string> environment;
  // Few open pools close and open their files often; no retention removes chunks as soon as that is safe.
  environment["ADIT_POOLS_OPEN_MAX"] = std::to_string(std::array{1, 2, 32}[rng_.below(3)]);
  environment["ADIT_CHUNK_RETENTION_HOURS"] = rng_.chance(50) ? "0" : "168";
  if (!failpoint.empty()) environment["ADIT_FAILPOINT"] = failpoint;
  history_.note("start" + (failpoint.empty() ? "" : " with " + failpoint));
  try {
    server_.start(environment);
    return true;
  } catch (const StartFailure&) {
    if (failpoint.empty() || server_.wait(std::chrono::milliseconds{0}) != kKilled) throw;
    history_.note("killed by " + failpoint + " before it was ready");
    ++result_.failpoints;
    return false;
  }
}

void Torture::round(int number) {
  history_.begin_round(number);
  const auto fault = pick_fault();
  bool running = true;
  if (fault == Fault::kFailpoint) {
    if (server_.terminate() != ExitStatus::exited(0))
      history_.violation("SIGTERM did not end in exit code 0");
    running = start(pick_failpoint(std::array{1, 3, 8}[rng_.below(3)]));
  }
  if (running) work(fault);
  if (fault != Fault::kNone) recover();
  if (options_.plant_wrong_row) plant_wrong_row();
  if (history_.clean()) check_everything(number);
  if (history_.clean()) remove_old_jobs(number);
}

void Torture::work(Fault fault) {
  RoundContext context{
      .model = model_, .history = history_, .address = server_.address(), .key = server_.admin_key()};
  const std::chrono::milliseconds delay{fault == Fault::kKill ? rng_.between(5, 450) : 450};
  std::vector<std::jthread> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&context, i, rng = rng_.fork()] {
      try {
        Worker(context, rng, i).run();
      } catch (const std::exception& error) {
        context.history.violation(error.what());
      }
    });
  }
  end_server(fault, context, delay);
  context.stop = true;
}

void Torture::end_server(Fault fault, RoundContext& context, std::chrono::milliseconds delay) {
  const auto early = server_.wait(delay);
  if (early) {
    if (fault == Fault::kFailpoint && early == kKilled) {
      history_.note("killed by its failpoint");
      ++result_.failpoints;
    } else {
      history_.violation("the server ended by itself with " + to_string(*early));
    }
    return;
  }
  if (fault == Fault::kNone) return;
  if (fault == Fault::kTerminate) {
    context.terminating = true;
    history_.note("SIGTERM");
    if (const auto end = server_.terminate(); end != ExitStatus::exited(0)) {
      history_.violation("SIGTERM ended in " + to_string(end));
    }
    ++result_.terminations;
    return;
  }
  history_.note("SIGKILL");
  server_.kill();
  ++result_.kills;
}

void Torture::recover() {
  // Sometimes the recovery is killed as well.
  if (rng_.chance(30) && start(pick_failpoint(2))) {
    const auto end = server_.wait(std::chrono::milliseconds{rng_.between(5, 150)});
    if (end == kKilled) {
      history_.note("killed by its failpoint while recovering");
      ++result_.failpoints;
    } else if (end) {
      history_.violation("the server ended by itself with " + to_string(*end));
    } else {
      history_.note("SIGKILL while recovering");
      server_.kill();
      ++result_.kills;
    }
  }
  start("");
}

void Torture::check_everything(int number) {
  auto http = server_.http();
  if (const auto busy = wait_settled(http, pools(), kSettleTimeout); !busy.empty()) {
    return history_.violation("rule 3: not settled within " + std::to_string(kSettleTimeout.count()) +
                              " s: " + busy);
  }
  std::set<std::string> settled;
  for (const auto& job : model_.jobs) {
    if (job->settled && !job->id.empty()) settled.insert(job->id);
  }
  const auto observed = observe(http, pools(), settled, kSettleTimeout);
  for (const auto& violation : check(model_, observed)) history_.violation(violation);
  model_.settle(number);
  result_.rows_checked += model_.rows_verified();
  check_folder();
  history_.note("checked");
}

void Torture::check_folder() {
  // Nobody uploads now, so nothing may look as if somebody did. A client that has just vanished is forgiven a
  // moment.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{3};
  while (true) {
    std::string unfinished;
    for (const auto& file : files_below(options_.data)) {
      if (file.extension() == ".part") unfinished = file.string();
    }
    if (unfinished.empty()) return;
    if (std::chrono::steady_clock::now() > deadline) {
      return history_.violation("rule 2: an unfinished upload was left: " + unfinished);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

void Torture::remove_old_jobs(int number) {
  auto http = server_.http();
  for (auto& job : model_.jobs) {
    if (!job->settled || job->deleted != Certainty::kNo || job->created != Certainty::kYes) continue;
    if (number - job->settled_round < kRoundsUntilDelete) continue;
    const auto& pool = model_.tables[job->table].pool;
    const auto response = http.del("/data-ingestion/api/v1/data-push/" + pool + "/jobs/" + job->id);
    if (response.status != 204) return history_.violation("delete of " + job->name() + ": " + response.body);
    job->deleted = Certainty::kYes;
  }
}

void Torture::plant_wrong_row() {
  for (auto& job : model_.jobs) {
    for (auto& chunk : job->chunks) {
      // Appended rows can't be overwritten by others of the same round.
      if (job->keyed || chunk.rows.empty()) continue;
      chunk.rows.front().v = chunk.rows.front().v.value_or(0) + 1;
      history_.note("planted a wrong row in " + job->name());
    }
  }
}

}  // namespace adit::test
