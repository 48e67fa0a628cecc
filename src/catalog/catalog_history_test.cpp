// What every catalog promises of the history of jobs and of jobs that nobody goes on with.
#include "catalog/catalog_contract.h"

namespace adit {
namespace {

class CatalogHistory : public CatalogContract {
 protected:
  static std::vector<JobId> ids(const std::vector<Job>& jobs) {
    std::vector<JobId> result;
    for (const auto& job : jobs) result.push_back(job.id);
    return result;
  }
  std::vector<JobId> history(const HistoryFilter& filter) {
    return ids(catalog().list_history(pool_.id, filter, std::nullopt, 100)->jobs);
  }
  Job table_change(TableChangeKind kind, const std::string& table) {
    Job job;
    job.id = JobId::random();
    job.pool = pool_.id;
    job.spec.target_name = table;
    job.spec.change = TableChange{kind, "name = 'Ada'"};
    job.creator = creator_;
    job.created = job.modified = at(++ticks_);
    return *catalog().queue_table_change(job);
  }
  /// DONE at 3000, with one chunk, whose file is gone.
  Job old_job() {
    const auto job = queued_job();
    move_to(job, JobStatus::kDone, at(3000));
    EXPECT_TRUE(catalog().forget_chunk_files(job.id).ok());
    return job;
  }
  const JobCreator creator_{user_.id, key_.id};
};

INSTANTIATE_TEST_SUITE_P(All, CatalogHistory,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

TEST_P(CatalogHistory, ADeletedJobStaysInItWithTheTimeOfItsDeletion) {
  const auto job = queued_job();
  move_to(job, JobStatus::kDone);
  EXPECT_FALSE(find(job)->deleted_at.has_value());
  ASSERT_TRUE(*catalog().delete_job(job.id, at(4000)));
  ASSERT_FALSE(*catalog().delete_job(job.id, at(5000)));
  const auto page = catalog().list_history(pool_.id, {}, std::nullopt, 10);
  ASSERT_EQ(page->jobs.size(), 1u);
  EXPECT_EQ(page->jobs[0].deleted_at, at(4000));
  EXPECT_FALSE(page->next.has_value());
}

TEST_P(CatalogHistory, PagesNewestFirstWithoutGapOrRepetitionWhileJobsComeAndGo) {
  std::vector<JobId> created;
  for (int i = 0; i < 7; ++i) {
    if (i % 2 == 1) --ticks_;  // it shares its millisecond with the one before
    created.push_back(new_job().id);
  }
  std::vector<JobId> seen;
  std::optional<HistoryCursor> cursor;
  do {
    const auto page = catalog().list_history(pool_.id, {}, cursor, 2);
    ASSERT_TRUE(page.ok());
    for (const auto& job : page->jobs) seen.push_back(job.id);
    cursor = page->next;
    ticks_ += 10;
    new_job();  // newer than every page to come
  } while (cursor);
  EXPECT_EQ(seen, std::vector<JobId>(created.rbegin(), created.rend()));
}

TEST_P(CatalogHistory, FiltersByStatusTableTypeKindTimeAndDeletion) {
  const auto done = queued_job("Orders");
  move_to(done, JobStatus::kDone);
  const auto failed = queued_job("other");
  move_to(failed, JobStatus::kError);
  const auto fresh = new_job("ORDERS");
  const auto dropped = table_change(TableChangeKind::kDrop, "orders");
  const auto emptied = table_change(TableChangeKind::kTruncate, "third");
  ASSERT_TRUE(*catalog().delete_job(done.id, at(4000)));
  using Ids = std::vector<JobId>;
  EXPECT_EQ(history({.status = JobStatus::kDone}), Ids{done.id});
  EXPECT_EQ(history({.status = JobStatus::kError}), Ids{failed.id});
  EXPECT_EQ(history({.status = JobStatus::kNew, .target_name = "orders"}), Ids{fresh.id});
  EXPECT_EQ(history({.target_name = "oRDERS"}), (Ids{dropped.id, fresh.id, done.id}));
  EXPECT_EQ(history({.type = JobType::kDelta}), (Ids{fresh.id, failed.id, done.id}));
  EXPECT_EQ(history({.type = JobType::kReplace}), Ids{});
  EXPECT_EQ(history({.kind = HistoryKind::kPush}), (Ids{fresh.id, failed.id, done.id}));
  EXPECT_EQ(history({.kind = HistoryKind::kTableChange}), (Ids{emptied.id, dropped.id}));
  EXPECT_EQ(history({.kind = HistoryKind::kDrop}), Ids{dropped.id});
  EXPECT_EQ(history({.kind = HistoryKind::kDelete}), Ids{});
  EXPECT_EQ(history({.deleted = true}), Ids{done.id});
  EXPECT_EQ(history({.deleted = false}), (Ids{emptied.id, dropped.id, fresh.id, failed.id}));
  EXPECT_EQ(history({.from = fresh.created, .before = emptied.created}), (Ids{dropped.id, fresh.id}));
  EXPECT_EQ(catalog().list_history(PoolId::random(), {}, std::nullopt, 10)->jobs.size(), 0u);
}

TEST_P(CatalogHistory, KnowsWhoMadeAJob) {
  Job job;
  job.id = JobId::random();
  job.pool = pool_.id;
  job.creator = creator_;
  ASSERT_TRUE(catalog().insert_job(job).ok());
  EXPECT_EQ(find(job)->creator, creator_);
  EXPECT_EQ(find(table_change(TableChangeKind::kDrop, "t"), true)->creator, creator_);
  EXPECT_EQ(find(new_job())->creator, std::nullopt);
}

TEST_P(CatalogHistory, TextsOfSqlAreForgottenWithTheChunkFiles) {
  const auto with_query = queued_job_for({"T", {}, "DELETE FROM t WHERE name = 'Ada'"});
  move_to(with_query, JobStatus::kDone);
  const auto change = table_change(TableChangeKind::kDelete, "t");
  move_to(change, JobStatus::kDone);
  EXPECT_TRUE(find(with_query)->chunk_files_kept);
  for (const auto& job : {with_query, change}) ASSERT_TRUE(catalog().forget_chunk_files(job.id).ok());
  EXPECT_EQ(find(with_query)->spec.post_execution_query, std::nullopt);
  EXPECT_FALSE(find(with_query)->chunk_files_kept);
  EXPECT_EQ(find(change, true)->spec.change->predicate, "");
}

TEST_P(CatalogHistory, OnlyEndedJobsWithoutFilesAreForgottenTheOldestFirst) {
  const auto waiting = new_job_with_chunk();
  const auto old = old_job();
  const auto older = old_job();
  const auto with_files = queued_job();
  move_to(with_files, JobStatus::kDone, at(3000));
  EXPECT_EQ(*catalog().forget_history(at(3000), 10), 0u);
  EXPECT_EQ(*catalog().forget_history(at(3001), 1), 1u);
  EXPECT_EQ(*catalog().forget_history(at(3001), 10), 1u);
  EXPECT_EQ(*catalog().forget_history(at(3001), 10), 0u);
  for (const auto& job : {old, older}) {
    EXPECT_FALSE(find(job, true).has_value());
    EXPECT_TRUE(catalog().list_chunks(job.id)->empty());
  }
  for (const auto& job : {waiting, with_files}) {
    EXPECT_TRUE(find(job).has_value());
    EXPECT_EQ(catalog().list_chunks(job.id)->size(), 1u);
  }
}

TEST_P(CatalogHistory, JobsThatNobodyGoesOnWithAreCanceled) {
  const auto silent = new_job();
  const auto executed = queued_job();
  const auto active = new_job_with_chunk();  // its chunk came at 5, see new_chunk()
  ASSERT_GT(at(5), active.created);
  EXPECT_TRUE(catalog().cancel_abandoned_jobs(silent.created, at(9000), "why", 10)->empty());
  const auto canceled = catalog().cancel_abandoned_jobs(at(5), at(9000), "why", 10);
  ASSERT_EQ(ids(*canceled), std::vector{silent.id});
  EXPECT_EQ(find(silent)->status, JobStatus::kCanceled);
  EXPECT_EQ(find(silent)->finished, at(9000));
  EXPECT_EQ(find(silent)->logs, std::vector<std::string>{"why"});
  EXPECT_EQ(find(active)->status, JobStatus::kNew);
  EXPECT_EQ(ids(*catalog().cancel_abandoned_jobs(at(6), at(9001), "why", 10)), std::vector{active.id});
  EXPECT_EQ(find(executed)->status, JobStatus::kQueued);
}

}  // namespace
}  // namespace adit
