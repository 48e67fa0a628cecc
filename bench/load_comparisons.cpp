// Loads of whole tables: adit from the first byte of the upload to DONE, or from the last one.
#include <iostream>

#include "comparisons.h"
#include "disk.h"
#include "engine.h"
#include "push.h"

namespace adit::bench {
namespace {

constexpr double kPacedBytesPerSecond = 25e6;

std::string load_text(double adit, double alone) {
  return "adit " + number_text(adit, 2, " s") + ", engine alone " + number_text(alone, 2, " s") + ", ratio " +
         number_text(adit / alone, 2, "");
}

std::string list_of(const std::vector<std::filesystem::path>& files) {
  std::string text;
  for (const auto& file : files) text += (text.empty() ? "[" : ", ") + quoted(file.string());
  return text + "]";
}

/// A fresh pool each turn, as the engine has a fresh file. The table's rows are counted outside the measured
/// time.
double seconds_from_first_byte(AditServer& adit, const boost::json::object& spec,
                               const std::filesystem::path& file, std::int64_t rows) {
  Pool pool(adit);
  const auto job = pool.create_job(spec);
  const auto sent = pool.upload_chunk(job, file);
  const auto done = pool.execute_to_done(job, kAskOfLoad);
  pool.check_rows("t", rows);
  return seconds_between(sent.first_byte, done);
}

double seconds_from_last_byte(AditServer& adit, const std::vector<std::filesystem::path>& files,
                              std::int64_t rows) {
  Pool pool(adit);
  const auto job = pool.create_job(test::parquet_job("REPLACE", "t"));
  UploadTimes sent;
  for (const auto& file : files) sent = pool.upload_chunk(job, file, kPacedBytesPerSecond);
  const auto done = pool.execute_to_done(job, kAskOfLoad);
  pool.check_rows("t", rows);
  return seconds_between(sent.last_byte, done);
}

/// Takes the turns: adit by `measure`, the engine alone by the statement `create`. `input` is what both read,
/// or as large.
template <class Measure>
Pairs take_turns(const Setup& setup, const std::string& name, const std::filesystem::path& input,
                 const std::string& create, Measure measure) {
  AditServer adit(setup.folder);
  Pairs pairs;
  for (int run = 1; run <= setup.runs; ++run) {
    adit.settle();
    touch_memory_for_load(input);
    pairs.adit.push_back(measure(adit));
    adit.settle();
    touch_memory_for_load(input);
    pairs.yardstick.push_back(seconds_to_load_alone(setup.folder / "alone.db", create, setup.data.rows));
    say(name, run, setup.runs, load_text(pairs.adit.back(), pairs.yardstick.back()));
  }
  return pairs;
}

}  // namespace

Lines compare_parquet_replace(const Setup& setup) {
  const auto create =
      "CREATE TABLE t AS SELECT * FROM read_parquet(" + quoted(setup.data.parquet.string()) + ")";
  const auto pairs = take_turns(setup, "parquet-replace", setup.data.parquet, create, [&](AditServer& adit) {
    return seconds_from_first_byte(adit, test::parquet_job("REPLACE", "t"), setup.data.parquet,
                                   setup.data.rows);
  });
  return {
      ratio_line("REPLACE, Parquet: first byte → DONE / engine alone", pairs, {Bound::kAtMost, 1.25, "×"})};
}

Lines compare_csv_replace(const Setup& setup) {
  const auto create = "CREATE TABLE t AS FROM read_csv(" + quoted(setup.data.csv.string()) + ")";
  const auto pairs = take_turns(setup, "csv-replace", setup.data.csv, create, [&](AditServer& adit) {
    return seconds_from_first_byte(adit, test::csv_job("REPLACE", "t"), setup.data.csv, setup.data.rows);
  });
  return {ratio_line("REPLACE, CSV: first byte → DONE / engine alone", pairs, {Bound::kAtMost, 1.6, "×"})};
}

Lines compare_paced_parquet(const Setup& setup) {
  const auto create = "CREATE TABLE t AS SELECT * FROM read_parquet(" + list_of(setup.data.parts) + ")";
  const auto pairs = take_turns(setup, "paced-parquet", setup.data.parquet, create, [&](AditServer& adit) {
    return seconds_from_last_byte(adit, setup.data.parts, setup.data.rows);
  });
  return {ratio_line("10 Parquet chunks at 25 MB/s: last byte → DONE / engine alone", pairs,
                     {Bound::kAtMost, 0.3, "×"})};
}

}  // namespace adit::bench
