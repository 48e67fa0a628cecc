// Small durable jobs: alone, and beside a job of fifty millions of rows.
#include <atomic>
#include <exception>
#include <thread>

#include "comparisons.h"
#include "disk.h"
#include "small_jobs.h"

namespace adit::bench {
namespace {

constexpr int kConnectionsBeside = 2;
constexpr int kJobsIdle = 500;
constexpr int kTimesOver = 5;  ///< the large job is the event log so many times

/// From its first byte to DONE.
double push_large(Pool& pool, const Setup& setup) {
  const auto job = pool.create_job(test::parquet_job("REPLACE", "large"));
  const auto begin = SteadyClock::now();
  for (int i = 0; i < kTimesOver; ++i) {
    for (const auto& part : setup.data.parts) pool.upload_chunk(job, part);
  }
  const auto seconds = seconds_between(begin, pool.execute_to_done(job, kAskOfLoad));
  pool.check_rows("large", kTimesOver * setup.data.rows);
  return seconds;
}

}  // namespace

Lines measure_small_jobs(const Setup& setup) {
  AditServer adit(setup.folder);
  Pool pool(adit);
  SmallJobClients clients(adit, pool.client().pool(), setup.data.small_csv, kSmallJobConnections);
  clients.run(kWarmUpJobs);
  std::vector<double> rates;
  std::vector<double> medians;
  std::vector<double> slow;
  for (int run = 1; run <= setup.runs; ++run) {
    adit.settle();
    const auto done = clients.run(kSmallJobs);
    rates.push_back(done.jobs_per_second);
    medians.push_back(median(done.latencies));
    slow.push_back(quantile(done.latencies, 0.99));
    say("small-jobs", run, setup.runs,
        number_text(rates.back(), 0, " jobs/s") + ", execute → DONE p50 " +
            number_text(medians.back(), 1, " ms") + ", p99 " + number_text(slow.back(), 1, " ms"));
  }
  clients.check_rows();
  return {absolute_line("small durable jobs, 8 connections", rates, {Bound::kAtLeast, 100, " jobs/s", 0}),
          absolute_line("… execute → DONE, p50 (p99 " + number_text(median(slow), 1, " ms)"), medians,
                        {Bound::kAtMost, 15, " ms", 1})};
}

Lines compare_beside_large(const Setup& setup) {
  Pairs slow;
  std::vector<double> memory;
  for (int run = 1; run <= setup.runs; ++run) {
    AditServer adit(setup.folder, {"--memory-bytes-max", "2GiB"});
    Pool small(adit);
    Pool large(adit);
    SmallJobClients clients(adit, small.client().pool(), setup.data.small_csv, kConnectionsBeside);
    clients.run(kWarmUpJobs);
    adit.settle();
    const auto idle = clients.run(kJobsIdle);
    std::atomic<bool> done{false};
    SmallJobs beside;
    std::exception_ptr failure;
    double seconds = 0;
    {
      const std::jthread thread([&] {
        try {
          beside = clients.run_until(done);
        } catch (...) {
          failure = std::current_exception();
        }
      });
      seconds = push_large(large, setup);
      done = true;
    }
    if (failure) std::rethrow_exception(failure);
    clients.check_rows();
    slow.adit.push_back(quantile(beside.latencies, 0.99) / 1e3);
    slow.yardstick.push_back(quantile(idle.latencies, 0.99) / 1e3);
    memory.push_back(static_cast<double>(resident_bytes_at_most(adit.pid())) / (1 << 30));
    say("beside-large", run, setup.runs,
        number_text(static_cast<double>(beside.latencies.size()), 0, " small jobs") + " within " +
            number_text(seconds, 1, " s") + ", p50 " + number_text(median(beside.latencies), 1, " ms") +
            ", p99 " + number_text(quantile(beside.latencies, 0.99), 1, " ms") + "; alone p50 " +
            number_text(median(idle.latencies), 1, " ms") + ", p99 " +
            number_text(quantile(idle.latencies, 0.99), 1, " ms") + "; memory " +
            number_text(memory.back(), 2, " GiB"));
  }
  const auto rows = number_text(static_cast<double>(kTimesOver * setup.data.rows) / 1e6, 0, " M rows");
  return {ratio_line("small jobs beside one of " + rows + ": p99 / p99 alone", slow,
                     {Bound::kAtMost, 10, "×", 1}),
          absolute_line("… memory at most, with --memory-bytes-max 2GiB", memory,
                        {Bound::kAtMost, 2.5, " GiB", 2})};
}

}  // namespace adit::bench
