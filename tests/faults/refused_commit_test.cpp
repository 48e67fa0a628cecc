// A commit that the disk refuses at its sync, a kill before anything else was written, and a restart: what
// SQLite then finds in its log must hold together with the chunks' files.
#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>

#include "faults/fault_shim.h"
#include "support/engine_processes.h"
#include "support/files_below.h"
#include "support/push_client.h"
#include "support/server.h"

namespace adit::test {
namespace {

constexpr const char* kCsv = "id\n1\n2\n3\n";

class RefusedCommit : public ::testing::Test {
 protected:
  RefusedCommit() : server_({.flags = {"--tls-listen", "off"}}), shim_(server_.data()) {}

  void SetUp() override {
    start();
    job_ = client_->create_job(csv_job("DELTA", "t"));
  }
  void TearDown() override {
    if (HasFailure()) std::printf("--- the server said:\n%s---\n", server_.log().c_str());
  }

  void start() {
    server_.start(shim_.environment());
    if (client_) {
      const auto pool = client_->pool();
      client_.emplace(server_.http(), pool);
    } else {
      client_.emplace(server_);
    }
  }
  void kill_and_start() {
    ASSERT_TRUE(kill_with_engines(server_));
    shim_.stop();
    start();
  }
  void refuse_syncs_of_the_log(std::int64_t times) {
    shim_.order({.deed = Deed::kFail,
                 .on = CallClass::kSyncFile,
                 .times = times,
                 .error = EIO,
                 .where = "catalog.db-wal"});
  }

  HttpResponse upload() {
    return client_->http().send(
        {"POST", client_->chunks_path(job_), {{"Idempotency-Key", "the-upload"}}, kCsv});
  }
  /// A write that the catalog refuses: nothing of it is committed.
  void refused_write() { EXPECT_EQ(client_->try_execute(job_).status, 400); }

  std::size_t chunk_rows() { return client_->chunks(job_).size(); }
  std::size_t chunk_files() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(files_below(server_.data() / "chunks"), [&](const auto& file) {
          return file.filename().string().starts_with(job_) && file.extension() != ".part";
        }));
  }
  /// What the start takes for a damaged log is kept beside it.
  bool log_was_taken_for_damaged() const {
    return std::ranges::any_of(files_below(server_.data()), [](const auto& file) {
      return file.filename().string().contains(".damaged-");
    });
  }
  /// The client repeats its upload: it may be told what had been done, or it is done now.
  void expect_that_the_upload_goes_through() {
    const auto again = upload();
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(chunk_rows(), 1U);
    ASSERT_EQ(client_->try_execute(job_).status, 200);
    const auto ended = client_->wait(job_);
    EXPECT_EQ(ended.at("status"), "DONE") << logs_of(ended);
    EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "3");
  }

  Server server_;
  FaultShim shim_;
  std::optional<PoolClient> client_;
  std::string job_;
};

TEST_F(RefusedCommit, ThatComesBackAfterAKillHasItsFiles) {
  refuse_syncs_of_the_log(1'000'000);
  EXPECT_EQ(upload().status, 500);
  EXPECT_EQ(chunk_rows(), 0U);
  kill_and_start();
  EXPECT_EQ(chunk_rows(), 1U) << "it has come back";
  EXPECT_EQ(chunk_files(), 1U);
  expect_that_the_upload_goes_through();
}

TEST_F(RefusedCommit, IsReplacedAtOnceWhereTheDiskWorksAgain) {
  refuse_syncs_of_the_log(1);
  EXPECT_EQ(upload().status, 500);
  EXPECT_EQ(shim_.done(), 1U);
  kill_and_start();
  EXPECT_EQ(chunk_rows(), 0U);
  EXPECT_EQ(chunk_files(), 0U);
  EXPECT_FALSE(log_was_taken_for_damaged());
  expect_that_the_upload_goes_through();
}

TEST_F(RefusedCommit, IsReplacedBeforeAnythingElseIsTried) {
  refuse_syncs_of_the_log(1'000'000);
  EXPECT_EQ(upload().status, 500);
  shim_.stop();
  refused_write();
  kill_and_start();
  EXPECT_EQ(chunk_rows(), 0U);
  EXPECT_FALSE(log_was_taken_for_damaged());
  expect_that_the_upload_goes_through();
}

}  // namespace
}  // namespace adit::test
