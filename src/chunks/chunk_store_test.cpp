// What every chunk store promises, and how the local one behaves when the disk does not.
#include "chunks/chunk_store.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "base/failpoint.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

struct Backend {
  std::string name;
  std::function<Result<std::unique_ptr<ChunkStore>>(const fs::path& folder)> open;
};

constexpr std::uint64_t kNoBound = 1ULL << 40;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t count_files(const fs::path& folder) {
  return static_cast<std::size_t>(std::ranges::count_if(
      fs::recursive_directory_iterator(folder), [](const auto& entry) { return entry.is_regular_file(); }));
}

class ChunkStoreContract : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    auto opened = GetParam().open(folder_);
    ASSERT_TRUE(opened.ok());
    store_ = *std::move(opened);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<ChunkWriter> begin(ChunkId chunk, std::uint64_t bytes_max = kNoBound) {
    auto writer = store_->open_for_write(pool_, job_, chunk, bytes_max);
    EXPECT_TRUE(writer.ok()) << writer.error().internal_detail;
    return *std::move(writer);
  }
  void keep(ChunkId chunk, std::string_view bytes) {
    const auto writer = begin(chunk);
    ASSERT_TRUE(writer->write(bytes).ok());
    ASSERT_TRUE(writer->finish().ok());
    ASSERT_TRUE(writer->keep().ok());
  }
  std::vector<ChunkId> list() {
    auto chunks = store_->list(pool_, job_);
    EXPECT_TRUE(chunks.ok());
    std::ranges::sort(*chunks);
    return *chunks;
  }
  ErrorKind open_error(ChunkId chunk) {
    const auto opened = store_->open(pool_, job_, chunk);
    return opened ? ErrorKind::kInvalid : opened.error().kind;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-chunks-" + Uuid::random().to_string());
  const PoolId pool_ = PoolId::random();
  const JobId job_ = JobId::random();
  std::unique_ptr<ChunkStore> store_;
};

INSTANTIATE_TEST_SUITE_P(All, ChunkStoreContract,
                         testing::Values(Backend{
                             "Local", [](const fs::path& folder) { return open_local_chunk_store(folder); }}),
                         [](const auto& suite) { return suite.param.name; });

TEST_P(ChunkStoreContract, AKeptChunkIsReadBackWithItsDigest) {
  const auto chunk = ChunkId::random();
  const auto writer = begin(chunk);
  const std::string first(20'000'000, 'a'), second("\0b", 2);
  ASSERT_TRUE(writer->write(first).ok());
  ASSERT_TRUE(writer->write(second).ok());
  const auto stored = writer->finish();
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->bytes, first.size() + second.size());
  EXPECT_EQ(stored->digest, sha256(first + second));
  EXPECT_EQ(content(writer->path()), first + second);
  EXPECT_EQ(open_error(chunk), ErrorKind::kNotFound);
  ASSERT_TRUE(writer->keep().ok());
  const auto path = store_->open(pool_, job_, chunk);
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(content(*path), first + second);
}

TEST_P(ChunkStoreContract, AnEmptyChunkCanBeKept) {
  const auto chunk = ChunkId::random();
  keep(chunk, "");
  EXPECT_EQ(content(*store_->open(pool_, job_, chunk)), "");
}

TEST_P(ChunkStoreContract, AWriterThatIsDroppedLeavesNothing) {
  const auto unfinished = ChunkId::random(), finished = ChunkId::random();
  {
    const auto first = begin(unfinished);
    ASSERT_TRUE(first->write("x").ok());
    const auto second = begin(finished);
    ASSERT_TRUE(second->finish().ok());
    EXPECT_EQ(count_files(folder_), 2u);
  }
  EXPECT_EQ(count_files(folder_), 0u);
  EXPECT_EQ(open_error(unfinished), ErrorKind::kNotFound);
  EXPECT_EQ(open_error(finished), ErrorKind::kNotFound);
}

