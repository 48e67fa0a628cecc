// adit_bench: takes the turns of all comparisons and prints the table.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "comparisons.h"
#include "disk.h"
#include "engine.h"

namespace adit::bench {
namespace {

struct Comparison {
  const char* name;
  Lines (*run)(const Setup& setup);
};

constexpr std::array kComparisons{
    Comparison{"parquet-replace", compare_parquet_replace},
    Comparison{"csv-replace", compare_csv_replace},
    Comparison{"upload", compare_upload},
    Comparison{"upload-memory", measure_upload_memory},
    Comparison{"paced-parquet", compare_paced_parquet},
    Comparison{"small-jobs", measure_small_jobs},
    Comparison{"beside-large", compare_beside_large},
    Comparison{"delta-upsert", compare_delta_upsert},
    Comparison{"engine-process", compare_engine_process},
    Comparison{"admission", measure_admission},
    Comparison{"wrong-keys", measure_wrong_keys},
};

struct Options {
  int runs = 5;
  std::int64_t rows = 10'000'000;
  std::vector<std::string> only;
  std::filesystem::path data = "build/bench-data";
  std::filesystem::path output;
};

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const auto& comparison : kComparisons) result.emplace_back(comparison.name);
  return result;
}

void define(CLI::App& app, Options& options) {
  app.add_option("--runs", options.runs, "Turns of each comparison")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--rows", options.rows, "Rows of the event log; targets are meant for the default")
      ->capture_default_str();
  app.add_option("--only", options.only, "Only this comparison; may be given again")
      ->check(CLI::IsMember(names()));
  app.add_option("--data", options.data, "Folder for the data and all that is written")
      ->capture_default_str();
  app.add_option("--output", options.output, "File that gets the table too");
}

std::string machine_text(const Options& options) {
  std::ostringstream text;
  text << std::thread::hardware_concurrency() << " cores, "
       << (memory_bytes_of_machine() + (1ULL << 29)) / (1ULL << 30) << " GiB of memory, engine "
       << Engine::version() << ", " << options.rows << " rows, " << options.runs << " turns";
  return text.str();
}

/// What a run that was killed left behind is removed at the next one's start.
std::filesystem::path fresh_folder(const std::filesystem::path& folder) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

int run(const Options& options) {
  const auto data_folder = std::filesystem::absolute(options.data);
  Setup setup{prepare_data(data_folder, options.rows), data_folder / "run", options.runs};
  Lines lines;
  int failures = 0;
  for (const auto& comparison : kComparisons) {
    if (!options.only.empty() && std::ranges::find(options.only, comparison.name) == options.only.end())
      continue;
    fresh_folder(setup.folder);
    try {
      for (auto& line : comparison.run(setup)) lines.push_back(std::move(line));
    } catch (const std::exception& error) {
      std::cerr << comparison.name << " failed: " << error.what() << std::endl;
      lines.push_back({comparison.name, "failed", "", "", "", false});
      ++failures;
    }
  }
  std::filesystem::remove_all(setup.folder);
  std::ostringstream table;
  table << machine_text(options) << "\n\n";
  print_table(table, lines);
  std::cout << '\n' << table.str();
  if (!options.output.empty()) std::ofstream(options.output) << table.str();
  return failures == 0 ? 0 : 1;
}

}  // namespace

void say(const std::string& name, int run, int runs, const std::string& text) {
  std::cout << name << ' ' << run << '/' << runs << ": " << text << std::endl;
}

}  // namespace adit::bench

int main(int argc, char** argv) {
  adit::bench::Options options;
  CLI::App app{"Measures adit against its yardsticks, in turns"};
  adit::bench::define(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    return adit::bench::run(options);
  } catch (const std::exception& error) {
    std::cerr << "adit_bench: " << error.what() << std::endl;
    return 1;
  }
}
