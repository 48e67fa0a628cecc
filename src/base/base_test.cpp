#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/digest.h"
#include "base/file.h"
#include "base/id.h"
#include "base/metrics.h"

namespace adit {
namespace {

std::filesystem::path test_folder() {
  auto folder = std::filesystem::temp_directory_path() / ("adit-base-" + Uuid::random().to_string());
  std::filesystem::create_directories(folder);
  return folder;
}

TEST(Uuid, ReadsWhatItWrites) {
  const auto id = Uuid::random();
  EXPECT_EQ(Uuid::parse(id.to_string()), id);
  EXPECT_EQ(Uuid::parse("0890ED49-630d-487b-924b-23f33164f3b0")->to_string(),
            "0890ed49-630d-487b-924b-23f33164f3b0");
}

TEST(Uuid, RefusesEverythingElse) {
  for (const auto* text :
       {"", "0890ed49", "0890ed49-630d-487b-924b-23f33164f3b", "0890ed49630d-487b-924b-23f33164f3b0a",
        "0890ed49-630d-487b-924b-23f33164f3bg", "{890ed49-630d-487b-924b-23f33164f3b}"}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

TEST(Digest, AgreesWithTheStandardsExample) {
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Base64, RoundTripsAndIsStrict) {
  for (const std::string text : {"", "f", "fo", "foo", "foob"}) EXPECT_EQ(from_base64(to_base64(text)), text);
  EXPECT_FALSE(from_base64("Zg="));
  EXPECT_FALSE(from_base64("Z g="));
  EXPECT_FALSE(from_base64("Zg==\n"));
  EXPECT_FALSE(from_base64("Z==="));
}

TEST(File, ReplaceIsWholeAndPrivate) {
  const auto folder = test_folder();
  ASSERT_TRUE(replace_file(folder / "secret", "one", 0600));
  ASSERT_TRUE(replace_file(folder / "secret", "two", 0600));
  EXPECT_EQ(*read_file(folder / "secret", 100), "two");
  EXPECT_EQ(std::filesystem::status(folder / "secret").permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(read_file(folder / "secret", 2).error().kind, ErrorKind::kTooLarge);
  std::filesystem::remove_all(folder);
}

TEST(FileLock, ASecondHolderIsRefusedUntilTheFirstIsGone) {
  const auto folder = test_folder();
  {
    auto first = FileLock::acquire(folder / "lock");
    ASSERT_TRUE(first);
    EXPECT_EQ(FileLock::acquire(folder / "lock").error().kind, ErrorKind::kConflict);
  }
  EXPECT_TRUE(FileLock::acquire(folder / "lock"));
  std::filesystem::remove_all(folder);
}

TEST(FileLock, MadeByRootBelongsToTheOwnerOfItsFolder) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root makes files for others";
  const auto folder = test_folder();
  ASSERT_EQ(::chown(folder.c_str(), 65534, 65534), 0);
  ASSERT_TRUE(FileLock::acquire(folder / "lock"));
  struct stat made{};
  ASSERT_EQ(::stat((folder / "lock").c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, 65534U);
  std::filesystem::remove_all(folder);
}

TEST(Folders, ThatCanNotBeLookedAtAreAnErrorAndNoException) {
  const auto folder = test_folder();
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_FALSE(create_folders(folder / "loop" / "a" / "b"));
  std::filesystem::remove_all(folder);
}

TEST(Metrics, AreWrittenAsText) {
  Metrics metrics;
  metrics.jobs_finished.Add({{"status", "DONE"}}).Increment();
  EXPECT_NE(metrics.text().find("adit_jobs_finished_total{status=\"DONE\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace adit
