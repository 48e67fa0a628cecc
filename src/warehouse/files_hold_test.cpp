// A pool's files copied while it works.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <limits>

#include "base/copy_file.h"
#include "warehouse/pool_files.h"
#include "warehouse/warehouse_fixture.h"

namespace adit {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

class FilesHeld : public WarehouseTest {
 protected:
  fs::path folder_of(PoolId pool) const { return folder_ / "pools" / pool.to_string(); }
  /// Rows enough that they are written into the main file before their commit.
  void land_blocks(int first) {
    job("blocks", JobType::kDelta)
        .parquet("SELECT range + " + std::to_string(first) + " AS a FROM range(250000)")
        .land();
  }
  void copy(const FilesHold& hold, const fs::path& file, const fs::path& target) {
    const bool main = file.extension() == ".db";
    constexpr auto kAll = std::numeric_limits<std::uint64_t>::max();
    const auto copied = main && hold.main_file() != nullptr
                            ? copy_with_digest(OpenFile{*hold.main_file(), file}, target, kAll)
                            : copy_with_digest(file, target, kAll);
    EXPECT_TRUE(copied) << copied.error().internal_detail;
  }
  /// Whether another process would find the file locked. It is made without what libraries want done at a
  /// fork(): the engine's allocator would take all of its locks, which are more than ThreadSanitizer can
  /// follow.
  static bool is_locked(const fs::path& file) {
    const auto child = ::_Fork();
    if (child == 0) {
      const FileHandle handle(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
      struct flock lock{};
      lock.l_type = F_RDLCK;
      lock.l_whence = SEEK_SET;
      ::_exit(::fcntl(handle.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
};

TEST_F(FilesHeld, TheCopyIsWhatWasCommittedWhenTheLogWasCopiedAndWorkGoesOn) {
  land_blocks(0);
  ASSERT_TRUE(warehouse_->checkpoint(pool_));
  auto hold = warehouse_->hold_files(pool_);
  ASSERT_TRUE(hold) << hold.error().internal_detail;
  EXPECT_FALSE(warehouse_->checkpoint(pool_)) << "also beside nothing else";
  land_blocks(1'000'000);
  job("t").csv("a\n1\n").land();
  const auto refused = warehouse_->checkpoint(pool_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  const auto other = PoolId::random();
  fs::create_directories(folder_of(other));
  const auto files = pool_files(folder_of(pool_));
  ASSERT_EQ(files.size(), 2U);
  for (const auto& file : files) {
    copy(**hold, file, folder_of(other) / file.filename());
    land_blocks(file == files.front() ? 2'000'000 : 3'000'000);
  }
  EXPECT_TRUE((*hold)->end());
  EXPECT_TRUE(warehouse_->checkpoint(pool_));
  EXPECT_EQ(rows("SELECT count(*) FROM blocks"), Lines{"1000000"});
  const auto copied = all_rows(*warehouse_, other, {.sql = "SELECT count(DISTINCT blocks.a) FROM blocks, t"});
  ASSERT_TRUE(copied) << copied.error().internal_detail;
  EXPECT_EQ(text(copied->rows[0][0]), "500000");
  const auto read = all_rows(*warehouse_, other, {.sql = "SELECT max(a), bit_xor(hash(a)) FROM blocks"});
  ASSERT_TRUE(read) << read.error().internal_detail;
  EXPECT_EQ(text(read->rows[0][0]), "1249999");
}

TEST_F(FilesHeld, TheEnginesLockOnTheFileStays) {
  job("t").csv("a\n1\n").land();
  const auto file = folder_of(pool_) / "pool.db";
  ASSERT_TRUE(is_locked(file));
  for (const auto* copy_name : {"first", "second"}) {
    auto hold = warehouse_->hold_files(pool_);
    ASSERT_TRUE(hold);
    copy(**hold, file, folder_ / copy_name);
    EXPECT_TRUE((*hold)->end());
    EXPECT_TRUE(is_locked(file)) << copy_name;
  }
}

TEST_F(FilesHeld, AHoldThatNobodyEndsEndsWithItsOwner) {
  job("t").csv("a\n1\n").land();
  {
    ASSERT_TRUE(warehouse_->hold_files(pool_));
  }
  EXPECT_TRUE(warehouse_->checkpoint(pool_));
}

/// A chunk's file that is not what was acknowledged is not read.
TEST_F(FilesHeld, ADamagedChunkIsAnErrorOfTheChunk) {
  auto pushed = job("t").csv("a\n1\n");
  auto chunk = pushed.plan().chunks.back();
  const auto whole = digest_of_file(chunk.path);
  ASSERT_TRUE(whole);
  chunk.stored = *whole;
  chunk.stored->sha256[7] ^= 1;
  const auto changed = warehouse_->stage(pushed.plan().stage, chunk, {});
  ASSERT_TRUE(changed);
  ASSERT_EQ(changed->errors.size(), 1U);
  EXPECT_NE(changed->errors[0].message.find("no longer those"), std::string::npos);
  chunk.stored = {whole->bytes + 1, whole->sha256};
  const auto cut = warehouse_->stage(pushed.plan().stage, chunk, {});
  ASSERT_TRUE(cut);
  ASSERT_EQ(cut->errors.size(), 1U);
  EXPECT_NE(cut->errors[0].message.find("it has 4 of 5 bytes"), std::string::npos) << cut->errors[0].message;
  chunk.stored = *whole;
  const auto staged = warehouse_->stage(pushed.plan().stage, chunk, {});
  ASSERT_TRUE(staged);
  EXPECT_TRUE(staged->errors.empty());
}

}  // namespace
}  // namespace adit
