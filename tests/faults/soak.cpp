// soak: a real adit that is used in every way for minutes; what it takes of the machine has to stay as it is.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "faults/soak_client.h"
#include "faults/soak_fill.h"
#include "faults/soak_measure.h"

namespace {

using namespace adit::test;
using Clock = std::chrono::steady_clock;

/// The queries of SoakFill do not fill what only upserts do: at rest there were 367 MiB after 11,000 acts and
/// 382 after 21,000; in another run 387 after 30,000 and 395 after 51,000. On a machine that is busy with
/// other things half of the time is over before.
constexpr std::uint64_t kWarmActsMin = 30'000;

constexpr const char* kUsage =
    "usage: soak [--minutes N] [--seed S] [--clients N] [--only ACT]… [--fill N] [--serve FLAG]…\n"
    "  --minutes N   how long (10): a half of warming up, longer until 30,000 acts are done, and a half that "
    "counts\n"
    "  --seed S      seed of what the clients do (random; printed)\n"
    "  --clients N   clients at a time (4)\n"
    "  --only ACT    this, and what else is named so, instead of everything: one of the names printed in the "
    "end\n"
    "  --fill N      queries that bring the engine's bookkeeping to its bound, for each pool (3000)\n"
    "  --serve FLAG  a flag of adit serve\n";

struct Arguments {
  double minutes = 10;
  std::uint64_t seed = std::random_device{}();
  int clients = 4;
  int fill = 3000;
  std::vector<std::string> only{};
  /// Files of landed jobs go at once, so that the folder can stay as large as it is.
  std::vector<std::string> flags{"--chunk-retention-hours",  "0",    "--expiry-interval-ms", "5000",
                                 "--checkpoint-interval-ms", "5000", "--log-level",          "warning"};
  bool good = true;
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count && arguments.good; i += 2) {
    const std::string_view name = values[i];
    arguments.good = i + 1 < count;
    if (!arguments.good) break;
    const std::string value = values[i + 1];
    try {
      if (name == "--minutes")
        arguments.minutes = std::stod(value);
      else if (name == "--seed")
        arguments.seed = std::stoull(value);
      else if (name == "--clients")
        arguments.clients = std::stoi(value);
      else if (name == "--fill")
        arguments.fill = std::stoi(value);
      else if (name == "--only")
        arguments.only.push_back(value);
      else if (name == "--serve")
        arguments.flags.push_back(value);
      else
        arguments.good = false;
    } catch (const std::exception&) {
      arguments.good = false;
    }
  }
  return arguments;
}

/// Clients on a thread each, who can be made to pause.
class Clients {
 public:
  Clients(const Server& server, const std::vector<std::string>& pools, const Arguments& arguments) {
    Rng rng(arguments.seed);
    for (int i = 0; i < arguments.clients; ++i) {
      clients_.emplace_back(server, pools[static_cast<std::size_t>(i) % pools.size()], i, rng.fork(),
                            arguments.only);
    }
    for (auto& client : clients_) threads_.emplace_back([this, &client] { work(client); });
  }
  ~Clients() { stop(); }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void pause() {
    std::unique_lock lock(mutex_);
    paused_ = true;
    changed_.wait(lock, [&] { return resting_ == threads_.size(); });
  }
  void go_on() {
    const std::lock_guard lock(mutex_);
    paused_ = false;
    changed_.notify_all();
  }
  void stop() {
    stopped_ = true;
    go_on();
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  std::uint64_t acts() const { return acts_; }
  std::vector<std::string> failures() {
    const std::lock_guard lock(mutex_);
    return failures_;
  }
  /// After stop().
  std::map<std::string, std::uint64_t> counts() const {
    std::map<std::string, std::uint64_t> all;
    for (const auto& client : clients_) {
      for (const auto& [name, count] : client.counts()) all[name] += count;
    }
    return all;
  }

 private:
  void work(SoakClient& client) {
    while (!stopped_) {
      rest();
      try {
        client.act();
        ++acts_;
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        failures_.emplace_back(error.what());
        if (failures_.size() > 100) return;
      }
    }
  }
  void rest() {
    std::unique_lock lock(mutex_);
    if (!paused_) return;
    ++resting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !paused_; });
    --resting_;
  }

  std::vector<SoakClient> clients_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> acts_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool paused_ = false;
  std::size_t resting_ = 0;
  std::vector<std::string> failures_;
};

std::size_t run(const Arguments& arguments) {
  Server server({.flags = arguments.flags});
  server.start();
  auto http = server.http();
  const std::vector<std::string> pools{create_pool(http, "one"), create_pool(http, "two")};
  Clients clients(server, pools, arguments);
  SoakFill fill(server, pools, arguments.fill);
  SoakMeasure measure;
  const auto begin = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  const double half = arguments.minutes * 60 / 2;
  double second_half = 0;
  std::optional<ProcessSample> warm;
  std::uint64_t acts_before = 0;
  double next_line = 0;
  while ((!warm || seconds() < second_half + half) && server.running()) {
    if (!warm && seconds() >= half && clients.acts() >= kWarmActsMin && fill.done()) {
      clients.pause();
      warm = at_rest(server, pools);
      acts_before = clients.acts();
      second_half = seconds();
      clients.go_on();
    }
    measure.measure(server, seconds());
    if (seconds() >= next_line) {
      measure.print_line(clients.acts());
      next_line += half / 10;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  fill.stop();
  clients.stop();
  const auto end = at_rest(server, pools);
  measure.measure(server, seconds());
  measure.print_line(clients.acts());
  const auto acts = static_cast<double>(std::max<std::uint64_t>(1, clients.acts() - acts_before));
  auto violations = measure.judge(second_half) + judge_rest(warm.value_or(ProcessSample{}), end, acts);
  std::printf("the catalog grew by %.2f KiB with each act: jobs, chunks, events and audit are remembered\n",
              measure.catalog_growth(second_half) / 1024 / acts);
  for (const auto& [name, count] : clients.counts()) {
    std::printf("%8llu  %s\n", static_cast<unsigned long long>(count), name.c_str());
  }
  auto failures = clients.failures();
  failures.insert(failures.end(), fill.failures().begin(), fill.failures().end());
  for (const auto& failure : failures) std::printf("VIOLATION: %s\n", failure.c_str());
  violations += failures.size();
  if (const auto status = server.terminate(); status != ExitStatus::exited(0)) {
    std::printf("VIOLATION: the server ended with %s\n%s\n", to_string(status).c_str(), server.log().c_str());
    ++violations;
  }
  return violations;
}

}  // namespace

int main(int count, char** values) {
  const auto arguments = parse(count, values);
  if (!arguments.good) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const auto seed = static_cast<unsigned long long>(arguments.seed);
  std::printf("soak: seed %llu, %.1f minutes\n", seed, arguments.minutes);
  try {
    const auto violations = run(arguments);
    std::printf("soak: %zu violations, seed %llu\n", violations, seed);
    return violations == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak: %s\n", error.what());
    return 2;
  }
}
