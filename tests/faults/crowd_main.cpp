// crowd: a real adit beside thousands of hostile or unlucky peers, and what a good client notices of them.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "faults/crowd_measure.h"

namespace {

using adit::test::CrowdFigures;
using adit::test::PeerKind;

constexpr const char* kUsage =
    "usage: crowd [--connections N] [--kind KIND]… [--seconds T] [--turns N] [--seed S] [--one-address]\n"
    "             [--slack-ms MS] [--serve FLAG]…\n"
    "  --connections N  connections of the crowd (1000)\n"
    "  --kind KIND      silent, slow-head, slow-body, reset, smuggling, header-flood, tls-garbage, "
    "tls-stalled,\n"
    "                   bomb, slow-reader, or mixed, which is all of them (each alone, then mixed)\n"
    "  --seconds T      of each measurement (10)\n"
    "  --turns N        the best of so many counts for the good client's time (3)\n"
    "  --seed S         seed of what the crowd does (random; printed)\n"
    "  --one-address    the crowd comes from the address of the good client\n"
    "  --slack-ms MS    up to this p99 the good client's time is no failure (0)\n"
    "  --serve FLAG     a flag of adit serve\n";

struct Arguments {
  adit::test::CrowdMeasure measure;
  std::vector<std::vector<PeerKind>> scenarios;
  int turns = 3;
  double slack_ms = 0;
  std::vector<std::string> flags{"--chunk-bytes-max", "64MiB"};
  bool good = true;
};

const std::vector<PeerKind> kMixed(adit::test::kAllPeerKinds.begin(), adit::test::kAllPeerKinds.end());

void take(Arguments& arguments, std::string_view name, const std::string& value) {
  auto& crowd = arguments.measure.crowd;
  if (name == "--connections") {
    crowd.connections = std::stoul(value);
  } else if (name == "--kind" && value == "mixed") {
    arguments.scenarios.push_back(kMixed);
  } else if (name == "--kind" && adit::test::peer_kind_named(value)) {
    arguments.scenarios.push_back({*adit::test::peer_kind_named(value)});
  } else if (name == "--seconds") {
    arguments.measure.time = std::chrono::seconds(std::stoi(value));
  } else if (name == "--turns") {
    arguments.turns = std::stoi(value);
  } else if (name == "--seed") {
    crowd.seed = std::stoull(value);
  } else if (name == "--slack-ms") {
    arguments.slack_ms = std::stod(value);
  } else if (name == "--serve") {
    arguments.flags.push_back(value);
  } else {
    arguments.good = false;
  }
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  arguments.measure.crowd.seed = std::random_device{}();
  for (int i = 1; i < count && arguments.good; ++i) {
    const std::string_view name = values[i];
    if (name == "--one-address") {
      arguments.measure.crowd.sources = {"127.0.0.1"};
    } else if (i + 1 == count) {
      arguments.good = false;
    } else {
      try {
        take(arguments, name, values[++i]);
      } catch (const std::exception&) {
        arguments.good = false;
      }
    }
  }
  if (arguments.scenarios.empty()) {
    for (const auto kind : adit::test::kAllPeerKinds) arguments.scenarios.push_back({kind});
    arguments.scenarios.push_back(kMixed);
  }
  return arguments;
}

std::string name_of(const std::vector<PeerKind>& kinds) {
  return kinds.size() == 1 ? std::string(to_string(kinds.front())) : "mixed";
}

double mib(std::size_t bytes) { return static_cast<double>(bytes) / (1U << 20U); }

void print(const std::string& name, const CrowdFigures& figures) {
  std::printf(
      "%-12s %5zu open | ms p50 %6.2f -> %6.2f, p99 %6.2f -> %6.2f (x%.2f), push p99 %6.1f -> %6.1f, %zu -> "
      "%zu pushes | "
      "MiB %.0f, most %.0f, after %.0f | descriptors %zu, most %zu, after %zu | threads %zu, most %zu, after "
      "%zu | "
      "settled in %.1f s | connected %llu, not %llu, answers",
      name.c_str(), figures.crowd, figures.alone.requests.quantile(0.5),
      figures.beside.requests.quantile(0.5), figures.alone.requests.quantile(0.99),
      figures.beside.requests.quantile(0.99),
      figures.beside.requests.quantile(0.99) / std::max(0.001, figures.alone.requests.quantile(0.99)),
      figures.alone.pushes.quantile(0.99), figures.beside.pushes.quantile(0.99),
      figures.alone.pushes.ms.size(), figures.beside.pushes.ms.size(), mib(figures.before.resident_bytes),
      mib(figures.most.resident_bytes), mib(figures.after.resident_bytes), figures.before.descriptors,
      figures.most.descriptors, figures.after.descriptors, figures.before.threads, figures.most.threads,
      figures.after.threads, figures.settled_seconds,
      static_cast<unsigned long long>(figures.counts.connected),
      static_cast<unsigned long long>(figures.counts.not_connected));
  for (const auto& [status, count] : figures.counts.answers) {
    std::printf(" %d:%llu", status, static_cast<unsigned long long>(count));
  }
  std::printf("\n");
  std::fflush(stdout);
}

/// The number of violations. The good client's time counts by the best turn: what else the machine does makes
/// some of them slower, and a crowd that is in the way makes all of them so.
std::size_t run(const Arguments& arguments, const std::vector<PeerKind>& kinds) {
  adit::test::Server server({.flags = arguments.flags});
  server.start();
  adit::test::GoodClient good(server);
  const auto target = adit::test::prepare_target(server);
  good.work(std::chrono::seconds(2));
  auto measure = arguments.measure;
  measure.crowd.kinds = kinds;
  std::size_t violations = 0;
  bool in_time = false;
  for (int turn = 0; turn < arguments.turns && !in_time; ++turn) {
    const auto figures = measure_crowd(server, good, target, measure);
    print(name_of(kinds), figures);
    std::size_t shown = 0;
    for (const auto& violation : figures.violations) {
      if (++shown <= 5) std::printf("VIOLATION: %s\n", violation.c_str());
    }
    violations += figures.violations.size();
    in_time = figures.in_time(arguments.slack_ms);
  }
  if (!in_time) std::printf("VIOLATION: the good client's p99 more than doubled in every turn\n");
  if (const auto end = server.terminate(); end != adit::test::ExitStatus::exited(0)) {
    std::printf("VIOLATION: the server ended with %s\n%s\n", to_string(end).c_str(), server.log().c_str());
    ++violations;
  }
  return violations + (in_time ? 0 : 1);
}

}  // namespace

int main(int count, char** values) {
  auto arguments = parse(count, values);
  if (!arguments.good) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  try {
    const auto descriptors = adit::test::raise_descriptor_limit();
    auto& connections = arguments.measure.crowd.connections;
    constexpr std::size_t kOwnDescriptors = 100;
    connections = std::min(connections, descriptors - kOwnDescriptors);
    std::printf("crowd: seed %llu, %zu connections\n",
                static_cast<unsigned long long>(arguments.measure.crowd.seed), connections);
    std::size_t violations = 0;
    for (const auto& kinds : arguments.scenarios) violations += run(arguments, kinds);
    std::printf("crowd: %zu violations, seed %llu\n", violations,
                static_cast<unsigned long long>(arguments.measure.crowd.seed));
    return violations == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crowd: %s\n", error.what());
    return 2;
  }
}
