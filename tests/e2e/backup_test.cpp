// Backups of a server at work and of a stopped one, and what comes back from them.
#include <atomic>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "support/command_line.h"
#include "support/files_below.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// What a client knows of one push.
struct Pushed {
  std::string job;
  int row = 0;
  bool done = false;  ///< the server has said so
};

/// Turns one bit of a file at `offset`, from its end if that is negative.
void flip(const fs::path& file, std::int64_t offset) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const auto from = offset < 0 ? std::ios::end : std::ios::beg;
  stream.seekg(offset, from);
  const auto byte = static_cast<char>(stream.get() ^ 0x10);
  stream.seekp(offset, from);
  stream.put(byte);
}

class Backup : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) std::printf("--- the server said:\n%s---\n", server_.log().c_str());
  }
  fs::path backup(const std::string& name) const { return folder_.path() / "backups" / name; }
  CommandEnd run(std::vector<std::string> arguments) {
    return CommandLine({.arguments = std::move(arguments)}).wait();
  }
  CommandEnd back_up(const std::string& name) {
    return run({"backup", backup(name).string(), "--data", server_.data().string(), "--json"});
  }
  CommandEnd restore(const std::string& name, const fs::path& data) {
    return run({"restore", backup(name).string(), "--data", data.string()});
  }
  /// Pushes rows of its own, from `first` on, until `stop_`.
  void push_rows(PoolClient client, int first) {
    for (int row = first; !stop_; ++row) {
      const auto job = client.create_job(csv_job("DELTA", "t"));
      {
        const std::scoped_lock lock(mutex_);
        pushed_.push_back({job, row});
      }
      client.upload(job, "id,big\n" + std::to_string(row) + ",0\n");
      client.execute(job);
      if (client.wait(job).at("status") != "DONE") throw std::runtime_error("a push did not land");
      const std::scoped_lock lock(mutex_);
      for (auto& pushed : pushed_) pushed.done = pushed.done || pushed.job == job;
    }
  }
  /// Large ones besides, whose rows go past the log into the main file.
  void push_blocks(PoolClient client) {
    for (int block = 1; !stop_; ++block) {
      const auto rows =
          "SELECT 0 AS id, range + " + std::to_string(block * 1'000'000) + " AS big FROM range(150000)";
      client.push_done(parquet_job("DELTA", "blocks"), {parquet_of(rows)});
    }
  }
  std::vector<Pushed> pushed() {
    const std::scoped_lock lock(mutex_);
    return pushed_;
  }
  std::size_t count_done() {
    std::size_t count = 0;
    for (const auto& pushed : this->pushed()) count += pushed.done ? 1 : 0;
    return count;
  }
  void wait_for_done(std::size_t count) {
    while (count_done() < count) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  TempFolder folder_;
  Server server_{{.flags = {"--backup-folder", (folder_.path() / "backups").string(), "--execute-limits",
                            "off", "--checkpoint-interval-ms", "100"}}};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::vector<Pushed> pushed_;
};

