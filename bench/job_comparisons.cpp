// Small things: many durable jobs of a hundred rows, and a thousand rows into a large table.
#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "comparisons.h"
#include "engine.h"
#include "push.h"

namespace adit::bench {
namespace {

constexpr int kConnections = 8;
constexpr int kJobs = 1000;
constexpr int kWarmUpJobs = 80;
constexpr double kMillisecondsPerSecond = 1e3;

// --- Small jobs --------------------------------------------------------------------------------------------

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// One connection's share: jobs until `left` is used up. Returns execute → DONE of each, in milliseconds.
std::vector<double> run_jobs(test::PoolClient client, const std::string& table, const std::string& rows,
                             std::atomic<int>& left) {
  std::vector<double> latencies;
  while (left.fetch_sub(1) > 0) {
    const auto job = client.create_job(test::csv_job("DELTA", table));
    if (const auto sent = client.http().upload_raw(client.chunks_path(job), rows, "text/csv");
        sent.status != 200) {
      throw std::runtime_error("upload: status " + std::to_string(sent.status) + ", " + sent.body);
    }
    const auto begin = SteadyClock::now();
    client.execute(job);
    std::string status;
    do {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
      status = client.status(job);
    } while (!test::is_final_status(status));
    latencies.push_back(seconds_between(begin, SteadyClock::now()) * kMillisecondsPerSecond);
    if (status != "DONE") throw std::runtime_error("a small job ended in " + status);
  }
  return latencies;
}

struct SmallJobs {
  double jobs_per_second = 0;
  std::vector<double> latencies;
};

SmallJobs run_small_jobs(AditServer& adit, const std::string& pool, const std::string& rows, int jobs) {
  std::atomic<int> left{jobs};
  std::vector<std::vector<double>> latencies(kConnections);
  std::vector<std::exception_ptr> failures(kConnections);
  const auto begin = SteadyClock::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kConnections; ++i) {
      threads.emplace_back([&, i] {
        try {
          latencies[i] = run_jobs(test::PoolClient(adit.server().http(), pool), "small_" + std::to_string(i),
                                  rows, left);
        } catch (...) {
          failures[i] = std::current_exception();
          left = 0;
        }
      });
    }
  }
  SmallJobs result{jobs / seconds_between(begin, SteadyClock::now()), {}};
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  for (const auto& each : latencies)
    result.latencies.insert(result.latencies.end(), each.begin(), each.end());
  return result;
}

void check_small_rows(test::PoolClient& client, std::int64_t jobs) {
  std::string sum;
  for (int i = 0; i < kConnections; ++i) {
    sum +=
        (i == 0 ? "SELECT " : " + ") + std::string("(SELECT count(*) FROM small_") + std::to_string(i) + ")";
  }
  if (client.value(sum) != std::to_string(jobs * kSmallRows))
    throw std::runtime_error("small jobs lost rows");
}

// --- A small delta into a large table ----------------------------------------------------------------------

double upsert_to_adit(Pool& pool, const std::filesystem::path& delta) {
  const auto job = pool.create_job(test::parquet_job("DELTA", "t", {{"keys", {"event_id"}}}));
  const auto sent = pool.upload_chunk(job, delta);
  return seconds_between(sent.first_byte, pool.execute_to_done(job));
}

double upsert_alone(Engine& engine, const std::filesystem::path& delta) {
  const auto begin = SteadyClock::now();
  engine.run("BEGIN");
  engine.run("CREATE TEMPORARY TABLE d AS SELECT * FROM read_parquet(" + quoted(delta.string()) + ")");
  engine.run("DELETE FROM t USING d WHERE t.event_id = d.event_id");
  engine.run("INSERT INTO t SELECT * FROM d");
  engine.run("COMMIT");
  const auto seconds = seconds_between(begin, SteadyClock::now());
  engine.run("DROP TABLE d");
  return seconds;
}

/// The keyed table, in adit's pool and in the engine's own file.
struct KeyedTables {
  KeyedTables(const Setup& setup, AditServer& adit) : pool(adit), engine(setup.folder / "alone.db") {
    engine.run("CREATE TABLE t AS SELECT * FROM read_parquet(" + quoted(setup.data.keyed.string()) + ")");
    engine.run("CHECKPOINT");
    const auto job = pool.create_job(test::parquet_job("REPLACE", "t", {{"keys", {"event_id"}}}));
    pool.upload_chunk(job, setup.data.keyed);
    pool.execute_to_done(job);
    adit.settle();
  }

  Pool pool;
  Engine engine;
};

}  // namespace

Lines measure_small_jobs(const Setup& setup) {
  AditServer adit(setup.folder);
  Pool pool(adit);
  const auto rows = text_of(setup.data.small_csv);
  run_small_jobs(adit, pool.client().pool(), rows, kWarmUpJobs);
  std::vector<double> rates;
  std::vector<double> medians;
  std::vector<double> slow;
  for (int run = 1; run <= setup.runs; ++run) {
    adit.settle();
    const auto done = run_small_jobs(adit, pool.client().pool(), rows, kJobs);
    rates.push_back(done.jobs_per_second);
    medians.push_back(median(done.latencies));
    slow.push_back(quantile(done.latencies, 0.99));
    say("small-jobs", run, setup.runs,
        number_text(rates.back(), 0, " jobs/s") + ", execute → DONE p50 " +
            number_text(medians.back(), 1, " ms") + ", p99 " + number_text(slow.back(), 1, " ms"));
  }
  check_small_rows(pool.client(), kWarmUpJobs + static_cast<std::int64_t>(setup.runs) * kJobs);
  return {absolute_line("small durable jobs, 8 connections", rates, {Bound::kAtLeast, 100, " jobs/s", 0}),
          absolute_line("… execute → DONE, p50 (p99 " + number_text(median(slow), 1, " ms)"), medians,
                        {Bound::kAtMost, 15, " ms", 1})};
}

Lines compare_delta_upsert(const Setup& setup) {
  AditServer adit(setup.folder);
  const int turns = std::min(3 * setup.runs, kDeltas - 1);
  Pairs pairs;
  {
    KeyedTables tables(setup, adit);
    for (int run = 0; run <= turns; ++run) {
      const auto& delta = setup.data.deltas[static_cast<std::size_t>(run)];
      adit.settle();
      const auto with_adit = upsert_to_adit(tables.pool, delta);
      adit.settle();
      const auto alone = upsert_alone(tables.engine, delta);
      if (run == 0) continue;  // the first turn touches what the others find ready
      pairs.adit.push_back(with_adit);
      pairs.yardstick.push_back(alone);
      say("delta-upsert", run, turns,
          "adit " + number_text(with_adit * kMillisecondsPerSecond, 1, " ms") + ", engine alone " +
              number_text(alone * kMillisecondsPerSecond, 1, " ms"));
    }
    const auto rows = setup.data.rows + (turns + 1) * kDeltaRows / 10;
    tables.pool.check_rows("t", rows);
    if (tables.engine.integer("SELECT count(*) FROM t") != rows)
      throw std::runtime_error("the engine lost rows");
  }
  std::filesystem::remove(setup.folder / "alone.db");
  return {difference_line("1,000 rows upserted into " +
                              number_text(static_cast<double>(setup.data.rows) / 1e6, 1, " M") +
                              ": first byte → DONE − engine alone",
                          pairs, {Bound::kAtMost, 10, " ms", 1})};
}

}  // namespace adit::bench
