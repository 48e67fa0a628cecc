// Who looks for a key is slowed, and nobody else.
#include <algorithm>
#include <chrono>
#include <iostream>

#include "support/callers.h"
#include "support/server_test.h"
#include "support/wrong_keys.h"

namespace adit::test {
namespace {

using std::chrono::steady_clock;

class WrongKeys : public ServerTest {};

TEST_F(WrongKeys, AreSlowedAndAGoodKeyFromTheSameAddressIsTaken) {
  auto http = server().http();
  http.set_authorization("Bearer " +
                         base64("2b7f6e6e-6f0f-4c1c-9a53-0123456789ab:" + std::string(43, 'A') + "="));
  HttpResponse last = http.get("/api/cloud");
  for (int i = 0; i < 1'000 && last.status == 401; ++i) last = http.get("/api/cloud");
  expect_error_body(last, 429);
  EXPECT_EQ(field(last.json(), "errorCode"), "LIMIT_RATE_EXCEEDED");
  EXPECT_GE(std::stoi(last.header("retry-after").value_or("0")), 1);
  EXPECT_EQ(server().http().get("/api/cloud").status, 200);
  auto other_kind = server().http();
  other_kind.set_authorization("AppKey " + server().admin_key());
  EXPECT_EQ(other_kind.get("/api/cloud").status, 401) << "clients probe which kind of key they have";
  const auto metrics = pool().http().get("/metrics").body;
  EXPECT_NE(metrics.find("adit_credentials_slowed_total "), std::string::npos);
}

/// Ten thousand wrong keys a second, or as many as the machine can bring about: what holders of good keys
/// notice of it.
class WrongKeyFlood : public ::testing::TestWithParam<WrongKeySource> {
 protected:
  static constexpr std::uint64_t kAnswersMin = 2'000;
  static constexpr std::size_t kGoodMin = 100;
  /// Of a good request: far above what it takes (milliseconds), far below what its client waits for.
  static constexpr double kSlowestMs = 5'000;

  void SetUp() override { server_.start(); }

  /// Sends one good request after another while `more` says so; how long each took, in ms, sorted.
  template <class More>
  std::vector<double> good_requests(More more) {
    auto http = server_.http();
    std::vector<double> took;
    while (more(took.size())) {
      const auto begin = steady_clock::now();
      EXPECT_EQ(http.get("/integration/api/pools").status, 200) << "after " << took.size();
      took.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count());
    }
    std::ranges::sort(took);
    return took;
  }
  static double p99(const std::vector<double>& sorted) { return sorted[(sorted.size() - 1) * 99 / 100]; }
  double metric(const std::string& name) {
    const auto text = server_.http().get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  Server server_{{.flags = {"--trusted-proxy", "127.0.0.1"}}};
};

TEST_P(WrongKeyFlood, LeavesThoseAloneWhoHaveAKey) {
  const auto alone = good_requests([](std::size_t done) { return done < kGoodMin; });
  WrongKeyLoad load(server_.address(), {.source = GetParam()});
  const auto end = steady_clock::now() + std::chrono::seconds(2);
  const auto beside = good_requests([&](std::size_t done) {
    return done < kGoodMin || load.answers() < kAnswersMin || steady_clock::now() < end;
  });
  const auto answers = load.stop();
  EXPECT_EQ(answers.others, 0U) << "401 and 429 are all that a wrong key gets";
  EXPECT_LE(p99(beside), kSlowestMs);
  std::cout << static_cast<int>(answers.per_second()) << " wrong keys a second; a good one took "
            << beside[beside.size() / 2] << " ms, p99 " << p99(beside) << " ms; alone "
            << alone[alone.size() / 2] << " ms, p99 " << p99(alone) << " ms\n";
  if (GetParam() == WrongKeySource::kOneAddress) {
    EXPECT_LE(answers.refused, 20 + answers.seconds + 1) << "the rest was slowed";
  }
  EXPECT_EQ(metric("adit_credentials_failed_total"), static_cast<double>(answers.all()));
  EXPECT_LE(metric("adit_audit_entries_total"), 1'000 + 10 * (answers.seconds + 10))
      << "strangers don't fill the disk";
  PoolClient pool(server_);
  pool.push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  EXPECT_EQ(pool.value("SELECT id FROM t"), "1");
}

INSTANTIATE_TEST_SUITE_P(From, WrongKeyFlood,
                         testing::Values(WrongKeySource::kOneAddress, WrongKeySource::kManyAddresses),
                         [](const auto& tested) {
                           return tested.param == WrongKeySource::kOneAddress ? "OneAddress"
                                                                              : "ManyAddresses";
                         });

}  // namespace
}  // namespace adit::test