TEST_F(Backup, UnderLoadItHasAllThatWasAcknowledgedBeforeAndEachJobOnceOrNotAtAll) {
  server_.start();
  PoolClient client(server_);
  const auto waiting = client.create_job(csv_job("REPLACE", "waiting"));
  client.upload(waiting, "id\n7\n");
  std::vector<std::jthread> pushers;
  for (const int first : {1'000'000, 2'000'000, 3'000'000}) {
    pushers.emplace_back([&, first] { push_rows(PoolClient(server_.http(), client.pool()), first); });
  }
  pushers.emplace_back([&] { push_blocks(PoolClient(server_.http(), client.pool())); });
  wait_for_done(30);
  const auto before = pushed();
  const auto taken = back_up("loaded");
  ASSERT_EQ(taken.status, ExitStatus::exited(0)) << taken.err;
  wait_for_done(count_done() + 10);
  stop_ = true;
  pushers.clear();
  const auto all = pushed();
  server_.terminate();

  const auto data = folder_.path() / "restored";
  ASSERT_EQ(restore("loaded", data).status, ExitStatus::exited(0));
  Server restored({.flags = {"--execute-limits", "off"}, .data = data});
  restored.start();
  PoolClient reader(restored.http(), client.pool());
  std::set<std::string> landed;
  std::size_t known = 0;
  for (const auto& push : all) {
    const auto answer = reader.http().get(reader.job_path(push.job));
    if (answer.status == 404) continue;
    ++known;
    const auto status = reader.status(push.job);
    // One that was created and not executed yet stays so.
    if (status != "NEW" && reader.wait(push.job).at("status") == "DONE")
      landed.insert(std::to_string(push.row));
  }
  EXPECT_LT(known, all.size()) << "the backup was to be taken amid the pushes";
  std::set<std::string> rows;
  for (const auto& row : reader.rows("SELECT id FROM t ORDER BY id")) {
    EXPECT_TRUE(rows.insert(row.front()).second) << "the row " << row.front() << " is there twice";
  }
  EXPECT_EQ(rows, landed);
  for (const auto& push : before) {
    EXPECT_TRUE(!push.done || rows.contains(std::to_string(push.row))) << push.row;
  }
  if (reader.tables() != std::vector<std::string>{"t"}) {
    EXPECT_EQ(
        reader.value(
            "SELECT count(*) FROM (SELECT big // 1000000, count(*) c, count(DISTINCT big) d FROM blocks "
            "GROUP BY ALL) WHERE c <> 150000 OR d <> 150000"),
        "0");
  }
  EXPECT_EQ(reader.status(waiting), "NEW");
  reader.execute(waiting);
  EXPECT_EQ(reader.wait(waiting).at("status"), "DONE");
  reader.push_done(csv_job("DELTA", "t"), {"id,big\n1,0\n"});
  EXPECT_EQ(restored.terminate(), ExitStatus::exited(0));
  const auto doctor = run({"doctor", "--data", data.string()});
  EXPECT_EQ(doctor.status, ExitStatus::exited(0)) << doctor.out;
}

TEST_F(Backup, AStoppedServerIsCopiedToo) {
  server_.start();
  PoolClient client(server_);
  client.push_done(csv_job("REPLACE", "t"), {"id\n1\n2\n"});
  server_.kill();
  const auto taken = back_up("stopped");
  ASSERT_EQ(taken.status, ExitStatus::exited(0)) << taken.err;
  EXPECT_EQ(json::parse(taken.out).at("chunks"), 1);
  const auto data = folder_.path() / "restored";
  ASSERT_EQ(restore("stopped", data).status, ExitStatus::exited(0));
  Server restored({.data = data});
  restored.start();
  EXPECT_EQ(PoolClient(restored.http(), client.pool()).value("SELECT count(*) FROM t"), "2");
}

TEST_F(Backup, SecretsInItAreForItsOwnerOnly) {
  server_.start();
  ASSERT_EQ(back_up("private").status, ExitStatus::exited(0));
  EXPECT_TRUE(fs::exists(backup("private") / "admin.key"));
  for (const auto& entry : fs::recursive_directory_iterator(backup("private"))) {
    const auto others = fs::perms::group_all | fs::perms::others_all;
    EXPECT_EQ(entry.status().permissions() & others, fs::perms::none) << entry.path();
  }
  EXPECT_EQ(fs::status(backup("private")).permissions(), fs::perms::owner_all);
}

TEST_F(Backup, ADamagedOneIsNotRestoredAndNothingOfItIsLeft) {
  server_.start();
  PoolClient client(server_);
  client.push_done(csv_job("REPLACE", "t"), {"id,name\n1,one\n2,two\n"});
  ASSERT_EQ(back_up("good").status, ExitStatus::exited(0));
  server_.terminate();
  const auto data = folder_.path() / "restored";
  std::size_t files = 0;
  for (const auto& file : files_below(backup("good"))) {
    if (file.filename() == "backup.json") continue;
    ++files;
    const auto copy = backup("bad");
    fs::remove_all(copy);
    fs::copy(backup("good"), copy, fs::copy_options::recursive);
    flip(copy / fs::relative(file, backup("good")), static_cast<std::int64_t>(fs::file_size(file) / 2));
    const auto checked = run({"restore", copy.string(), "--check"});
    EXPECT_EQ(checked.status, ExitStatus::exited(1)) << file;
    const auto ended = restore("bad", data);
    EXPECT_EQ(ended.status, ExitStatus::exited(1)) << file;
    EXPECT_NE(ended.err.find(file.filename().string() + " is damaged"), std::string::npos) << ended.err;
    EXPECT_FALSE(fs::exists(data)) << file;
  }
  EXPECT_GE(files, 6U);
  fs::remove(backup("bad") / "backup.json");
  EXPECT_NE(restore("bad", data).err.find("is no backup"), std::string::npos);
}