TEST_P(ChunkStoreContract, OneByteTooManyIsTooLargeAndTheChunkCanNotBeKept) {
  const auto chunk = ChunkId::random();
  const auto writer = begin(chunk, 4);
  ASSERT_TRUE(writer->write("1234").ok());
  EXPECT_EQ(writer->write("5").error().kind, ErrorKind::kTooLarge);
  EXPECT_FALSE(writer->finish().ok());
  EXPECT_FALSE(writer->keep().ok());
  EXPECT_EQ(open_error(chunk), ErrorKind::kNotFound);
}

TEST_P(ChunkStoreContract, CallsOutOfOrderAreRefused) {
  const auto writer = begin(ChunkId::random());
  EXPECT_FALSE(writer->keep().ok());
  ASSERT_TRUE(writer->finish().ok());
  EXPECT_FALSE(writer->write("late").ok());
  EXPECT_FALSE(writer->finish().ok());
  ASSERT_TRUE(writer->keep().ok());
  EXPECT_FALSE(writer->keep().ok());
}

TEST_P(ChunkStoreContract, ListsTheKeptChunksOnly) {
  auto first = ChunkId::random(), second = ChunkId::random();
  if (second < first) std::swap(first, second);
  EXPECT_TRUE(list().empty());
  keep(first, "1");
  keep(second, "2");
  const auto writing = begin(ChunkId::random());
  EXPECT_EQ(list(), (std::vector{first, second}));
}

TEST_P(ChunkStoreContract, RemovingTakesOneChunkAndTwiceIsNoError) {
  const auto first = ChunkId::random(), second = ChunkId::random();
  keep(first, "1");
  keep(second, "2");
  ASSERT_TRUE(store_->remove(pool_, job_, first).ok());
  ASSERT_TRUE(store_->remove(pool_, job_, first).ok());
  EXPECT_EQ(open_error(first), ErrorKind::kNotFound);
  EXPECT_EQ(list(), std::vector{second});
  ASSERT_TRUE(store_->remove(PoolId::random(), job_, second).ok());
  EXPECT_EQ(list(), std::vector{second});
}

TEST_P(ChunkStoreContract, RemovingAJobTakesItsUnfinishedUploadsToo) {
  keep(ChunkId::random(), "1");
  const auto late = ChunkId::random();
  const auto writer = begin(late);
  ASSERT_TRUE(writer->write("x").ok());
  ASSERT_TRUE(store_->remove_job(pool_, job_).ok());
  EXPECT_EQ(count_files(folder_), 0u);
  ASSERT_TRUE(writer->finish().ok());
  EXPECT_FALSE(writer->keep().ok());
  EXPECT_EQ(open_error(late), ErrorKind::kNotFound);
  ASSERT_TRUE(store_->remove_job(pool_, job_).ok());
  keep(ChunkId::random(), "again");
}

TEST_P(ChunkStoreContract, RemovingAJobOrAPoolTouchesNoOther) {
  const auto chunk = ChunkId::random();
  keep(chunk, "1");
  // Its neighbour on the disk: an id that begins with the same digits.
  auto text = job_.to_string();
  text.back() = text.back() == '0' ? '1' : '0';
  const auto neighbour = *JobId::parse(text);
  const auto other_pool = PoolId::random();
  for (const auto pool : {pool_, other_pool}) {
    const auto writer = *store_->open_for_write(pool, neighbour, chunk, kNoBound);
    ASSERT_TRUE(writer->finish().ok());
    ASSERT_TRUE(writer->keep().ok());
  }
  ASSERT_TRUE(store_->remove_job(pool_, neighbour).ok());
  EXPECT_EQ(list(), std::vector{chunk});
  EXPECT_TRUE(store_->list(pool_, neighbour)->empty());
  ASSERT_TRUE(store_->remove_pool(other_pool).ok());
  EXPECT_TRUE(store_->list(other_pool, neighbour)->empty());
  EXPECT_EQ(list(), std::vector{chunk});
  ASSERT_TRUE(store_->remove_pool(pool_).ok());
  EXPECT_TRUE(fs::is_empty(folder_));
  keep(chunk, "again");
}

