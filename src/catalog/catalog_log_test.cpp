#include "catalog/catalog_log.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "catalog/catalog.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// A catalog whose process was killed, so that its log has everything.
class CatalogLog : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    const auto child = ::fork();
    if (child == 0) {
      const auto catalog = open_sqlite_catalog(file_);
      const Team team{TeamId::random(), "t", "t"};
      const User user{UserId::random(), team.id, "u", "e", Role::kAdministrator};
      const bool founded =
          catalog.ok() &&
          (*catalog)
              ->found_team(team, user, {KeyId::random(), team.id, subject_of(user.id), user.id, "k"})
              .ok() &&
          (*catalog)->insert_pool({PoolId::random(), team.id, "first", "", user.id.uuid(), {}}).ok() &&
          (*catalog)->insert_pool({PoolId::random(), team.id, "last", "", user.id.uuid(), {}}).ok();
      if (founded) ::kill(::getpid(), SIGKILL);
      ::_exit(1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    bytes_ = fs::file_size(log_);
    ASSERT_GT(bytes_, 3 * 4120U);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void flip(std::uint64_t offset) const {
    std::fstream stream(log_, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    const auto byte = static_cast<char>(stream.get() ^ 0x04);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(byte);
  }
  std::optional<CatalogLogDamage> damage() const { return *find_log_damage(file_); }
  std::size_t kept() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder_))
      count += entry.path().filename().string().starts_with("catalog.db-wal.damaged-") ? 1 : 0;
    return count;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-log-" + Uuid::random().to_string());
  const fs::path file_ = folder_ / "catalog.db";
  const fs::path log_ = folder_ / "catalog.db-wal";
  std::uint64_t bytes_ = 0;
};

TEST_F(CatalogLog, OfAKilledProcessIsWholeAndStaysSoWhenItIsCut) {
  EXPECT_FALSE(damage());
  // What a crash leaves: a commit that did not get to its end.
  for (const auto less : {1, 100, 4096, 4119, 4120, 5000}) {
    fs::resize_file(log_, bytes_ - static_cast<std::uint64_t>(less));
    EXPECT_FALSE(damage()) << less;
  }
  fs::remove(log_);
  EXPECT_FALSE(damage());
}

TEST_F(CatalogLog, HasNoBitBeforeItsLastFrameThatCouldTurnUnseen) {
  for (std::uint64_t at = 0; at < bytes_ - 4120; at += at < 60 ? 1 : 997) {
    flip(at);
    const auto found = damage();
    ASSERT_TRUE(found.has_value()) << at;
    EXPECT_LE(found->at_byte, at);
    EXPECT_GE(found->commits_lost, 1U);
    flip(at);
  }
  EXPECT_FALSE(damage());
}

TEST_F(CatalogLog, IsKeptOnceWhenItIsDamagedAndTheCatalogOpens) {
  flip(bytes_ - 4120 - 2000);
  ASSERT_TRUE(keep_damaged_log(file_).ok());
  const auto catalog = open_sqlite_catalog(file_);
  ASSERT_TRUE(catalog.ok());
  EXPECT_EQ(kept(), 1U);
  EXPECT_TRUE((*catalog)->find_team()->has_value());
}

}  // namespace
}  // namespace adit
