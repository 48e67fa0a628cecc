// Disk quotas over the real catalog and engine, without HTTP.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/set_clock.h"
#include "push/disk_quotas.h"

namespace adit {
namespace {

using namespace std::chrono_literals;

class DiskQuotaService : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    WarehouseOptions options;
    options.root = folder_ / "pools";
    options.chunks_root = folder_ / "chunks";
    warehouse_ = *open_duckdb_warehouse(options, {}, clock_, metrics_);
    const User user{UserId::random(), team_.id, "Admin", "admin@localhost", Role::kAdministrator};
    Key key;
    key.id = KeyId::random();
    key.team = team_.id;
    key.owner = subject_of(user.id);
    key.creator = user.id;
    ASSERT_TRUE(catalog_->found_team(team_, user, key));
    ASSERT_TRUE(catalog_->insert_pool({pool_, team_.id, "Pool", "", user.id.uuid(), clock_.now()}));
    quotas_ = std::make_unique<DiskQuotas>(*catalog_, *warehouse_, clock_, metrics_, 0);
  }
  void TearDown() override {
    quotas_.reset();
    warehouse_.reset();
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }

  void limit(std::uint64_t bytes) {
    ASSERT_TRUE(*catalog_->set_disk_quota(team_.id, pool_, {DiskQuotaKind::kOwn, bytes}));
  }
  Pool pool() { return **catalog_->find_pool(team_.id, pool_); }
  Result<std::unique_ptr<DiskReservation>> reserve(std::uint64_t least, std::uint64_t most = ~0ULL) {
    return quotas_->reserve(pool(), {least, most});
  }
  DiskUse use() { return **catalog_->find_disk_use(pool_); }
  /// As if something landed that now uses so many bytes by the catalog.
  void say_tables_use(std::uint64_t bytes) {
    ASSERT_TRUE(catalog_->record_table_bytes(pool_, bytes, use().table_changes));
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("adit-quota-" + Uuid::random().to_string());
  const Team team_{TeamId::random(), "team", "team", {.unlimited = true}};
  const PoolId pool_ = PoolId::random();
  SetClock clock_;
  Metrics metrics_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Warehouse> warehouse_;
  std::unique_ptr<DiskQuotas> quotas_;
};

TEST_F(DiskQuotaService, WithoutAQuotaNothingIsReserved) {
  EXPECT_EQ(*reserve(1ULL << 60), nullptr);
  EXPECT_TRUE(quotas_->check(pool()));
}

TEST_F(DiskQuotaService, ReservationsCountTogetherUntilTheyEnd) {
  limit(100);
  auto first = *reserve(60, 60);
  EXPECT_EQ(reserve(41).error().kind, ErrorKind::kStorageFull);
  EXPECT_NE(reserve(41).error().public_message.find("have reserved 60 bytes"), std::string::npos);
  auto second = *reserve(40, 40);
  first.reset();
  EXPECT_TRUE(second->hold(40));
  EXPECT_FALSE(second->hold(101));
  EXPECT_TRUE(second->hold(100));
  second.reset();
  EXPECT_TRUE(reserve(100));
  EXPECT_GE(metrics_.quota_refusals.Value(), 3);
}

TEST_F(DiskQuotaService, AnUploadThatTellsNothingGrowsInStepsAndTakesTheLastByte) {
  limit(1'000'000);
  auto upload = *reserve(0);
  EXPECT_TRUE(upload->hold(10));
  EXPECT_FALSE(reserve(900'000)) << "a step is held in advance";
  EXPECT_TRUE(upload->hold(1'000'000));
  EXPECT_FALSE(upload->hold(1'000'001));
  EXPECT_FALSE(reserve(0)) << "not a byte is left";
}

TEST_F(DiskQuotaService, HugeAnnouncementsDoNotWrapAround) {
  limit(100);
  EXPECT_FALSE(reserve(~0ULL));
  auto held = *reserve(60, 60);
  EXPECT_FALSE(reserve(~0ULL - 50));
}

TEST_F(DiskQuotaService, BeforeARefusalTheTablesAreLookedAt) {
  limit(100);
  say_tables_use(1'000);
  EXPECT_TRUE(quotas_->check(pool())) << "the pool has no file: the number was out of date";
  EXPECT_EQ(use().table_bytes, 0U);
}

TEST_F(DiskQuotaService, AClientThatIsRefusedAgainAndAgainDoesNotHaveTheEngineAskedEachTime) {
  limit(100);
  clock_.advance(1h);
  say_tables_use(1'000);
  EXPECT_TRUE(quotas_->check(pool()));
  say_tables_use(1'000);
  EXPECT_FALSE(quotas_->check(pool())) << "looked a moment ago";
  clock_.advance(2s);
  EXPECT_TRUE(quotas_->check(pool()));
}

TEST_F(DiskQuotaService, NobodyIsRefusedByANumberThatIsBeingReplaced) {
  limit(100);
  for (int round = 0; round < 10; ++round) {
    clock_.advance(1h);
    say_tables_use(1'000);
    std::atomic<int> refused = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) threads.emplace_back([&] { refused += quotas_->check(pool()) ? 0 : 1; });
    }
    EXPECT_EQ(refused, 0);
  }
}

TEST_F(DiskQuotaService, TheServersSettingIsForPoolsWithoutTheirOwn) {
  DiskQuotas with_default(*catalog_, *warehouse_, clock_, metrics_, 50);
  EXPECT_FALSE(with_default.reserve(pool(), {.least = 51}));
  EXPECT_TRUE(with_default.reserve(pool(), {.least = 50}));
  ASSERT_TRUE(*catalog_->set_disk_quota(team_.id, pool_, {DiskQuotaKind::kNone}));
  EXPECT_EQ(*with_default.reserve(pool(), {.least = 51}), nullptr);
}

TEST_F(DiskQuotaService, APoolThatIsGoneIsNotFound) {
  limit(100);
  const auto gone = pool();
  ASSERT_TRUE(catalog_->delete_pool(team_.id, pool_, clock_.now()));
  ASSERT_TRUE(catalog_->erase_pool(pool_, 100));
  EXPECT_EQ(quotas_->check(gone).error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace adit