TEST_F(Backup, OneWithADamagedChunkIsRestoredWithoutItWhereThatIsAskedFor) {
  server_.start();
  PoolClient client(server_);
  client.push_done(csv_job("REPLACE", "t"), {"id\n1\n2\n"});
  const auto waiting = client.create_job(csv_job("REPLACE", "waiting"));
  client.upload(waiting, "id\n7\n");
  ASSERT_EQ(back_up("one").status, ExitStatus::exited(0));
  server_.terminate();
  // Copies: a linked file is the server's own.
  fs::copy(backup("one"), backup("bad"), fs::copy_options::recursive);
  std::size_t chunks = 0;
  for (const auto& file : files_below(backup("bad") / "chunks")) {
    flip(file, 1);
    ++chunks;
  }
  ASSERT_EQ(chunks, 2U);
  const auto data = folder_.path() / "restored";
  const auto refused = restore("bad", data);
  EXPECT_EQ(refused.status, ExitStatus::exited(1));
  EXPECT_NE(refused.err.find("--without-damaged-chunks"), std::string::npos) << refused.err;
  const auto taken =
      run({"restore", backup("bad").string(), "--data", data.string(), "--without-damaged-chunks"});
  ASSERT_EQ(taken.status, ExitStatus::exited(0)) << taken.err;
  EXPECT_NE(taken.err.find("left out: chunks/"), std::string::npos) << taken.err;
  EXPECT_TRUE(files_below(data / "chunks").empty());
  const auto doctor = run({"doctor", "--data", data.string()});
  EXPECT_EQ(doctor.status, ExitStatus::exited(1));
  EXPECT_NE(doctor.out.find("CHUNK_MISSING"), std::string::npos) << doctor.out;

  Server restored({.data = data});
  restored.start();
  PoolClient reader(restored.http(), client.pool());
  EXPECT_EQ(reader.value("SELECT count(*) FROM t"), "2");
  reader.execute(waiting);
  EXPECT_EQ(reader.wait(waiting).at("status"), "ERROR");
  reader.push_done(csv_job("REPLACE", "waiting"), {"id\n7\n"});
  // What is not a chunk must be whole.
  flip(backup("bad") / "admin.key", 1);
  const auto other = folder_.path() / "other";
  EXPECT_EQ(
      run({"restore", backup("bad").string(), "--data", other.string(), "--without-damaged-chunks"}).status,
      ExitStatus::exited(1));
  EXPECT_FALSE(fs::exists(other));
}

TEST_F(Backup, WhatALinkLeadsToIsCopiedInItsPlace) {
  server_.start();
  server_.terminate();
  fs::rename(server_.data() / "tls", folder_.path() / "elsewhere");
  fs::create_directory_symlink(folder_.path() / "elsewhere", server_.data() / "tls");
  server_.start();
  ASSERT_EQ(back_up("linked").status, ExitStatus::exited(0));
  EXPECT_TRUE(fs::is_regular_file(backup("linked") / "tls" / "key.pem"));
  EXPECT_EQ(restore("linked", folder_.path() / "restored").status, ExitStatus::exited(0));
  EXPECT_TRUE(fs::is_regular_file(folder_.path() / "restored" / "tls" / "key.pem"));
}

