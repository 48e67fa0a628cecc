// What is there after the process has ended, orderly or not. Each test has a server of its own.
#include <fstream>

#include "support/files_below.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

class Restart : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.start();
    client_ = std::make_unique<PoolClient>(server_);
  }
  void TearDown() override {
    if (HasFailure()) std::printf("--- the server said:\n%s---\n", server_.log().c_str());
  }
  /// After a start the addresses are others.
  void reconnect() { client_ = std::make_unique<PoolClient>(server_.http(), client_->pool()); }

  Server server_;
  std::unique_ptr<PoolClient> client_;
};

TEST_F(Restart, SigtermEndsWithCode0AndEverythingIsThereAfterwards) {
  const auto key = server_.admin_key();
  client_->push_done(csv_job("REPLACE", "t"), {"id,name\n1,one\n2,two\n"});
  const auto waiting = client_->create_job(csv_job("DELTA", "t", {{"foreignKeys", "kept"}}));
  client_->upload(waiting, "id,name\n3,three\n");
  const auto canceled = client_->create_job(csv_job("DELTA", "t"));
  ASSERT_EQ(client_->try_cancel(canceled).status, 200);
  EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
  server_.start();
  reconnect();
  EXPECT_EQ(server_.admin_key(), key);
  EXPECT_EQ(client_->rows("SELECT id, name FROM t ORDER BY id"), (Rows{{"1", "one"}, {"2", "two"}}));
  EXPECT_EQ(client_->status(canceled), "CANCELED");
  EXPECT_EQ(field(client_->job(waiting), "foreignKeys"), "kept");
  ASSERT_EQ(client_->chunks(waiting).size(), 1U);
  client_->execute(waiting);
  EXPECT_EQ(client_->wait(waiting).at("status"), "DONE");
  EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "3");
}

TEST_F(Restart, SigintEndsWithCode0Too) {
  ASSERT_TRUE(server_.running());
  server_.signal_interrupt();
  EXPECT_EQ(server_.wait(std::chrono::seconds{30}), ExitStatus::exited(0));
}

TEST_F(Restart, AnExecutedJobLandsAfterAKill) {
  const auto big = parquet_of("SELECT range AS id, hash(range)::VARCHAR AS a FROM range(300000)");
  const auto job = client_->create_job(parquet_job("DELTA", "t", {{"keys", {"id"}}}));
  client_->upload(job, big);
  const auto next = client_->create_job(csv_job("DELTA", "t", {{"keys", {"id"}}}));
  client_->upload(next, "id,a\n7,last\n");
  client_->execute(job);
  client_->execute(next);
  server_.kill();
  server_.start();
  reconnect();
  EXPECT_EQ(client_->wait(job).at("status"), "DONE");
  EXPECT_EQ(client_->wait(next).at("status"), "DONE");
  EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "300000");
  EXPECT_EQ(client_->value("SELECT a FROM t WHERE id = 7"), "last");
}

TEST_F(Restart, ChunksThatWereAcknowledgedAreThereAfterAKill) {
  const auto job = client_->create_job(csv_job("DELTA", "t"));
  std::vector<std::string> digests;
  for (int i = 0; i < 20; ++i) {
    const auto bytes = "id\n" + std::to_string(i) + "\n";
    digests.push_back(sha256_hex(bytes));
    client_->upload(job, bytes);
  }
  server_.kill();
  server_.start();
  reconnect();
  const auto chunks = client_->wait_staged(job);
  ASSERT_EQ(chunks.size(), digests.size());
  for (std::size_t i = 0; i < digests.size(); ++i) {
    EXPECT_EQ(field(chunks[i], "checksum"), boost::json::string(digests[i]));
  }
  client_->execute(job);
  EXPECT_EQ(client_->wait(job).at("status"), "DONE");
  EXPECT_EQ(client_->rows("SELECT count(*), sum(id) FROM t"), (Rows{{"20", "190"}}));
}

TEST_F(Restart, AJobOnItsWayDuringSigtermIsDoneInTheEnd) {
  const auto job = client_->create_job(parquet_job("DELTA", "t", {{"keys", {"id"}}}));
  client_->upload(job, parquet_of("SELECT range AS id, hash(range)::VARCHAR AS a FROM range(500000)"));
  client_->execute(job);
  EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
  server_.start();
  reconnect();
  EXPECT_EQ(client_->wait(job).at("status"), "DONE");
  EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "500000");
}

TEST_F(Restart, ADeletedJobStaysDeletedAndItsRowsStay) {
  const auto job = client_->create_job(csv_job("REPLACE", "t"));
  client_->upload(job, "id\n1\n");
  client_->execute(job);
  ASSERT_EQ(client_->wait(job).at("status"), "DONE");
  ASSERT_EQ(client_->try_delete(job).status, 204);
  server_.kill();
  server_.start();
  reconnect();
  EXPECT_EQ(client_->http().get(client_->job_path(job)).status, 404);
  EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "1");
}

TEST_F(Restart, WhatTheEngineLostIsLandedAgainFromTheChunks) {
  client_->push_done(csv_job("REPLACE", "t"), {"id,v\n1,a\n"});
  EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
  server_.start();
  reconnect();
  client_->push_done(csv_job("DELTA", "t", {{"keys", {"id"}}}), {"id,v\n1,b\n2,b\n"});
  client_->push_done(csv_job("DELTA", "t", {{"keys", {"id"}}}), {"id,v\n2,c\n3,c\n"});
  server_.kill();
  // The engine opens a file whose write-ahead log is gone in silence, without the last commits.
  int removed = 0;
  for (const auto& file : files_below(server_.data())) {
    if (file.filename() == "pool.db.wal") removed += std::filesystem::remove(file) ? 1 : 0;
  }
  EXPECT_EQ(removed, 1);
  server_.start();
  reconnect();
  EXPECT_EQ(client_->rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "b"}, {"2", "c"}, {"3", "c"}}));
}

TEST_F(Restart, ASecondServerOnTheSameFolderIsRefusedWithAClearMessage) {
  const auto second = run_adit(
      {"serve", "--data", server_.data().string(), "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"});
  ASSERT_TRUE(second.status.code.has_value()) << second.output;
  EXPECT_NE(*second.status.code, 0);
  EXPECT_NE(second.output.find("Another adit process"), std::string::npos) << second.output;
  client_->push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  EXPECT_EQ(client_->value("SELECT id FROM t"), "1");
}

TEST_F(Restart, UnknownSettingsAreErrors) {
  const auto flag = run_adit({"serve", "--no-such-flag", "1"});
  ASSERT_TRUE(flag.status.code.has_value());
  EXPECT_NE(*flag.status.code, 0);
  EXPECT_NE(flag.output.find("no-such-flag"), std::string::npos) << flag.output;
}

}  // namespace
}  // namespace adit::test
