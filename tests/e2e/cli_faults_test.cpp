// `adit push` when it is interrupted, and over a network that loses answers.
#include <fstream>
#include <random>

#include "faults/rng.h"
#include "support/command_line.h"
#include "support/environment.h"
#include "support/faulty_proxy.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

int occurrences(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

class CliFaults : public SurvivingServerTest {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  /// Rows of `id,text`, from 0 on.
  std::string csv_file(int rows) {
    std::string csv = "id,text\n";
    for (int i = 0; i < rows; ++i) csv += std::to_string(i) + ",some text of the row\n";
    return file("rows.csv", csv);
  }
  CommandLine::Options push_over(const FaultyProxy& proxy, std::vector<std::string> words,
                                 const std::string& table = "t") {
    words.insert(words.begin(), "push");
    words.insert(words.end(), {"--pool", pool().pool(), "--table", table, "--url", proxy.url(), "--key",
                               server().admin_key()});
    return {.arguments = std::move(words)};
  }
  /// The one job of the pool.
  std::string only_job() {
    const auto jobs = pool().http().get(pool().jobs_path()).array();
    EXPECT_EQ(jobs.size(), 1U);
    return jobs.empty() ? std::string() : std::string(jobs[0].at("id").as_string());
  }

  TempFolder folder_;
};

TEST_F(CliFaults, AnInterruptWhileSendingCancelsTheJobAndWaitsForIt) {
  FaultyProxy proxy(server().address(), {.stall_after_bytes = 200'000});
  CommandLine command(push_over(proxy, {csv_file(100'000), "--type", "REPLACE"}));
  command.wait_for("created");
  command.signal(SIGINT);
  const auto end = command.wait();
  EXPECT_EQ(end.status, ExitStatus::exited(130)) << end.err;
  const auto job = only_job();
  EXPECT_NE(end.err.find("canceling job " + job), std::string::npos) << end.err;
  EXPECT_NE(end.err.find("is CANCELED; the table is as it was"), std::string::npos) << end.err;
  EXPECT_EQ(pool().status(job), "CANCELED");
  EXPECT_TRUE(pool().tables().empty());
}

TEST_F(CliFaults, ASecondInterruptLeavesAtOnce) {
  FaultyProxy proxy(server().address(), {.stall_after_bytes = 200'000});
  CommandLine command(push_over(proxy, {csv_file(100'000), "--type", "REPLACE"}));
  command.wait_for("created");
  proxy.stall();
  command.signal(SIGINT);
  command.wait_for("canceling job");
  command.signal(SIGINT);
  const auto end = command.wait(std::chrono::seconds{5});
  EXPECT_EQ(end.status.signal, SIGINT) << to_string(end.status);
}

TEST_F(CliFaults, AnInterruptWhileItLandsIsCanceledOrDoneAndNothingBetween) {
  const auto path =
      file("big.parquet", parquet_of("SELECT range AS id, hash(range)::VARCHAR AS a FROM range(1500000)"));
  const FaultyProxy proxy(server().address(), {});
  CommandLine command(push_over(proxy, {path, "--type", "DELTA", "--keys", "id"}));
  command.wait_for("job is ");
  command.signal(SIGINT);
  const auto end = command.wait();
  const auto status = pool().status(only_job());
  if (status == "DONE") {
    EXPECT_EQ(end.status, ExitStatus::exited(0)) << end.err;
    EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "1500000");
  } else {
    EXPECT_EQ(status, "CANCELED");
    EXPECT_EQ(end.status, ExitStatus::exited(130)) << end.err;
    EXPECT_TRUE(pool().tables().empty());
  }
}

TEST_F(CliFaults, LostAnswersLandNothingTwice) {
  FaultyProxy proxy(server().address(), {.lose_answer = [](int answer) { return answer % 3 == 1; }});
  const auto path = csv_file(20'000);
  auto options = push_over(proxy, {path, "--type", "DELTA", "--chunk-bytes-max", "50kB", "--json"});
  const auto end = CommandLine(options).wait();
  ASSERT_EQ(end.status, ExitStatus::exited(0)) << end.err;
  EXPECT_GT(proxy.lost(), 5) << "the proxy must have lost some";
  EXPECT_NE(end.err.find("Trying again in "), std::string::npos) << end.err;
  EXPECT_EQ(field(json::parse(end.out), "rows"), 20'000);
  EXPECT_EQ(pool().rows("SELECT count(*), count(DISTINCT id) FROM t"), (Rows{{"20000", "20000"}}));
  EXPECT_EQ(pool().chunks(only_job()).size(),
            static_cast<std::size_t>(field(json::parse(end.out), "chunks").as_int64()));
}

TEST_F(CliFaults, ConnectionsCutWithinUploadsAndAnswersLandEveryRowOnce) {
  // Most connections are cut: within the body of an upload, a head, or an answer.
  const auto path = csv_file(20'000);
  const auto seed = from_environment("CLI_FAULTS_SEED", std::random_device{}());
  const auto rounds = from_environment("CLI_FAULTS_ROUNDS", 2);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    Rng rng(seed + round);
    SCOPED_TRACE("CLI_FAULTS_SEED=" + std::to_string(seed + round));
    FaultyProxy proxy(server().address(), {.cut = [&rng](int connection) -> FaultyProxy::Cut {
                        if (connection != 0 && rng.chance(20)) return {};
                        if (rng.chance(60)) return {.after_to_server = rng.below(120'000) + 1};
                        return {.after_from_server = rng.below(1'500) + 1};
                      }});
    const auto table = "t" + std::to_string(round);
    const auto end =
        CommandLine(push_over(proxy, {path, "--type", "DELTA", "--chunk-bytes-max", "50kB", "--json"}, table))
            .wait();
    ASSERT_EQ(end.status, ExitStatus::exited(0)) << end.err;
    EXPECT_GT(proxy.cuts(), 1) << "the proxy must have cut some";
    // Nothing but a cut, and what it leaves under way for a moment, is a reason to try again.
    const auto retries = occurrences(end.err, "Trying again in ");
    EXPECT_GT(retries, 0) << end.err;
    EXPECT_LE(retries - occurrences(end.err, "Idempotency-Key"), proxy.cuts()) << end.err;
    EXPECT_EQ(field(json::parse(end.out), "rows"), 20'000);
    EXPECT_EQ(pool().rows("SELECT count(*), count(DISTINCT id) FROM " + table), (Rows{{"20000", "20000"}}));
    const auto job = std::string(field(json::parse(end.out), "jobId").as_string());
    EXPECT_EQ(pool().chunks(job).size(),
              static_cast<std::size_t>(field(json::parse(end.out), "chunks").as_int64()));
  }
}

TEST_F(CliFaults, WhereNoUploadGetsThroughItEndsWhenItsTimeIsOverAndNothingLands) {
  FaultyProxy proxy(server().address(),
                    {.cut = [](int) -> FaultyProxy::Cut { return {.after_to_server = 20'000}; }});
  const auto end =
      CommandLine(push_over(proxy, {csv_file(5'000), "--type", "DELTA", "--retry-seconds", "3"})).wait();
  EXPECT_EQ(end.status, ExitStatus::exited(3)) << end.err;
  const auto retries = occurrences(end.err, "Trying again in ");
  // Pauses of 0.1 to 0.2 s, 0.2 to 0.4, 0.4 to 0.8 and so on, within three seconds.
  EXPECT_GE(retries, 2) << end.err;
  EXPECT_LE(retries, 4) << end.err;
  EXPECT_TRUE(pool().chunks(only_job()).empty());
  EXPECT_TRUE(pool().tables().empty());
}

TEST_F(CliFaults, WithoutRetriesALostAnswerIsTheEnd) {
  // The first answer tells of the pools, the second of the new job.
  FaultyProxy proxy(server().address(), {.lose_answer = [](int answer) { return answer == 1; }});
  const auto end =
      CommandLine(push_over(proxy, {csv_file(10), "--type", "DELTA", "--retry-seconds", "0"})).wait();
  EXPECT_EQ(end.status, ExitStatus::exited(3)) << end.err;
  EXPECT_TRUE(pool().tables().empty());
}

}  // namespace
}  // namespace adit::test