TEST_P(ChunkStoreContract, WhatADeadProcessLeftUnfinishedIsRemovedAndKeptChunksStay) {
  const auto kept = ChunkId::random();
  keep(kept, "1");
  const auto dead = ::fork();
  if (dead == 0) {
    const auto first = begin(ChunkId::random());
    const auto second =
        store_->open_for_write(PoolId::random(), JobId::random(), ChunkId::random(), kNoBound);
    ::_exit(first->write("x").ok() && second.ok() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(dead, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(count_files(folder_), 3u);
  ASSERT_TRUE(store_->remove_unfinished().ok());
  EXPECT_EQ(count_files(folder_), 1u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
  EXPECT_EQ(list(), std::vector{kept});
}

TEST_P(ChunkStoreContract, ManyThreadsKeepAndRemoveChunksOfOneJob) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n) {
        const auto chunk = ChunkId::random();
        keep(chunk, "bytes");
        EXPECT_TRUE(store_->open(pool_, job_, chunk).ok());
        EXPECT_TRUE(store_->remove(pool_, job_, chunk).ok());
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(list().empty());
}

class LocalChunkStoreFaults : public testing::Test {
 protected:
  void TearDown() override {
    ::umount(folder_.c_str());
    fs::remove_all(folder_);
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-chunks-" + Uuid::random().to_string());
};

TEST_F(LocalChunkStoreFaults, AFullDiskIsSaidAndSpaceComesBackWithTheNextWriter) {
  fs::create_directories(folder_);
  if (::mount("none", folder_.c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "can't mount a small disk here";
  const auto store = *open_local_chunk_store(folder_);
  const auto pool = PoolId::random();
  const auto job = JobId::random();
  {
    const auto writer = *store->open_for_write(pool, job, ChunkId::random(), kNoBound);
    const auto written = writer->write(std::string(2'000'000, 'x'));
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().kind, ErrorKind::kStorageFull);
    EXPECT_EQ(written.error().public_message.find(folder_.string()), std::string::npos);
    EXPECT_FALSE(writer->finish().ok());
    EXPECT_FALSE(writer->keep().ok());
  }
  const auto writer = *store->open_for_write(pool, job, ChunkId::random(), kNoBound);
  EXPECT_TRUE(writer->write(std::string(500'000, 'x')).ok());
  EXPECT_TRUE(writer->finish().ok());
  EXPECT_TRUE(writer->keep().ok());
}

TEST_F(LocalChunkStoreFaults, AWriteThatTheSystemRefusesIsAnErrorAndLeavesNoChunk) {
  const auto child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1'000'000, 1'000'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto store = *open_local_chunk_store(folder_);
    auto writer = *store->open_for_write(PoolId::random(), JobId::random(), ChunkId::random(), kNoBound);
    const bool refused = !writer->write(std::string(2'000'000, 'x')).ok() && !writer->finish().ok();
    writer.reset();
    ::_exit(refused && count_files(folder_) == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

/// Kills a process at `place` while it keeps a chunk; returns the chunks that are found afterwards.
std::size_t chunks_after_death_at(const fs::path& folder, const char* place) {
  const auto pool = PoolId::random();
  const auto job = JobId::random();
  const auto child = ::fork();
  if (child == 0) {
    arm_failpoint(place);
    const auto store = *open_local_chunk_store(folder);
    const auto writer = *store->open_for_write(pool, job, ChunkId::random(), kNoBound);
    const bool ok = writer->write("bytes").ok() && writer->finish().ok() && writer->keep().ok();
    ::_exit(ok ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << place << " was not reached";
  const auto store = *open_local_chunk_store(folder);
  EXPECT_TRUE(store->remove_unfinished().ok());
  const auto kept = store->list(pool, job)->size();
  EXPECT_EQ(count_files(folder), kept) << place;
  EXPECT_TRUE(store->remove_job(pool, job).ok());
  return kept;
}

TEST_F(LocalChunkStoreFaults, AChunkIsThereExactlyWhenItsRenameHappened) {
  EXPECT_EQ(chunks_after_death_at(folder_, "chunk_store.write"), 0u);
  EXPECT_EQ(chunks_after_death_at(folder_, "chunk_store.keep.before_fsync"), 0u);
  EXPECT_EQ(chunks_after_death_at(folder_, "chunk_store.keep.before_rename"), 0u);
  EXPECT_EQ(chunks_after_death_at(folder_, "chunk_store.keep.after_rename"), 1u);
}

}  // namespace
}  // namespace adit
