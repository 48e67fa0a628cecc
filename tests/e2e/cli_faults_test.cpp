// `adit push` when it is interrupted, and over a network that loses answers.
#include <fstream>

#include "support/command_line.h"
#include "support/faulty_proxy.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

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
  CommandLine::Options push_over(const FaultyProxy& proxy, std::vector<std::string> words) {
    words.insert(words.begin(), "push");
    words.insert(words.end(), {"--pool", pool().pool(), "--table", "t", "--url", proxy.url(), "--key",
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
