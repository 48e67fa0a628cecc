// What every catalog promises of pools' ends, of data sources and of table changes.
#include <algorithm>

#include "catalog/catalog_contract.h"

namespace adit {
namespace {

using CatalogAroundPush = CatalogContract;

INSTANTIATE_TEST_SUITE_P(All, CatalogAroundPush,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

TEST_P(CatalogAroundPush, APoolIsRenamed) {
  auto changed = pool_;
  changed.name = "Other";
  changed.description = "another use";
  EXPECT_TRUE(*catalog().update_pool(changed));
  EXPECT_EQ((*catalog().find_pool(team_.id, pool_.id))->name, "Other");
  changed.team = TeamId::random();
  EXPECT_FALSE(*catalog().update_pool(changed));
}

TEST_P(CatalogAroundPush, PoolsComeInPages) {
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(
        catalog().insert_pool({PoolId::random(), team_.id, "p", "", user_.id.uuid(), at(i + 1)}).ok());
  const auto first = catalog().list_pools(team_.id, 2, 0);
  const auto last = catalog().list_pools(team_.id, 2, 4);
  EXPECT_EQ(first->total, 5U);
  EXPECT_EQ(first->pools.size(), 2U);
  EXPECT_EQ(first->pools[0].id, pool_.id);
  EXPECT_EQ(last->pools.size(), 1U);
  EXPECT_TRUE(catalog().list_pools(team_.id, 2, ~0ULL)->pools.empty());
}

TEST_P(CatalogAroundPush, ADeletedPoolIsHiddenUntilItIsErasedWithAllThatIsInIt) {
  const auto job = new_job_with_chunk();
  const DataSource source{DataSourceId::random(), pool_.id, "erp", "SAP", at(1)};
  ASSERT_TRUE(catalog().insert_data_source(source).ok());
  EXPECT_EQ(catalog().delete_pool(TeamId::random(), pool_.id, at(5)).error().kind, ErrorKind::kNotFound);
  const auto canceled = catalog().delete_pool(team_.id, pool_.id, at(5));
  ASSERT_TRUE(canceled.ok());
  EXPECT_EQ(*canceled, std::vector{job.id});
  EXPECT_EQ(find(job)->status, JobStatus::kCanceled);
  EXPECT_FALSE(catalog().find_pool(team_.id, pool_.id)->has_value());
  EXPECT_TRUE(catalog().list_pools(team_.id)->empty());
  EXPECT_EQ(catalog().insert_pool(pool_).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(catalog().delete_pool(team_.id, pool_.id, at(6)).error().kind, ErrorKind::kNotFound);
  reopen();
  EXPECT_EQ(*catalog().list_deleted_pools(), std::vector{pool_.id});
  ASSERT_TRUE(catalog().erase_pool(pool_.id, 100).ok());
  EXPECT_TRUE(catalog().list_deleted_pools()->empty());
  EXPECT_TRUE(catalog().list_chunks(job.id)->empty());
  EXPECT_TRUE(catalog().insert_pool(pool_).ok());
  EXPECT_TRUE(catalog().list_data_sources(pool_.id)->empty());
  EXPECT_FALSE(find(job, true).has_value());
}

TEST_P(CatalogAroundPush, APoolOfManyJobsIsErasedInPieces) {
  std::vector<Job> jobs;
  for (int i = 0; i < 5; ++i) jobs.push_back(new_job_with_chunk());
  ASSERT_TRUE(catalog().delete_pool(team_.id, pool_.id, at(5)).ok());
  const auto jobs_left = [&] {
    return std::ranges::count_if(jobs, [&](const Job& job) { return find(job, true).has_value(); });
  };
  EXPECT_TRUE(*catalog().erase_pool(pool_.id, 2));
  EXPECT_EQ(jobs_left(), 3);
  EXPECT_EQ(*catalog().list_deleted_pools(), std::vector{pool_.id});
  EXPECT_EQ(catalog().insert_pool(pool_).error().kind, ErrorKind::kConflict);
  reopen();
  EXPECT_TRUE(*catalog().erase_pool(pool_.id, 2));
  EXPECT_FALSE(*catalog().erase_pool(pool_.id, 2));
  EXPECT_EQ(jobs_left(), 0);
  EXPECT_TRUE(catalog().list_deleted_pools()->empty());
  ASSERT_TRUE(catalog().insert_pool(pool_).ok());
  const auto job = new_job();
  EXPECT_FALSE(*catalog().erase_pool(pool_.id, 2)) << "it is a new pool";
  EXPECT_TRUE(find(job).has_value());
}

TEST_P(CatalogAroundPush, OnlyADeletedPoolIsErased) {
  const auto job = new_job_with_chunk();
  const DataSource source{DataSourceId::random(), pool_.id, "erp", "SAP", at(1)};
  ASSERT_TRUE(catalog().insert_data_source(source).ok());
  const Grant grant{team_.id, subject_of(user_.id), pool_.id, Permission::kManageDataPool};
  ASSERT_TRUE(catalog().insert_grant(grant).ok());
  ASSERT_TRUE(catalog().erase_pool(pool_.id, 100).ok());
  EXPECT_TRUE(catalog().find_pool(team_.id, pool_.id)->has_value());
  EXPECT_TRUE(find(job).has_value());
  EXPECT_EQ(catalog().list_chunks(job.id)->size(), 1u);
  EXPECT_EQ(catalog().list_data_sources(pool_.id)->size(), 1u);
  EXPECT_EQ(catalog().list_grants(team_.id, pool_.id)->size(), 1u);
}

TEST_P(CatalogAroundPush, APoolWhoseJobsRunIsNotDeleted) {
  const auto queued = queued_job("A");
  const auto refused = catalog().delete_pool(team_.id, pool_.id, at(5));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_NE(refused.error().public_message.find(queued.id.to_string()), std::string::npos);
  ASSERT_TRUE(claim());
  EXPECT_EQ(catalog().delete_pool(team_.id, pool_.id, at(5)).error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(move_to(queued, JobStatus::kDone));
  EXPECT_TRUE(catalog().delete_pool(team_.id, pool_.id, at(5)).ok());
}

TEST_P(CatalogAroundPush, ADataSourcesNameIsUniqueInItsPoolWhateverItsCase) {
  const DataSource source{DataSourceId::random(), pool_.id, "Größe", "SAP", at(1)};
  ASSERT_TRUE(catalog().insert_data_source(source).ok());
  auto other = source;
  EXPECT_EQ(catalog().insert_data_source(other).error().kind, ErrorKind::kConflict);
  other.id = DataSourceId::random();
  other.name = "GRÖSSE";
  EXPECT_EQ(catalog().insert_data_source(other).error().kind, ErrorKind::kConflict);
  const auto found = catalog().find_data_source(pool_.id, source.id);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->name, "Größe");
  EXPECT_EQ((*found)->type, "SAP");
  EXPECT_FALSE(catalog().find_data_source(PoolId::random(), source.id)->has_value());
  EXPECT_FALSE(*catalog().delete_data_source(PoolId::random(), source.id, 0));
  EXPECT_TRUE(*catalog().delete_data_source(pool_.id, source.id, 0));
  EXPECT_TRUE(catalog().insert_data_source(other).ok());
}

TEST_P(CatalogAroundPush, ATableChangeStandsInTheLineOfItsTable) {
  const auto before = queued_job("Orders");
  Job change;
  change.id = JobId::random();
  change.pool = pool_.id;
  change.spec.target_name = "ORDERS";
  change.spec.change = TableChange{TableChangeKind::kDelete, "id = 'x'"};
  change.created = change.modified = at(10);
  const auto queued = catalog().queue_table_change(change);
  ASSERT_TRUE(queued.ok());
  EXPECT_EQ(queued->status, JobStatus::kQueued);
  EXPECT_GT(queued->execute_order, before.execute_order);
  const auto after = queued_job("orders");

  EXPECT_FALSE(find(change).has_value());
  EXPECT_TRUE(find(change, true).has_value());
  for (const auto& expected : {before.id, change.id, after.id}) {
    const auto next = claim();
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(next->id, expected);
    EXPECT_FALSE(claim().has_value());
    ASSERT_TRUE(move_to(*next, JobStatus::kDone));
  }
  EXPECT_EQ(landed_jobs(), (std::vector{before.id, change.id, after.id}));
  EXPECT_EQ(find(change, true)->spec.change->predicate, "id = 'x'");
  ASSERT_TRUE(catalog().forget_chunk_files(change.id).ok());
  EXPECT_EQ(find(change, true)->spec.change->predicate, "");
  EXPECT_EQ(landed_jobs(), (std::vector{before.id, after.id}));
}

TEST_P(CatalogAroundPush, ATableChangeOfADeletedPoolIsRefused) {
  ASSERT_TRUE(catalog().delete_pool(team_.id, pool_.id, at(5)).ok());
  Job change;
  change.id = JobId::random();
  change.pool = pool_.id;
  change.spec.target_name = "t";
  change.spec.change = TableChange{TableChangeKind::kDrop, ""};
  EXPECT_EQ(catalog().queue_table_change(change).error().kind, ErrorKind::kNotFound);
}

}  // namespace
}  // namespace adit
