// A process for each pool's engine, against the engine in the server.
#include "comparisons.h"
#include "disk.h"
#include "push.h"
#include "small_jobs.h"

namespace adit::bench {
namespace {

/// Two servers that differ in where the engine is.
struct BothForms {
  explicit BothForms(const Setup& setup)
      : within(setup.folder / "within", {"--engine-in-process", "true"}),
        apart(setup.folder / "apart", {"--engine-in-process", "false"}) {}

  AditServer within;
  AditServer apart;
};

/// Who comes first changes: a machine that gets slower must not count against one of them.
void take_turns(int run, const auto& one, const auto& other) {
  if (run % 2 == 0) other();
  one();
  if (run % 2 != 0) other();
}

double small_job_seconds(AditServer& adit, SmallJobClients& clients) {
  adit.settle();
  return median(clients.run(kSmallJobs).latencies) / 1e3;
}

Line compare_small_jobs(const Setup& setup) {
  BothForms forms(setup);
  Pool within_pool(forms.within);
  Pool apart_pool(forms.apart);
  SmallJobClients within(forms.within, within_pool.client().pool(), setup.data.small_csv,
                         kSmallJobConnections);
  SmallJobClients apart(forms.apart, apart_pool.client().pool(), setup.data.small_csv, kSmallJobConnections);
  within.run(kWarmUpJobs);
  apart.run(kWarmUpJobs);
  Pairs pairs;
  for (int run = 1; run <= setup.runs; ++run) {
    take_turns(
        run, [&] { pairs.adit.push_back(small_job_seconds(forms.apart, apart)); },
        [&] { pairs.yardstick.push_back(small_job_seconds(forms.within, within)); });
    say("engine-process", run, setup.runs,
        "small jobs, p50: apart " + number_text(pairs.adit.back() * 1e3, 1, " ms") + ", in the server " +
            number_text(pairs.yardstick.back() * 1e3, 1, " ms"));
  }
  within.check_rows();
  apart.check_rows();
  return difference_line("engine in its own process: small jobs, p50 − in the server", pairs,
                         {Bound::kAtMost, 1, " ms", 1});
}

double replace_seconds(AditServer& adit, const Setup& setup) {
  Pool pool(adit);
  adit.settle();
  touch_memory_for_load(setup.data.parquet);
  const auto job = pool.create_job(test::parquet_job("REPLACE", "t"));
  const auto sent = pool.upload_chunk(job, setup.data.parquet);
  const auto done = pool.execute_to_done(job, kAskOfLoad);
  pool.check_rows("t", setup.data.rows);
  return seconds_between(sent.first_byte, done);
}

Line compare_replace(const Setup& setup) {
  BothForms forms(setup);
  Pairs pairs;
  for (int run = 1; run <= setup.runs; ++run) {
    take_turns(
        run, [&] { pairs.adit.push_back(replace_seconds(forms.apart, setup)); },
        [&] { pairs.yardstick.push_back(replace_seconds(forms.within, setup)); });
    say("engine-process", run, setup.runs,
        "REPLACE, Parquet: apart " + number_text(pairs.adit.back(), 2, " s") + ", in the server " +
            number_text(pairs.yardstick.back(), 2, " s"));
  }
  return ratio_line("… REPLACE, Parquet / in the server", pairs, {Bound::kAtMost, 1.03, "×"});
}

}  // namespace

Lines compare_engine_process(const Setup& setup) {
  return {compare_small_jobs(setup), compare_replace(setup)};
}

}  // namespace adit::bench
