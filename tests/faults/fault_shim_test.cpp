// The shim and its model of a power cut: what they see is what happens.
#include "faults/fault_shim.h"

#include <gmock/gmock.h>

#include <fstream>
#include <optional>
#include <set>

#include "faults/power_cut.h"
#include "support/push_client.h"
#include "support/server.h"
#include "support/test_data.h"

namespace adit::test {
namespace {

using testing::IsEmpty;

/// A log written by hand, so that every rule of the model is seen by itself.
class PowerCut : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(data_);
    write(data_ / "old", "old text");
    disk_.emplace(data_);
  }

  void begin_again() {
    std::filesystem::remove_all(data_);
    SetUp();
  }
  static void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(data_ / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  bool exists(const std::string& name) const { return std::filesystem::exists(data_ / name); }
  std::string path(const std::string& name) const { return (data_ / name).string(); }

  void call(RecordKind kind, const std::string& path, std::uint64_t inode = 0, std::uint64_t offset = 0,
            const std::string& bytes = {}) {
    const CallRecord record{kind, static_cast<std::uint32_t>(path.size()), bytes.size(), inode, offset};
    log_.append(reinterpret_cast<const char*>(&record), sizeof record);
    log_ += path + bytes;
  }
  void cut(PowerCutDisk::Unsynced unsynced = PowerCutDisk::Unsynced::kNothingStays, std::uint64_t seed = 1) {
    write(folder_.path() / "log", log_);
    disk_->apply(folder_.path() / "log");
    log_.clear();
    Rng rng(seed);
    disk_->cut(unsynced, rng);
  }

  static constexpr std::uint64_t kFile = 1ULL << 40;  ///< an inode that the folder can't have
  TempFolder folder_;
  std::filesystem::path data_ = folder_.path() / "data";
  std::optional<PowerCutDisk> disk_;
  std::string log_;
};

TEST_F(PowerCut, AFileWithoutItsFoldersSyncIsGone) {
  call(RecordKind::kCreate, path("new"), kFile);
  call(RecordKind::kWrite, "", kFile, 0, "text");
  call(RecordKind::kSync, "", kFile);
  cut();
  EXPECT_FALSE(exists("new"));
  EXPECT_EQ(read("old"), "old text");
}

TEST_F(PowerCut, AFileWithoutItsOwnSyncIsEmpty) {
  call(RecordKind::kCreate, path("new"), kFile);
  call(RecordKind::kSyncFolder, data_.string());
  call(RecordKind::kWrite, "", kFile, 0, "text");
  cut();
  EXPECT_TRUE(exists("new"));
  EXPECT_EQ(read("new"), "");
}

TEST_F(PowerCut, WhatWasSyncedIsThereAndWhatCameLaterIsNot) {
  call(RecordKind::kCreate, path("new"), kFile);
  call(RecordKind::kSyncFolder, data_.string());
  call(RecordKind::kWrite, "", kFile, 0, "first");
  call(RecordKind::kSync, "", kFile);
  call(RecordKind::kWrite, "", kFile, 0, "other");
  call(RecordKind::kResize, "", kFile, 2);
  cut();
  EXPECT_EQ(read("new"), "first");
}

TEST_F(PowerCut, ARenameWithoutItsFoldersSyncIsUndone) {
  call(RecordKind::kRename, path("old"), 0, 0, path("renamed"));
  cut();
  EXPECT_TRUE(exists("old"));
  EXPECT_FALSE(exists("renamed"));
  call(RecordKind::kRename, path("old"), 0, 0, path("renamed"));
  call(RecordKind::kSyncFolder, data_.string());
  cut();
  EXPECT_FALSE(exists("old"));
  EXPECT_EQ(read("renamed"), "old text");
}

TEST_F(PowerCut, AFailedSyncDropsWhatItWasToWriteForGood) {
  call(RecordKind::kCreate, path("new"), kFile);
  call(RecordKind::kSyncFolder, data_.string());
  call(RecordKind::kWrite, "", kFile, 0, "lost");
  call(RecordKind::kLost, "", kFile);
  call(RecordKind::kWrite, "", kFile, 4, "kept");
  call(RecordKind::kSync, "", kFile);
  cut();
  EXPECT_EQ(read("new"), std::string(4, '\0') + "kept");
}

TEST_F(PowerCut, OfWhatIsNotSyncedSomeMayStayAndWritesAreTornAtSectors) {
  std::set<std::string> seen;
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    begin_again();
    call(RecordKind::kCreate, path("new"), kFile);
    call(RecordKind::kSyncFolder, data_.string());
    call(RecordKind::kWrite, "", kFile, 0, std::string(2048, 'a'));
    cut(PowerCutDisk::Unsynced::kSomeStays, seed);
    sizes.insert(read("new").size());
  }
  EXPECT_TRUE(sizes.contains(0));
  EXPECT_TRUE(sizes.contains(2048));
  EXPECT_GT(sizes.size(), 2U);
  for (const auto size : sizes) EXPECT_EQ(size % 512, 0U);
}

TEST_F(PowerCut, ARenameThatMayHaveHappenedIsWholeOrNot) {
  bool before = false;
  bool after = false;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    begin_again();
    call(RecordKind::kRename, path("old"), 0, 0, path("renamed"));
    cut(PowerCutDisk::Unsynced::kSomeStays, seed);
    EXPECT_NE(exists("old"), exists("renamed"));
    before = before || exists("old");
    after = after || exists("renamed");
  }
  EXPECT_TRUE(before);
  EXPECT_TRUE(after);
}

/// A real server in both forms of its engine.
class CallsUnderTheShim : public ::testing::TestWithParam<const char*> {
 protected:
  CallsUnderTheShim()
      : server_({.flags = {"--tls-listen", "off", "--checkpoint-interval-ms", "100", "--held-chunk-bytes-max",
                           "0"}}),
        shim_(server_.data()) {}

  void start() {
    auto environment = shim_.environment();
    environment["ADIT_ENGINE_IN_PROCESS"] = GetParam();
    server_.start(environment);
  }
  static void push(Server& server) {
    PoolClient pool(server);
    pool.push_done(parquet_job("REPLACE", "t", {{"keys", {"a"}}}),
                   {parquet_of("SELECT range AS a FROM range(5000)")});
    pool.push_done(csv_job("DELTA", "t", {{"keys", {"a"}}}), {"a\n1\n2\n", "a\n3\n"});
    EXPECT_EQ(pool.value("SELECT count(*) FROM t"), "5000");
  }

  Server server_;
  FaultShim shim_;
};

TEST_P(CallsUnderTheShim, ExplainEveryByteAndEveryName) {
  std::filesystem::create_directories(server_.data());
  PowerCutDisk disk(server_.data());
  shim_.begin_log();
  start();
  push(server_);
  EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
  disk.apply(shim_.log());
  EXPECT_THAT(disk.unexplained(), IsEmpty());
  for (const auto on : {CallClass::kCreate, CallClass::kWrite, CallClass::kSyncFile, CallClass::kSyncFolder,
                        CallClass::kRename, CallClass::kRemove, CallClass::kResize, CallClass::kMakeFolder}) {
    EXPECT_GT(shim_.count(on), 0U) << to_string(on);
  }
}

INSTANTIATE_TEST_SUITE_P(EngineInProcess, CallsUnderTheShim, ::testing::Values("true", "false"));

}  // namespace
}  // namespace adit::test
