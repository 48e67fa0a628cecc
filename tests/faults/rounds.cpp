#include "faults/rounds.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "faults/checker.h"
#include "faults/failpoints.h"
#include "faults/observation.h"
#include "faults/tables.h"
#include "support/engine_processes.h"
#include "support/files_below.h"
#include "support/push_client.h"

namespace adit::test {
namespace {

constexpr int kWorkers = 3;
constexpr std::chrono::seconds kSettleTimeout{30};
/// Final jobs are deleted after so many rounds, so that lists stay short however long the run is.
constexpr int kRoundsUntilDelete = 6;

const ExitStatus kKilled{std::nullopt, SIGKILL};
constexpr std::chrono::seconds kEnginesEndMax{10};

struct StopAtTheEnd {
  std::atomic<bool>& stop;
  ~StopAtTheEnd() { stop = true; }
};

}  // namespace

Torture::Torture(TortureOptions options)
    : options_(std::move(options)),
      rng_(options_.seed),
      // Some of its chunks are held, some go into a staging table, and some jobs begin with the one and end
      // with the other.
      server_({.flags = {"--tls-listen", "off", "--checkpoint-interval-ms", "200", "--log-level", "info",
                         "--held-chunk-bytes-max", "4000"},
               .data = options_.data}) {
  if (!FaultShim::available()) return;
  shim_.emplace(options_.data);
  shim_->ignore_syncs_of(options_.ignored_syncs);
}

std::vector<std::string> Torture::pools() const {
  std::set<std::string> names;
  for (const auto& table : model_.tables) names.insert(table.pool);
  return {names.begin(), names.end()};
}

void Torture::create_tables() {
  auto http = server_.http();
  model_.tables = make_tables(http);
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

Fault Torture::pick_fault() {
  if (options_.only) return *options_.only;
  const auto choice = rng_.below(100);
  if (choice < 20) return Fault::kKill;
  if (choice < 40) return Fault::kFailpoint;
  if (choice < 55) return shim_ ? Fault::kCall : Fault::kKill;
  if (choice < 75) return shim_ ? Fault::kPower : Fault::kFailpoint;
  if (choice < 92) return Fault::kEngine;
  return choice < 98 ? Fault::kTerminate : Fault::kNone;
}

std::string Torture::pick_failpoint(std::int64_t hits_max) {
  // Writes to the catalog are more than places, but most of them are not of pushes.
  static constexpr auto kWrites = std::to_array<std::string_view>(
      {"catalog.insert_job", "catalog.insert_chunks", "catalog.execute", "catalog.claim_next_job",
       "catalog.update_chunk", "catalog.transition", "catalog.cancel", "catalog.delete_job"});
  std::string name;
  if (rng_.chance(60)) {
    // Workers neither change tables nor remove pools.
    do {
      name = rng_.pick(kFailpoints);
    } while (name.starts_with("warehouse.change") || name.starts_with("push.remove_pool"));
  } else {
    name = std::string(rng_.pick(kWrites)) + (rng_.chance(50) ? ".before_commit" : ".after_commit");
  }
  const bool rare = name.starts_with("warehouse.checkpoint");
  return name + ":" + std::to_string(rare ? 1 : rng_.between(1, hits_max));
}

FaultOrder Torture::pick_call() {
  FaultOrder order;
  order.deed = std::array{Deed::kKillBefore, Deed::kKillAfter, Deed::kKillHalfway}[rng_.below(3)];
  order.on = std::array{CallClass::kCreate,   CallClass::kWrite,      CallClass::kWrite,
                        CallClass::kSyncFile, CallClass::kSyncFolder, CallClass::kRename,
                        CallClass::kRemove,   CallClass::kResize,     CallClass::kAny}[rng_.below(9)];
  // Evenly over the orders of size: the first calls of a start, and those deep within its work.
  order.before = static_cast<std::int64_t>(rng_.below(1ULL << rng_.below(9)));
  if (rng_.chance(40)) order.where = std::array{"catalog.db", "/chunks/", "/pools/"}[rng_.below(3)];
  return order;
}

bool Torture::start(const std::string& failpoint) {
  auto environment = shim_ ? shim_->environment() : std::map<std::string, std::string>();
  // Few open pools close and open their files often; no retention removes chunks as soon as that is safe.
  environment["ADIT_POOLS_OPEN_MAX"] = std::to_string(std::array{1, 2, 32}[rng_.below(3)]);
  environment["ADIT_CHUNK_RETENTION_HOURS"] = rng_.chance(50) ? "0" : "168";
  // Both forms take turns on the same files.
  environment["ADIT_ENGINE_IN_PROCESS"] = rng_.chance(30) ? "true" : "false";
  if (!failpoint.empty()) environment["ADIT_FAILPOINT"] = failpoint;
  history_.note("start" + (failpoint.empty() ? "" : " with " + failpoint));
  try {
    server_.start(environment);
    return true;
  } catch (const StartFailure&) {
    const bool killed = !failpoint.empty() || (shim_ && shim_->power_is_off());
    if (!killed || server_.wait(std::chrono::milliseconds{0}) != kKilled) throw;
    kill_all();
    if (failpoint.empty()) {
      history_.note("the power went before it was ready");
    } else {
      history_.note("killed by " + failpoint + " before it was ready");
      ++result_.failpoints;
    }
    return false;
  }
}

void Torture::round(int number) {
  history_.begin_round(number);
  const auto fault = pick_fault();
  bool running = true;
  if (fault == Fault::kFailpoint || fault == Fault::kPower) {
    if (server_.terminate() != ExitStatus::exited(0))
      history_.violation("SIGTERM did not end in exit code 0");
    if (fault == Fault::kPower) {
      disk_.emplace(options_.data);
      shim_->begin_log();
    }
    if (fault == Fault::kPower && rng_.chance(60)) order_call();
    running = start(fault == Fault::kPower ? "" : pick_failpoint(std::array{1, 3, 8}[rng_.below(3)]));
  }
  if (fault == Fault::kCall) order_call();
  if (running) work(fault);
  if (fault == Fault::kPower) cut_power();
  if (fault != Fault::kNone && fault != Fault::kEngine) recover();
  if (options_.plant_wrong_row) plant_wrong_row();
  if (options_.plant) options_.plant(model_);
  if (history_.clean()) check_everything(number);
  if (history_.clean()) remove_old_jobs(number);
}

void Torture::order_call() {
  const auto order = pick_call();
  history_.note("ordered: " + to_string(order));
  shim_->order(order);
}

void Torture::work(Fault fault) {
  RoundContext context{.model = model_,
                       .history = history_,
                       .address = server_.address(),
                       .key = server_.admin_key(),
                       .power_is_off = [this] { return shim_ && shim_->power_is_off(); }};
  const bool at_random = fault == Fault::kKill || fault == Fault::kPower;
  const std::chrono::milliseconds delay{at_random ? rng_.between(5, 450) : 450};
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
  // Also where this throws: the workers are waited for either way.
  const StopAtTheEnd stop{context.stop};
  end_server(fault, context, delay);
}

std::optional<ExitStatus> Torture::wait_for_end(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  do {
    const auto end = server_.wait(std::chrono::milliseconds{3});
    if (end || (shim_ && shim_->power_is_off())) {
      kill_all();
      return server_.wait(std::chrono::milliseconds{0});
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return std::nullopt;
}

void Torture::kill_all() {
  if (!kill_with_engines(server_, kEnginesEndMax)) history_.violation("an engine outlived its server");
  if (!shim_) return;
  if (shim_->power_is_off()) ++result_.calls;
  shim_->stop();
  shim_->power_on();
}

void Torture::end_server(Fault fault, RoundContext& context, std::chrono::milliseconds delay) {
  if (fault == Fault::kEngine) {
    // Once a round: a job that meets two such ends is given up.
    context.engines_end = true;
    if (!server_.wait(std::chrono::milliseconds{rng_.between(5, 400)})) kill_an_engine();
  }
  const bool may_end = fault == Fault::kFailpoint || fault == Fault::kCall || fault == Fault::kPower;
  if (const auto early = wait_for_end(delay)) {
    if (may_end && early == kKilled) {
      history_.note("killed where it was ordered");
      if (fault == Fault::kFailpoint) ++result_.failpoints;
    } else {
      history_.violation("the server ended by itself with " + to_string(*early));
    }
    return;
  }
  if (fault == Fault::kNone || fault == Fault::kEngine) return;
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
  kill_all();
  ++result_.kills;
}

void Torture::kill_an_engine() {
  const auto processes = engine_processes(server_.pid());
  std::vector<std::string> names;
  for (const auto& [name, pid] : processes) names.push_back(name);
  if (names.empty()) return;
  const auto name = rng_.pick(names);
  history_.note("SIGKILL of the engine of " + name);
  if (kill_engine_process(server_.pid(), name)) ++result_.engines;
}

void Torture::cut_power() {
  disk_->apply(shim_->log());
  const auto unsynced =
      rng_.chance(40) ? PowerCutDisk::Unsynced::kNothingStays : PowerCutDisk::Unsynced::kSomeStays;
  history_.note("the power was cut; lost is\n" + disk_->cut(unsynced, rng_));
  ++result_.power_cuts;
  shim_->begin_log();
}

void Torture::recover() {
  // Sometimes the recovery ends early as well.
  if (rng_.chance(30)) {
    interrupt_recovery();
    if (disk_) cut_power();
  }
  if (disk_) {
    disk_.reset();
    shim_->end_log();
  }
  start("");
}

void Torture::interrupt_recovery() {
  if (disk_) order_call();
  if (!start(disk_ ? "" : pick_failpoint(2))) return;
  if (const auto end = wait_for_end(std::chrono::milliseconds{rng_.between(5, 150)})) {
    if (end != kKilled) return history_.violation("the server ended by itself with " + to_string(*end));
    history_.note("killed where it was ordered while recovering");
    if (!disk_) ++result_.failpoints;
    return;
  }
  history_.note("SIGKILL while recovering");
  kill_all();
  ++result_.kills;
}

void Torture::check_everything(int number) {
  auto http = server_.http();
  if (const auto busy = wait_settled(http, pools(), kSettleTimeout); !busy.empty()) {
    return history_.violation("rule 3: not settled within " + std::to_string(kSettleTimeout.count()) +
                              " s: " + busy);
  }
  finish_table_changes(http, model_);
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
      if (job->upserts() || chunk.rows.empty()) continue;
      chunk.rows.front().v = chunk.rows.front().v.value_or(0) + 1;
      history_.note("planted a wrong row in " + job->name());
    }
  }
}

}  // namespace adit::test
