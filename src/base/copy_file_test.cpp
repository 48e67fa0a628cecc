#include "base/copy_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <limits>

#include "base/id.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr auto kAll = std::numeric_limits<std::uint64_t>::max();

class CopyFile : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    std::ofstream(source_) << "abc";
  }
  void TearDown() override { fs::remove_all(folder_); }
  static std::string content(const fs::path& file) { return *read_file(file, 1000); }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-copy-" + Uuid::random().to_string());
  const fs::path source_ = folder_ / "source";
  const fs::path target_ = folder_ / "target";
};

TEST_F(CopyFile, ACopyIsForItsOwnerAndHasTheDigestOfItsBytes) {
  const auto copied = copy_with_digest(source_, target_, kAll);
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->bytes, 3U);
  EXPECT_EQ(copied->sha256, sha256("abc"));
  EXPECT_EQ(content(target_), "abc");
  EXPECT_EQ(fs::status(target_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(*digest_of_file(target_), *copied);
}

TEST_F(CopyFile, NotMoreIsCopiedThanIsAskedFor) {
  const auto copied = copy_with_digest(source_, target_, 2);
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->sha256, sha256("ab"));
  EXPECT_EQ(content(target_), "ab");
}

TEST_F(CopyFile, NothingIsWrittenOverAndNoLinkFollowed) {
  std::ofstream(target_) << "mine";
  EXPECT_EQ(copy_with_digest(source_, target_, kAll).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(link_or_copy(source_, target_).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(content(target_), "mine");
  fs::create_symlink(folder_ / "elsewhere", folder_ / "link");
  EXPECT_FALSE(copy_with_digest(source_, folder_ / "link", kAll));
  EXPECT_FALSE(fs::exists(folder_ / "elsewhere"));
}

TEST_F(CopyFile, ASourceThatIsNotThereSaysSo) {
  EXPECT_EQ(copy_with_digest(folder_ / "none", target_, kAll).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(link_or_copy(folder_ / "none", target_).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(digest_of_file(folder_ / "none").error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(target_));
}

TEST_F(CopyFile, WhatTheWatchSaysEndsItAndNothingIsLeft) {
  const auto ended = copy_with_digest(source_, target_, kAll, [](std::uint64_t bytes) -> Result<void> {
    return bytes == 3 ? Result<void>(Error{ErrorKind::kCanceled, "enough"}) : Result<void>();
  });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().kind, ErrorKind::kCanceled);
  EXPECT_FALSE(fs::exists(target_));
}

TEST_F(CopyFile, ALinkIsASecondNameAndAnotherVolumeGetsACopy) {
  EXPECT_EQ(*link_or_copy(source_, target_), Placement::kLinked);
  EXPECT_EQ(fs::hard_link_count(source_), 2U);
  const fs::path elsewhere = fs::path("/dev/shm") / ("adit-copy-" + Uuid::random().to_string());
  struct stat here{};
  struct stat there{};
  if (::stat(folder_.c_str(), &here) != 0 || ::stat("/dev/shm", &there) != 0 || here.st_dev == there.st_dev)
    GTEST_SKIP() << "no second volume here";
  EXPECT_EQ(*link_or_copy(source_, elsewhere), Placement::kCopied);
  EXPECT_EQ(content(elsewhere), "abc");
  fs::remove(elsewhere);
}

}  // namespace
}  // namespace adit
