// What admission costs within the server: adit_access_bench, as lines of the table.
#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "comparisons.h"
#include "support/process.h"

namespace adit::bench {
namespace {

struct Admission {
  double key_us = 0;
  double token_us = 0;
};

/// One run of the program, which says what it measured in a file of JSON.
Admission run_program(const std::filesystem::path& folder) {
  const auto figures = folder / "admission.json";
  test::ChildProcess program(
      {.arguments = {ADIT_ACCESS_BENCH, "--benchmark_out=" + figures.string(), "--benchmark_out_format=json"},
       .environment = {},
       .output = folder / "admission.txt"});
  if (program.wait(std::chrono::minutes(2)) != test::ExitStatus::exited(0)) {
    throw std::runtime_error("adit_access_bench did not end well; see " +
                             (folder / "admission.txt").string());
  }
  std::ostringstream text;
  text << std::ifstream(figures).rdbuf();
  const auto parsed = boost::json::parse(text.str());
  const auto time_of = [&](std::string_view prefix) {
    // With one thread and with two; the slower counts.
    double slowest = 0;
    for (const auto& benchmark : parsed.at("benchmarks").as_array()) {
      if (benchmark.at("name").as_string().starts_with(prefix))
        slowest = std::max(slowest, benchmark.at("real_time").to_number<double>());
    }
    if (slowest == 0) throw std::runtime_error("adit_access_bench has no " + std::string(prefix));
    return slowest;
  };
  return {time_of("admission/key/"), time_of("admission/token/")};
}

}  // namespace

Lines measure_admission(const Setup& setup) {
  std::vector<double> keys;
  std::vector<double> tokens;
  for (int run = 1; run <= setup.runs; ++run) {
    const auto admission = run_program(setup.folder);
    keys.push_back(admission.key_us);
    tokens.push_back(admission.token_us);
    say("admission", run, setup.runs,
        "key " + number_text(keys.back(), 1, " µs") + ", token " + number_text(tokens.back(), 1, " µs"));
  }
  const Target target{Bound::kAtMost, 20, " µs", 1};
  return {absolute_line("admission of a request by its key, from memory", keys, target),
          absolute_line("… by an access token", tokens, target)};
}

}  // namespace adit::bench
