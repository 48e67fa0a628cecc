// torture: a randomised client that kills a real adit again and again, and checks what is left.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faults/rounds.h"

namespace {

constexpr const char* kUsage =
    "usage: torture [--rounds N] [--seed S] [--seconds-max T] [--data DIR] [--plant-wrong-row]\n"
    "               [--only FAULT] [--ignore-syncs TEXT]\n"
    "  --rounds N          rounds to run (100)\n"
    "  --seed S            seed of all decisions (random; printed). Threads still run as they like\n"
    "  --seconds-max T     no round starts after T seconds (3600)\n"
    "  --processes P       as many runs at a time, with the seeds S, S + 1, … and a share of the rounds each "
    "(1)\n"
    "  --data DIR          data folder, made anew (one in the temporary folder)\n"
    "  --plant-wrong-row   tells the model something wrong: the run fails unless that is found\n"
    "  --only FAULT        every round ends so: kill, failpoint, call, power, terminate or engine\n"
    "  --ignore-syncs TEXT syncs of paths that contain TEXT are not done, and every round ends by a power "
    "cut:\n"
    "                      the run fails unless a loss is found\n";

std::optional<adit::test::Fault> fault_named(std::string_view name) {
  using adit::test::Fault;
  constexpr std::array<std::pair<std::string_view, Fault>, 6> kNames{{{"kill", Fault::kKill},
                                                                      {"failpoint", Fault::kFailpoint},
                                                                      {"call", Fault::kCall},
                                                                      {"power", Fault::kPower},
                                                                      {"terminate", Fault::kTerminate},
                                                                      {"engine", Fault::kEngine}}};
  for (const auto& [known, fault] : kNames) {
    if (known == name) return fault;
  }
  return std::nullopt;
}

struct Arguments {
  adit::test::TortureOptions options;
  int processes = 1;
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
      else if (name == "--only" && fault_named(value))
        result.options.only = fault_named(value);
      else if (name == "--processes")
        result.processes = std::stoi(value);
      else if (name == "--ignore-syncs")
        result.options.ignored_syncs = value;
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

namespace fs = std::filesystem;
using adit::test::TortureOptions;
using adit::test::TortureResult;

void remove_traces(const fs::path& data) {
  fs::remove_all(data);
  fs::remove(data.string() + ".log");
}

void print_summary(const TortureOptions& options, const TortureResult& result) {
  std::printf(
      "%d rounds, %d kills, %d failpoints hit, %d kills at calls, %d power cuts, %d terminations, %d engines "
      "killed, %zu jobs, %zu rows checked, 0 violations, seed %llu\n",
      result.rounds, result.kills, result.failpoints, result.calls, result.power_cuts, result.terminations,
      result.engines, result.jobs, result.rows_checked, static_cast<unsigned long long>(options.seed));
}

/// A planted fault: whether it was found. Its traces go either way.
int judge_planted(const TortureOptions& options, const TortureResult& result) {
  const auto found = std::ranges::find_if(result.violations, [&](const auto& violation) {
    return !options.plant_wrong_row || violation.find("missing") != std::string::npos;
  });
  if (found != result.violations.end()) {
    std::printf("torture: what was planted was found in round %d: %s\n", result.rounds + 1, found->c_str());
  } else {
    std::printf("torture: what was planted was not found in %d rounds, seed %llu\n", result.rounds,
                static_cast<unsigned long long>(options.seed));
    for (const auto& violation : result.violations) std::printf("VIOLATION: %s\n", violation.c_str());
  }
  remove_traces(options.data);
  return found != result.violations.end() ? 0 : 1;
}

int run_one(const TortureOptions& options) {
  std::printf("torture: seed %llu, up to %d rounds, data in %s\n",
              static_cast<unsigned long long>(options.seed), options.rounds, options.data.c_str());
  std::fflush(stdout);
  auto torture = std::make_unique<adit::test::Torture>(options);
  const auto result = torture->run();
  const auto report = torture->report();
  torture.reset();  // ends the server: it must not write into a folder that is being removed
  if (options.plant_wrong_row || !options.ignored_syncs.empty()) return judge_planted(options, result);
  if (result.violations.empty()) {
    print_summary(options, result);
    remove_traces(options.data);
    return 0;
  }
  std::printf("%s", report.c_str());
  for (const auto& violation : result.violations) std::printf("VIOLATION: %s\n", violation.c_str());
  std::printf("torture: %zu violations in round %d, seed %llu; the data folder is kept: %s\n",
              result.violations.size(), result.rounds + 1, static_cast<unsigned long long>(options.seed),
              options.data.c_str());
  return 1;
}

/// Several at a time, each with a seed, a server and a share of the rounds of its own, so that each can be
/// repeated alone. A round waits more than it works.
int run_many(const TortureOptions& options, int processes) {
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    auto own = options;
    own.seed += static_cast<std::uint64_t>(i);
    own.rounds = options.rounds / processes + (i < options.rounds % processes ? 1 : 0);
    own.data += "-" + std::to_string(i + 1);
    const auto child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int code = run_one(own);
      std::fflush(stdout);
      ::_exit(code);
    }
    if (child < 0) return 2;
    children.push_back(child);
  }
  int worst = 0;
  for (const auto child : children) {
    int status = 0;
    if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 2;
    worst = std::max(worst, WEXITSTATUS(status));
  }
  return worst;
}

}  // namespace

int main(int count, char** values) {
  auto arguments = parse(count, values);
  if (!arguments.good) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  auto& options = arguments.options;
  if (!options.ignored_syncs.empty()) options.only = adit::test::Fault::kPower;
  const bool needs_shim =
      options.only == adit::test::Fault::kPower || options.only == adit::test::Fault::kCall;
  if (needs_shim && !adit::test::FaultShim::available()) {
    std::fputs("torture: this build has no shim: it has a sanitizer\n", stderr);
    return 2;
  }
  if (options.data.empty()) {
    options.data = fs::temp_directory_path() / ("adit-torture-" + std::to_string(std::random_device{}()));
  }
  if (fs::exists(options.data)) {
    std::fprintf(stderr, "torture: %s is there already\n", options.data.c_str());
    return 2;
  }
  return arguments.processes > 1 ? run_many(options, arguments.processes) : run_one(options);
}
