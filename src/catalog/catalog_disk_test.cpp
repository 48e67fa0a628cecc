// What every catalog promises of disk quotas.
#include <atomic>
#include <thread>

#include "catalog/catalog_contract.h"

namespace adit {
namespace {

class DiskContract : public CatalogContract {
 protected:
  DiskUse use() { return **catalog().find_disk_use(pool_.id); }
  void limit(std::uint64_t bytes) {
    ASSERT_TRUE(*catalog().set_disk_quota(team_.id, pool_.id, {DiskQuotaKind::kOwn, bytes}));
  }
  Result<std::vector<Chunk>> add(const Job& job, std::uint64_t bytes, std::uint64_t default_bytes = 0) {
    return catalog().insert_chunks(job.id, {new_chunk(bytes)}, nullptr, default_bytes);
  }
  std::vector<PoolId> changed() {
    std::vector<PoolId> pools;
    for (const auto& use : *catalog().list_changed_pools(10)) pools.push_back(use.pool);
    return pools;
  }
};

TEST_P(DiskContract, AQuotaIsASettingOfThePool) {
  EXPECT_EQ(use().quota, DiskQuota());
  limit(500);
  reopen();
  EXPECT_EQ(use().quota, (DiskQuota{DiskQuotaKind::kOwn, 500}));
  EXPECT_EQ((*catalog().find_pool(team_.id, pool_.id))->quota.bytes_max, 500U);
  ASSERT_TRUE(*catalog().set_disk_quota(team_.id, pool_.id, {DiskQuotaKind::kNone}));
  EXPECT_EQ((*catalog().find_pool(team_.id, pool_.id))->quota.kind, DiskQuotaKind::kNone) << "not remembered";
  EXPECT_FALSE(*catalog().set_disk_quota(TeamId::random(), pool_.id, {})) << "another team's pool";
  EXPECT_EQ((*catalog().list_disk_use(team_.id)).front().quota.kind, DiskQuotaKind::kNone);
}

TEST_P(DiskContract, ChunksCountAsLongAsTheirFilesAreKept) {
  const auto job = new_job();
  const auto first = (*add(job, 100)).front();
  ASSERT_TRUE(add(job, 20).ok());
  const auto other = new_job("OTHER");
  ASSERT_TRUE(add(other, 3).ok());
  EXPECT_EQ(use().chunk_bytes, 123U);
  ASSERT_TRUE(catalog().remove_chunk(job.id, first.id, at(0)).ok());
  EXPECT_EQ(use().chunk_bytes, 23U);
  ASSERT_TRUE(catalog().forget_chunk_files(other.id).ok());
  ASSERT_TRUE(catalog().forget_chunk_files(other.id).ok()) << "once more changes nothing";
  reopen();
  EXPECT_EQ(use().chunk_bytes, 20U);
  move_to(other, JobStatus::kDone);
  EXPECT_EQ(*catalog().forget_history(at(1'000'000), 10), 1U);
  EXPECT_EQ(use().chunk_bytes, 20U);
}

TEST_P(DiskContract, ChunksThatDoNotFitAreRefusedWholeAndTheReasonSaysHowToMendIt) {
  limit(100);
  const auto job = new_job();
  ASSERT_TRUE(add(job, 60).ok());
  const auto refused = catalog().insert_chunks(job.id, {new_chunk(20), new_chunk(21)});
  ASSERT_EQ(refused.error().kind, ErrorKind::kStorageFull);
  const auto& message = refused.error().public_message;
  for (const auto* part : {"\"Pool\"", "quota of 100 bytes", "uses 60 bytes", "60 bytes of chunks",
                           "0 bytes of tables", "Another 41 bytes do not fit", "Truncate or drop tables"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
  EXPECT_NE(message.find("adit pool quota " + pool_.id.to_string() + " --max"), std::string::npos) << message;
  EXPECT_EQ(find(job)->chunks, 1U);
  EXPECT_TRUE(catalog().insert_chunks(job.id, {new_chunk(20), new_chunk(20)}).ok()) << "exactly full";
  EXPECT_FALSE(add(job, 1).ok());
  limit(101);
  EXPECT_TRUE(add(job, 1).ok());
}

TEST_P(DiskContract, TheServersSettingHoldsForPoolsWithoutTheirOwn) {
  const auto job = new_job();
  EXPECT_TRUE(add(job, 10, 10).ok());
  EXPECT_EQ(add(job, 1, 10).error().kind, ErrorKind::kStorageFull);
  ASSERT_TRUE(*catalog().set_disk_quota(team_.id, pool_.id, {DiskQuotaKind::kNone}));
  EXPECT_TRUE(add(job, 1, 10).ok());
  limit(12);
  EXPECT_TRUE(add(job, 1, 10).ok());
  EXPECT_FALSE(add(job, 1, 10).ok());
}

TEST_P(DiskContract, TablesCountAsTheyWereLastLookedAt) {
  limit(100);
  EXPECT_FALSE(use().table_bytes.has_value());
  ASSERT_TRUE(catalog().record_table_bytes(pool_.id, 95, use().table_changes).ok());
  EXPECT_EQ(add(new_job(), 6).error().kind, ErrorKind::kStorageFull);
  EXPECT_TRUE(add(new_job(), 5).ok());
  EXPECT_EQ(*catalog().count_full_pools(0), 1U);
  ASSERT_TRUE(catalog().record_table_bytes(pool_.id, 84, use().table_changes).ok());
  EXPECT_EQ(*catalog().count_full_pools(0), 0U);
}

TEST_P(DiskContract, WhatStagesAndLandsAsksForALook) {
  EXPECT_TRUE(changed().empty());
  const auto job = new_job();
  auto chunk = (*add(job, 10)).front();
  EXPECT_TRUE(changed().empty()) << "nothing is staged yet";
  chunk.state = ChunkState::kStaged;
  chunk.rows = 3;
  ASSERT_TRUE(catalog().update_chunk(chunk, at(0)).ok());
  EXPECT_EQ(changed(), std::vector{pool_.id});
  const auto seen = use();
  EXPECT_TRUE(seen.changed_since);
  ASSERT_TRUE(catalog().record_table_bytes(pool_.id, 1, seen.table_changes).ok());
  EXPECT_TRUE(changed().empty());
  move_to(job, JobStatus::kDone);
  reopen();
  EXPECT_EQ(changed(), std::vector{pool_.id}) << "also after the end of the process";
  const auto later = use();
  ASSERT_TRUE(catalog().record_table_bytes(pool_.id, 2, later.table_changes).ok());
  ASSERT_TRUE(catalog().record_table_bytes(pool_.id, 3, seen.table_changes).ok());
  EXPECT_EQ(use().table_bytes, 2U) << "a look that began before is older";
}

TEST_P(DiskContract, TwoProcessesStayBelowItTogether) {
  limit(100);
  auto other = *GetParam().open(folder_);
  std::vector<Job> jobs;
  for (int i = 0; i < 20; ++i) jobs.push_back(new_job("T" + std::to_string(i)));
  std::atomic<int> kept = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      threads.emplace_back([&, i] {
        auto& process = i % 2 == 0 ? catalog() : *other;
        kept += process.insert_chunks(jobs[i].id, {new_chunk(15)}).ok() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(kept, 6);
  EXPECT_EQ(use().chunk_bytes, 90U);
}

INSTANTIATE_TEST_SUITE_P(All, DiskContract,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace adit
