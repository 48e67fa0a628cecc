#include "faults/soak_measure.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>

#include "support/push_client.h"

namespace adit::test {
namespace {

namespace fs = std::filesystem;

constexpr double kMib = 1 << 20;
/// What the allocators keep for the next who needs it, and the catalog's caches, differ by as much from one
/// rest to the next.
constexpr double kRestGrowthMax = 16 * kMib;
/// Checkpoints and an expiry come within it, and what allocators keep for a second.
constexpr std::chrono::seconds kRest{20};
constexpr std::chrono::milliseconds kBetweenQueries{20};

/// Of the catalog's file and log: it opens up to eight connections as they are needed at a time, and keeps
/// them.
std::size_t catalog_descriptors(const Server& server) {
  const auto catalog = (server.data() / "catalog.db").string();
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(server.pid()) + "/fd")) {
    std::error_code closed;
    if (fs::read_symlink(entry.path(), closed).string().starts_with(catalog)) ++count;
  }
  return count;
}

}  // namespace

double Series::allowed(const std::vector<Measured>& later) const {
  return std::max(growth_max, growth_max_of_mean * mean(later));
}

void SoakMeasure::measure(Server& server, double seconds) {
  const auto sample = sample_process_tree(server.pid());
  resident_.values.push_back({seconds, static_cast<double>(sample.resident_bytes)});
  descriptors_.values.push_back({seconds, static_cast<double>(sample.descriptors)});
  threads_.values.push_back({seconds, static_cast<double>(sample.threads)});
  const auto disk = disk_bytes_below(server.data() / "pools") + disk_bytes_below(server.data() / "chunks");
  tables_.values.push_back({seconds, static_cast<double>(disk)});
  std::error_code none;
  catalog_.values.push_back(
      {seconds, static_cast<double>(fs::file_size(server.data() / "catalog.db", none))});
}

void SoakMeasure::print_line(std::uint64_t acts) const {
  const auto last = [](const Series& series) { return series.values.back().value / series.unit; };
  std::printf(
      "%6.0f s %8llu acts   memory %6.1f MiB   descriptors %4.0f   threads %4.0f   pools and chunks %7.1f "
      "MiB   "
      "catalog %7.1f MiB\n",
      resident_.values.back().seconds, static_cast<unsigned long long>(acts), last(resident_),
      last(descriptors_), last(threads_), last(tables_), last(catalog_) / 1024);
  std::fflush(stdout);
}

std::size_t SoakMeasure::judge(double begin) const {
  std::size_t violations = 0;
  std::printf("\n%-24s %10s %10s %10s %12s %10s\n", "over the second half", "mean", "least", "most",
              "fitted growth", "allowed");
  for (const auto* series : {&resident_, &descriptors_, &threads_, &tables_}) {
    const auto later = since(series->values, begin);
    const auto growth = fitted_growth(later);
    const auto [least, most] = std::ranges::minmax(later, {}, &Measured::value);
    const bool good = growth <= series->allowed(later);
    if (!good) ++violations;
    std::printf("%-24s %10.1f %10.1f %10.1f %12.2f %10.1f%s\n", series->name, mean(later) / series->unit,
                least.value / series->unit, most.value / series->unit, growth / series->unit,
                series->allowed(later) / series->unit, good ? "" : "   VIOLATION");
  }
  return violations;
}

double SoakMeasure::catalog_growth(double begin) const {
  const auto later = since(catalog_.values, begin);
  return later.back().value - later.front().value;
}

ProcessSample at_rest(const Server& server, const std::vector<std::string>& pools) {
  std::vector<PoolClient> clients;
  for (const auto& pool : pools) clients.emplace_back(server.http(), pool);
  const auto end = std::chrono::steady_clock::now() + kRest;
  while (std::chrono::steady_clock::now() < end) {
    for (auto& client : clients) client.value("SELECT count(DISTINCT range % 100) FROM range(5000)");
    std::this_thread::sleep_for(kBetweenQueries);
  }
  auto sample = sample_process_tree(server.pid());
  sample.descriptors -= catalog_descriptors(server);
  return sample;
}

std::size_t judge_rest(const ProcessSample& warm, const ProcessSample& end, double acts) {
  const auto before = static_cast<double>(warm.resident_bytes);
  const auto after = static_cast<double>(end.resident_bytes);
  std::printf(
      "at rest: %zu descriptors, %zu threads, %.1f MiB after the warm-up; %zu, %zu, %.1f MiB in the end\n",
      warm.descriptors, warm.threads, before / kMib, end.descriptors, end.threads, after / kMib);
  std::printf("memory at rest grew by %.2f MiB of %.0f allowed, %.2f KiB with each act\n",
              (after - before) / kMib, kRestGrowthMax / kMib, (after - before) / 1024 / acts);
  std::size_t violations = 0;
  if (end.descriptors > warm.descriptors || end.threads > warm.threads || after - before > kRestGrowthMax) {
    std::printf("VIOLATION: not given back\n");
    ++violations;
  }
  return violations;
}

}  // namespace adit::test
