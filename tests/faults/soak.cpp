// soak: a real adit that is used in every way for minutes; what it takes of the machine has to stay as it is.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "faults/flatness.h"
#include "faults/soak_client.h"
#include "support/files_below.h"
#include "support/process_sample.h"

namespace {

using namespace adit::test;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr const char* kUsage =
    "usage: soak [--minutes N] [--seed S] [--clients N] [--serve FLAG]…\n"
    "  --minutes N   how long (10)\n"
    "  --seed S      seed of what the clients do (random; printed)\n"
    "  --clients N   clients at a time (4)\n"
    "  --serve FLAG  a flag of adit serve\n";

struct Arguments {
  double minutes = 10;
  std::uint64_t seed = std::random_device{}();
  int clients = 4;
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
  Clients(const Server& server, const Arguments& arguments) {
    Rng rng(arguments.seed);
    auto http = server.http();
    std::vector<std::string> pools{create_pool(http, "one"), create_pool(http, "two")};
    for (int i = 0; i < arguments.clients; ++i) {
      clients_.emplace_back(server, pools[static_cast<std::size_t>(i) % pools.size()], i, rng.fork());
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

/// What must stay flat, and by how much it may rise over the second half, as it fits best.
struct Series {
  const char* name;
  double unit;  ///< what is printed is divided by it
  double growth_max;
  double growth_max_of_mean;
  std::vector<Measured> values{};

  double allowed(const std::vector<Measured>& later) const {
    return std::max(growth_max, growth_max_of_mean * mean(later));
  }
};

constexpr double kMib = 1 << 20;

struct Measurements {
  Series resident{"memory, MiB", kMib, 32 * kMib, 0.05};
  Series descriptors{"descriptors", 1, 6, 0.1};
  Series threads{"threads", 1, 2, 0};
  Series tables{"pools and chunks, MiB", kMib, 32 * kMib, 0.15};
  Series catalog{"catalog, KiB for each act", 1024, 0, 0};

  std::vector<Series*> flat() { return {&resident, &descriptors, &threads, &tables}; }
};

void measure(Measurements& measurements, Server& server, double seconds) {
  const auto sample = sample_process(server.pid());
  measurements.resident.values.push_back({seconds, static_cast<double>(sample.resident_bytes)});
  measurements.descriptors.values.push_back({seconds, static_cast<double>(sample.descriptors)});
  measurements.threads.values.push_back({seconds, static_cast<double>(sample.threads)});
  const auto disk = disk_bytes_below(server.data() / "pools") + disk_bytes_below(server.data() / "chunks");
  measurements.tables.values.push_back({seconds, static_cast<double>(disk)});
  std::error_code none;
  measurements.catalog.values.push_back(
      {seconds, static_cast<double>(fs::file_size(server.data() / "catalog.db", none))});
}

void print_line(const Measurements& measurements, std::uint64_t acts) {
  const auto last = [](const Series& series) { return series.values.back().value / series.unit; };
  std::printf(
      "%6.0f s %8llu acts   memory %6.1f MiB   descriptors %4.0f   threads %4.0f   pools and chunks %7.1f "
      "MiB   "
      "catalog %7.1f MiB\n",
      measurements.resident.values.back().seconds, static_cast<unsigned long long>(acts),
      last(measurements.resident), last(measurements.descriptors), last(measurements.threads),
      last(measurements.tables), last(measurements.catalog) / 1024);
  std::fflush(stdout);
}

/// What the server has when nobody asks for anything, as soon as it is no more than `expected`, or after a
/// while.
ProcessSample at_rest(const Server& server, const ProcessSample& expected) {
  constexpr std::chrono::seconds kRestMax{20};
  constexpr std::chrono::seconds kRestMin{8};  // a checkpoint and an expiry come within it
  const auto begin = Clock::now();
  for (;;) {
    const auto sample = sample_process(server.pid());
    const bool back = sample.descriptors <= expected.descriptors && sample.threads <= expected.threads;
    const auto rested = Clock::now() - begin;
    if (rested >= kRestMax || (back && rested >= kRestMin)) return sample;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

std::size_t judge(Measurements& measurements, double second_half, const ProcessSample& warm,
                  const ProcessSample& end) {
  std::size_t violations = 0;
  std::printf("\n%-24s %10s %10s %10s %12s %10s\n", "over the second half", "mean", "least", "most",
              "fitted growth", "allowed");
  for (const auto* series : measurements.flat()) {
    const auto later = since(series->values, second_half);
    const auto growth = fitted_growth(later);
    const auto [least, most] = std::ranges::minmax(later, {}, &Measured::value);
    const bool good = growth <= series->allowed(later);
    if (!good) ++violations;
    std::printf("%-24s %10.1f %10.1f %10.1f %12.2f %10.1f%s\n", series->name, mean(later) / series->unit,
                least.value / series->unit, most.value / series->unit, growth / series->unit,
                series->allowed(later) / series->unit, good ? "" : "   VIOLATION");
  }
  std::printf("at rest: %zu descriptors and %zu threads after the warm-up, %zu and %zu in the end\n",
              warm.descriptors, warm.threads, end.descriptors, end.threads);
  if (end.descriptors > warm.descriptors || end.threads > warm.threads) {
    std::printf("VIOLATION: not given back\n");
    ++violations;
  }
  return violations;
}

std::size_t run(const Arguments& arguments) {
  Server server({.flags = arguments.flags});
  server.start();
  Clients clients(server, arguments);
  Measurements measurements;
  const auto begin = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  double total = arguments.minutes * 60;
  double second_half = total / 2;
  ProcessSample warm;
  std::uint64_t acts_before = 0;
  double next_line = 0;
  while (seconds() < total && server.running()) {
    if (warm.threads == 0 && seconds() >= second_half) {
      clients.pause();
      const auto paused = seconds();
      warm = at_rest(server, {});
      total += seconds() - paused;
      second_half = seconds();
      clients.go_on();
      acts_before = clients.acts();
    }
    measure(measurements, server, seconds());
    if (seconds() >= next_line) {
      print_line(measurements, clients.acts());
      next_line += total / 20;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  clients.stop();
  const auto end = at_rest(server, warm);
  measure(measurements, server, seconds());
  print_line(measurements, clients.acts());
  auto violations = judge(measurements, second_half, warm, end);
  const auto catalog = since(measurements.catalog.values, second_half);
  const auto acts = static_cast<double>(std::max<std::uint64_t>(1, clients.acts() - acts_before));
  std::printf("the catalog grew by %.2f KiB with each act: jobs, chunks, events and audit are remembered\n",
              (catalog.back().value - catalog.front().value) / 1024 / acts);
  for (const auto& [name, count] : clients.counts()) {
    std::printf("%8llu  %s\n", static_cast<unsigned long long>(count), name.c_str());
  }
  for (const auto& failure : clients.failures()) std::printf("VIOLATION: %s\n", failure.c_str());
  violations += clients.failures().size();
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
