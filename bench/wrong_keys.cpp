// Ten thousand wrong keys a second, and what those notice who have a good one.
#include <atomic>
#include <chrono>
#include <thread>

#include "comparisons.h"
#include "disk.h"
#include "push.h"
#include "support/wrong_keys.h"

namespace adit::bench {
namespace {

constexpr double kAskedPerSecond = 12'000;
constexpr int kConnections = 8;
constexpr int kGoodRequests = 1'000;
constexpr std::chrono::milliseconds kBetween{2};

/// Good requests at an even pace; what each took, in milliseconds.
std::vector<double> good_requests(AditServer& adit) {
  auto http = adit.server().http();
  std::vector<double> took;
  auto due = SteadyClock::now();
  for (int i = 0; i < kGoodRequests; ++i) {
    std::this_thread::sleep_until(due += kBetween);
    const auto begin = SteadyClock::now();
    const auto answer = http.get("/integration/api/pools");
    took.push_back(seconds_between(begin, SteadyClock::now()) * 1e3);
    if (answer.status != 200) throw std::runtime_error("a good key got " + std::to_string(answer.status));
  }
  return took;
}

}  // namespace

Lines measure_wrong_keys(const Setup& setup) {
  std::vector<double> rates;
  std::vector<double> slow;
  std::vector<double> slow_alone;
  std::vector<double> memory;
  for (int run = 1; run <= setup.runs; ++run) {
    for (const auto source : {test::WrongKeySource::kOneAddress, test::WrongKeySource::kManyAddresses}) {
      AditServer adit(setup.folder, {"--trusted-proxy", "127.0.0.1"});
      good_requests(adit);
      adit.settle();
      const auto alone = good_requests(adit);
      const auto before = static_cast<double>(resident_bytes(adit.pid()));
      test::WrongKeyLoad load(adit.server().address(),
                              {.source = source, .per_second = kAskedPerSecond, .connections = kConnections});
      const auto beside = good_requests(adit);
      const auto after = static_cast<double>(resident_bytes(adit.pid()));
      const auto answers = load.stop();
      if (answers.others > 0) throw std::runtime_error("a wrong key got neither 401 nor 429");
      rates.push_back(answers.per_second());
      slow.push_back(quantile(beside, 0.99));
      slow_alone.push_back(quantile(alone, 0.99));
      memory.push_back((after - before) / (1 << 20));
      const bool one = source == test::WrongKeySource::kOneAddress;
      say("wrong-keys", run, setup.runs,
          number_text(rates.back(), 0, " wrong keys/s from ") + (one ? "one address" : "many addresses") +
              ", a good one p50 " + number_text(median(beside), 2, " ms") + ", p99 " +
              number_text(slow.back(), 2, " ms") + "; alone p50 " + number_text(median(alone), 2, " ms") +
              ", p99 " + number_text(slow_alone.back(), 2, " ms") + "; memory + " +
              number_text(memory.back(), 1, " MiB"));
    }
  }
  return {absolute_line("wrong keys refused, from one address and many", rates,
                        {Bound::kAtLeast, 10'000, " /s", 0}),
          absolute_line("… a good key beside them, p99 (alone " + number_text(median(slow_alone), 1, " ms)"),
                        slow, {Bound::kAtMost, 20, " ms", 1}),
          absolute_line("… memory above that before", memory, {Bound::kAtMost, 32, " MiB", 1})};
}

}  // namespace adit::bench
