// A thousand rows into a large table.
#include <algorithm>
#include <stdexcept>

#include "comparisons.h"
#include "engine.h"
#include "push.h"

namespace adit::bench {
namespace {

constexpr double kMillisecondsPerSecond = 1e3;

double upsert_to_adit(Pool& pool, const std::filesystem::path& delta) {
  const auto job = pool.create_job(test::parquet_job("DELTA", "t", {{"keys", {"event_id"}}}));
  const auto sent = pool.upload_chunk(job, delta);
  return seconds_between(sent.first_byte, pool.execute_to_done(job, kAskOfSmallJob));
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
    pool.execute_to_done(job, kAskOfSmallJob);
    adit.settle();
  }

  Pool pool;
  Engine engine;
};

}  // namespace

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
