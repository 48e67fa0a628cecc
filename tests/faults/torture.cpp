// torture: a randomised client that kills a real adit again and again, and checks what is left.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "faults/rounds.h"

namespace {

constexpr const char* kUsage =
    "usage: torture [--rounds N] [--seed S] [--seconds-max T] [--data DIR] [--plant-wrong-row]\n"
    "  --rounds N          rounds to run (100)\n"
    "  --seed S            seed of all decisions (random; printed). Threads still run as they like\n"
    "  --seconds-max T     no round starts after T seconds (3600)\n"
    "  --data DIR          data folder, made anew (one in the temporary folder)\n"
    "  --plant-wrong-row   tells the model something wrong: the run fails unless that is found\n";

struct Arguments {
  adit::test::TortureOptions options;
  bool good = true;
};

Arguments parse(int count, char** values) {
  Arguments result;
  result.options.seed = std::random_device{}();
  for (int i = 1; i < count && result.good; ++i) {
    const std::string_view name = values[i];
    if (name == "--plant-wrong-row") {
      result.options.plant_wrong_row = true;
      continue;
    }
    if (i + 1 == count) {
      result.good = false;
      break;
    }
    const std::string value = values[++i];
    try {
      if (name == "--rounds")
        result.options.rounds = std::stoi(value);
      else if (name == "--seed")
        result.options.seed = std::stoull(value);
      else if (name == "--seconds-max")
        result.options.time_max = std::chrono::seconds{std::stoi(value)};
      else if (name == "--data")
        result.options.data = value;
      else
        result.good = false;
    } catch (const std::exception&) {
      result.good = false;
    }
  }
  return result;
}

}  // namespace

namespace {

void remove_traces(const std::filesystem::path& data) {
  std::filesystem::remove_all(data);
  std::filesystem::remove(data.string() + ".log");
}

}  // namespace

int main(int count, char** values) {
  auto arguments = parse(count, values);
  if (!arguments.good) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  namespace fs = std::filesystem;
  auto& options = arguments.options;
  if (options.data.empty()) {
    options.data = fs::temp_directory_path() / ("adit-torture-" + std::to_string(std::random_device{}()));
  }
  if (fs::exists(options.data)) {
    std::fprintf(stderr, "torture: %s is there already\n", options.data.c_str());
    return 2;
  }
  std::printf("torture: seed %llu, up to %d rounds, data in %s\n",
              static_cast<unsigned long long>(options.seed), options.rounds, options.data.c_str());
  std::fflush(stdout);

  auto torture = std::make_unique<adit::test::Torture>(options);
  const auto result = torture->run();
  const auto report = torture->report();
  torture.reset();  // ends the server: it must not write into a folder that is being removed
  if (options.plant_wrong_row) {
    for (const auto& violation : result.violations) {
      if (violation.find("missing") != std::string::npos) {
        std::printf("torture: the planted row was found: %s\n", violation.c_str());
        remove_traces(options.data);
        return 0;
      }
    }
  }
  if (!result.violations.empty() || options.plant_wrong_row) {
    std::printf("%s", report.c_str());
    for (const auto& violation : result.violations) std::printf("VIOLATION: %s\n", violation.c_str());
    std::printf("torture: %zu violations in round %d, seed %llu; the data folder is kept: %s\n",
                result.violations.size(), result.rounds + 1, static_cast<unsigned long long>(options.seed),
                options.data.c_str());
    return 1;
  }
  std::printf(
      "%d rounds, %d kills, %d failpoints hit, %d terminations, %zu jobs, %zu rows checked, 0 violations, "
      "seed %llu\n",
      result.rounds, result.kills, result.failpoints, result.terminations, result.jobs, result.rows_checked,
      static_cast<unsigned long long>(options.seed));
  remove_traces(options.data);
  return 0;
}