TEST_F(Backup, ANameThatIsNoneIsRefusedByARunningServer) {
  server_.start();
  for (const auto* name : {"a?b", "a#b", "a%2Db"}) {
    const auto refused = back_up(name);
    EXPECT_EQ(refused.status, ExitStatus::exited(1)) << name;
    EXPECT_NE(refused.err.find("can't be the name of a backup"), std::string::npos) << refused.err;
  }
  EXPECT_TRUE(files_below(folder_.path() / "backups").empty());
}

TEST_F(Backup, ARestoreOverwritesNothingAndOneThatWasCutShortIsNotServed) {
  server_.start();
  ASSERT_EQ(back_up("one").status, ExitStatus::exited(0));
  server_.terminate();
  EXPECT_NE(restore("one", server_.data()).err.find("is not empty"), std::string::npos);
  const auto data = folder_.path() / "restored";
  CommandLine cut({.arguments = {"restore", backup("one").string(), "--data", data.string()},
                   .environment = {{"ADIT_FAILPOINT", "restore.before_sync"}}});
  EXPECT_NE(cut.wait().status, ExitStatus::exited(0));
  const auto served = run({"serve", "--data", data.string()});
  EXPECT_EQ(served.status, ExitStatus::exited(6));
  EXPECT_NE(served.err.find("was cut short"), std::string::npos) << served.err;
}

TEST_F(Backup, OneThatWasCutShortIsNoBackup) {
  server_.start();
  server_.terminate();
  for (const auto* place : {"backup.between", "backup.before_manifest"}) {
    CommandLine cut({.arguments = {"backup", backup(place).string(), "--data", server_.data().string()},
                     .environment = {{"ADIT_FAILPOINT", place}}});
    EXPECT_NE(cut.wait().status, ExitStatus::exited(0));
    EXPECT_NE(restore(place, folder_.path() / "restored").err.find("is no backup"), std::string::npos);
  }
}

TEST_F(Backup, AServerThatDiesWithOneUnderWayLeavesNoneAndGoesOn) {
  server_.start();
  const PoolClient first(server_);
  PoolClient(server_.http(), first.pool()).push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  server_.terminate();
  const char* form = std::getenv("ADIT_ENGINE_IN_PROCESS");
  const bool engine_apart = form == nullptr || std::string_view(form) == "false";
  for (const std::string place : {"warehouse.files_held", "base.copy_file", "backup.pool_file",
                                  "backup.between", "backup.before_manifest"}) {
    SCOPED_TRACE(place);
    server_.start({{"ADIT_FAILPOINT", place}});
    EXPECT_NE(back_up(place).status, ExitStatus::exited(0));
    // Which process it is that dies follows from who has the pool open.
    if (engine_apart && place == "warehouse.files_held") {
      server_.terminate();
    } else {
      ASSERT_TRUE(server_.wait(std::chrono::seconds{20})) << "the failpoint was not reached";
    }
    EXPECT_NE(restore(place, folder_.path() / "restored").err.find("is no backup"), std::string::npos);
    server_.start();
    EXPECT_EQ(PoolClient(server_.http(), first.pool()).value("SELECT count(*) FROM t"), "1");
    EXPECT_EQ(back_up(place + ".again").status, ExitStatus::exited(0));
    server_.terminate();
  }
}

TEST_F(Backup, ANewerDataFolderIsRefusedPolitelyAndLeftAlone) {
  server_.start();
  server_.terminate();
  std::ofstream(server_.data() / "format.json") << R"({"format":2,"writtenBy":"9.9"})";
  const auto served = run({"serve", "--data", server_.data().string()});
  EXPECT_EQ(served.status, ExitStatus::exited(6));
  for (const auto* part : {"has the format 2", "written by adit 9.9", "knows formats up to 1",
                           "Start that version", "Nothing was changed"}) {
    EXPECT_NE(served.err.find(part), std::string::npos) << served.err;
  }
}

TEST_F(Backup, AFolderFromBeforeThereWereFormatsIsTaken) {
  server_.start();
  server_.terminate();
  fs::remove(server_.data() / "format.json");
  server_.start();
  EXPECT_TRUE(fs::exists(server_.data() / "format.json"));
}

}  // namespace
}  // namespace adit::test
