// The comparisons: each takes its turns and returns its lines of the table.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench_data.h"
#include "measure.h"

namespace adit::bench {

struct Setup {
  BenchData data;
  std::filesystem::path folder;  ///< for what a comparison writes; on the same volume as the data
  int runs = 5;
};

using Lines = std::vector<Line>;

Lines compare_parquet_replace(const Setup& setup);
Lines compare_csv_replace(const Setup& setup);
Lines compare_paced_parquet(const Setup& setup);

Lines compare_upload(const Setup& setup);
Lines measure_upload_memory(const Setup& setup);

Lines measure_small_jobs(const Setup& setup);
/// What a job of fifty millions of rows costs small jobs in another pool, and the memory that it takes.
Lines compare_beside_large(const Setup& setup);
Lines compare_delta_upsert(const Setup& setup);
/// What a process of its own for each pool's engine costs, against the engine in the server.
Lines compare_engine_process(const Setup& setup);

/// What the check of a credential and a permission costs, within the server.
Lines measure_admission(const Setup& setup);
/// How many wrong keys are refused, and what holders of good ones notice of it.
Lines measure_wrong_keys(const Setup& setup);

/// Says on standard output how far a comparison is.
void say(const std::string& name, int run, int runs, const std::string& text);

}  // namespace adit::bench
