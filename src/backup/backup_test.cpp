// What ends a backup, or a part of it, while it is made.
#include "backup/backup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/file.h"
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// A stopped installation with one pool. Its file is no engine's: a backup copies it and does not look into
/// it.
class TakeBackup : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(source_.layout.pool(pool_.id));
    fs::create_directories(source_.layout.chunks());
    auto catalog = open_sqlite_catalog(source_.layout.catalog());
    ASSERT_TRUE(catalog) << catalog.error().internal_detail;
    ASSERT_TRUE((*catalog)->found_team(team_, user_, key_));
    ASSERT_TRUE((*catalog)->insert_pool(pool_));
    std::ofstream(source_.layout.pool(pool_.id) / "pool.db") << std::string(10 << 20, 'x');
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<BackupManifest> take(const BackupWatch& watch = {}) {
    return take_backup(source_, target_, clock_, watch);
  }
  static bool has_pool(const BackupManifest& manifest) {
    return std::ranges::any_of(manifest.files,
                               [](const auto& file) { return file.path.starts_with("pools/"); });
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-backup-" + Uuid::random().to_string());
  const fs::path target_ = folder_ / "backup";
  const Team team_{TeamId::random(), "Team", "team", {.unlimited = true}};
  const User user_{UserId::random(), team_.id, "Ada", "ada@example.org", Role::kAdministrator};
  const Key key_{KeyId::random(), team_.id, subject_of(user_.id), user_.id, "first", sha256("secret"), {}};
  const Pool pool_{PoolId::random(), team_.id, "Pool", "", user_.id.uuid(), {}};
  BackupSource source_{.layout = {folder_ / "data"}};
  SystemClock clock_;
};

TEST_F(TakeBackup, HasThePool) {
  const auto taken = take();
  ASSERT_TRUE(taken) << taken.error().internal_detail;
  EXPECT_TRUE(has_pool(*taken));
}

TEST_F(TakeBackup, APoolThatIsDeletedMeanwhileIsLetGoAtOnce) {
  bool deleted = false;
  source_.is_deleted = [&](PoolId) { return deleted; };
  const auto taken = take([&](const BackupProgress& progress) -> Result<void> {
    // In the middle of the file.
    if (progress.doing == "pools" && progress.bytes > 0 && !deleted) {
      EXPECT_LT(progress.bytes, 10U << 20);
      deleted = true;
      auto catalog = open_sqlite_catalog(source_.layout.catalog());
      EXPECT_TRUE(catalog && (*catalog)->delete_pool(team_.id, pool_.id, clock_.now()));
    }
    return {};
  });
  EXPECT_TRUE(deleted);
  ASSERT_TRUE(taken) << taken.error().internal_detail;
  EXPECT_FALSE(has_pool(*taken));
  EXPECT_EQ(taken->pools, 0U);
  EXPECT_FALSE(fs::exists(target_ / "pools" / pool_.id.to_string()));
}

/// By a client that chooses ids. What was in the first one is erased; the second's jobs have their chunks.
TEST_F(TakeBackup, APoolThatIsMadeAgainWithItsIdMeanwhileIsNotGivenTheFilesOfTheFirst) {
  // Right before the catalog is copied.
  source_.pause_removals = [&] {
    EXPECT_TRUE(fs::exists(target_ / "pools" / pool_.id.to_string() / "pool.db"));
    auto again = pool_;
    again.created = clock_.now();
    auto catalog = open_sqlite_catalog(source_.layout.catalog());
    EXPECT_TRUE((*catalog)->delete_pool(team_.id, pool_.id, clock_.now()));
    EXPECT_TRUE((*catalog)->erase_pool(pool_.id, 100));
    EXPECT_TRUE((*catalog)->insert_pool(again));
    return RemovalPause();
  };
  const auto taken = take();
  ASSERT_TRUE(taken) << taken.error().internal_detail;
  EXPECT_FALSE(has_pool(*taken));
  EXPECT_EQ(taken->pools, 0U);
  EXPECT_FALSE(fs::exists(target_ / "pools" / pool_.id.to_string()));
}

TEST_F(TakeBackup, AnExceptionOfTheStandardLibraryIsAFailedBackup) {
  const auto taken = take([](const BackupProgress&) -> Result<void> {
    throw fs::filesystem_error("no such device", std::make_error_code(std::errc::io_error));
  });
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::kInternal);
  EXPECT_FALSE(fs::exists(target_));
}

}  // namespace
}  // namespace adit
