// What every catalog promises of its records, whatever stores them.
#include "catalog/catalog_contract.h"

namespace adit {
namespace {

INSTANTIATE_TEST_SUITE_P(All, CatalogContract,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

TEST_P(CatalogContract, FoundingATeamStoresTeamAdministratorAndKey) {
  const auto team = catalog().find_team();
  ASSERT_TRUE(team.ok() && team->has_value());
  EXPECT_EQ((*team)->id, team_.id);
  EXPECT_EQ((*team)->domain, "team");
  const auto administrator = catalog().find_administrator(team_.id);
  ASSERT_TRUE(administrator.ok() && administrator->has_value());
  EXPECT_EQ((*administrator)->id, user_.id);
  EXPECT_EQ((*administrator)->email, "ada@example.org");
  const auto user = catalog().find_user(user_.id);
  ASSERT_TRUE(user.ok() && user->has_value());
  EXPECT_EQ((*user)->name, "Ada");
  EXPECT_FALSE(catalog().find_user(UserId::random())->has_value());
  EXPECT_TRUE(catalog().find_key(key_.id)->has_value());
}

TEST_P(CatalogContract, FoundingATeamTwiceFailsAndLeavesNothingOfTheSecond) {
  const Key other{KeyId::random(), team_.id, subject_of(user_.id), user_.id, "second", {}, at(1)};
  EXPECT_FALSE(catalog().found_team({TeamId::random(), "Other", "other"}, user_, other).ok());
  EXPECT_EQ((*catalog().find_team())->id, team_.id);
  EXPECT_FALSE(catalog().find_key(other.id)->has_value());
}

TEST_P(CatalogContract, KeysAreListedTouchedAndDeletedWithinTheirTeam) {
  const Application application{ApplicationId::random(), team_.id, "extractor", user_.id};
  const Key second{KeyId::random(), team_.id, subject_of(application.id), user_.id, "second",
                   sha256("two"),   at(7)};
  ASSERT_TRUE(catalog().insert_key(second, application).ok());
  ASSERT_TRUE(catalog().touch_key(second.id, at(99)).ok());
  const auto keys = catalog().list_keys(team_.id);
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].id, key_.id);
  EXPECT_FALSE((*keys)[0].last_used.has_value());
  EXPECT_EQ((*keys)[1].kind(), KeyKind::kApplication);
  EXPECT_EQ((*keys)[1].secret_digest, sha256("two"));
  EXPECT_EQ((*keys)[1].last_used, at(99));
  EXPECT_FALSE(*catalog().delete_key(TeamId::random(), second.id));
  EXPECT_TRUE(*catalog().delete_key(team_.id, second.id));
  EXPECT_FALSE(*catalog().delete_key(team_.id, second.id));
  EXPECT_FALSE(catalog().find_key(second.id)->has_value());
}

TEST_P(CatalogContract, APoolIdCanBeTakenOnce) {
  auto other = pool_;
  other.name = "Other";
  EXPECT_EQ(catalog().insert_pool(other).error().kind, ErrorKind::kConflict);
  EXPECT_EQ((*catalog().find_pool(team_.id, pool_.id))->name, "Pool");
  EXPECT_FALSE(catalog().find_pool(TeamId::random(), pool_.id)->has_value());
}

TEST_P(CatalogContract, PoolsAreListedOldestFirst) {
  const Pool older{PoolId::random(), team_.id, "Older", "", user_.id.uuid(), at(-10)};
  ASSERT_TRUE(catalog().insert_pool(older).ok());
  const auto pools = catalog().list_pools(team_.id);
  ASSERT_EQ(pools->size(), 2u);
  EXPECT_EQ((*pools)[0].id, older.id);
  EXPECT_EQ((*pools)[1].created, at(0));
}

TEST_P(CatalogContract, AJobComesBackAsItWasAlsoWithUnusualText) {
  Job job;
  job.id = JobId::random();
  job.pool = pool_.id;
  job.spec.target_name = "Bobby'); DROP TABLE jobs;-- \"x\" 🦆 :name ?1";
  job.spec.type = JobType::kReplace;
  job.spec.file_type = FileType::kCsv;
  job.spec.keys = {"Ä'\"\\", "", "\x01\x7f", std::string("a\0b", 3), "not utf-8: \xff\xfe"};
  job.spec.table_schema = TableSchema{"t\n",
                                      {{"id", ColumnType::kInteger, 19, std::nullopt, true},
                                       {"🦆", ColumnType::kFloat, std::nullopt, 2, false}}};
  job.spec.csv = {"\t", "'", std::nullopt};
  job.spec.upsert_strategy = UpsertStrategy::kNullification;
  job.spec.change_date = at(-5);
  job.spec.fallback_varchar_length = 80;
  job.spec.foreign_keys = "";
  job.created = job.modified = at(1);
  ASSERT_TRUE(catalog().insert_job(job).ok());
  const auto found = find(job);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->spec.target_name, job.spec.target_name);
  EXPECT_EQ(found->spec.type, JobType::kReplace);
  EXPECT_EQ(found->spec.file_type, FileType::kCsv);
  EXPECT_EQ(found->spec.keys, job.spec.keys);
  EXPECT_EQ(found->spec.table_schema, job.spec.table_schema);
  EXPECT_EQ(found->spec.csv, job.spec.csv);
  EXPECT_EQ(found->spec.upsert_strategy, UpsertStrategy::kNullification);
  EXPECT_EQ(found->spec.change_date, at(-5));
  EXPECT_EQ(found->spec.fallback_varchar_length, 80);
  EXPECT_EQ(found->spec.foreign_keys, "");
  EXPECT_EQ(found->status, JobStatus::kNew);
  EXPECT_EQ(found->created, at(1));
  EXPECT_FALSE(found->executed.has_value());
  const auto by_target = catalog().list_jobs(pool_.id, {{}, job.spec.target_name, {}, 0});
  EXPECT_EQ(ids(by_target), std::vector{job.id});
  auto in_other_case = job.spec.target_name;
  in_other_case.replace(0, 5, "bOBBY");
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, {{}, in_other_case, {}, 0})), std::vector{job.id});
}

TEST_P(CatalogContract, AJobOfAnUnknownPoolIsRefused) {
  Job job;
  job.id = JobId::random();
  job.pool = PoolId::random();
  EXPECT_FALSE(catalog().insert_job(job).ok());
}

TEST_P(CatalogContract, AJobIsNotFoundInAnotherPool) {
  const auto job = new_job();
  EXPECT_FALSE(catalog().find_job(PoolId::random(), job.id)->has_value());
}

TEST_P(CatalogContract, ListsAreNewestFirstAndFiltered) {
  const auto first = new_job("A");
  const auto second = queued_job("B");
  const auto third = new_job("A");
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, {})), (std::vector{third.id, second.id, first.id}));
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, {JobStatus::kQueued, {}, {}, 0})), std::vector{second.id});
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, {{}, "A", {}, 0})), (std::vector{third.id, first.id}));
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, {JobStatus::kNew, "A", 1, 1})), std::vector{first.id});
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, {{}, {}, 1, 0})), std::vector{third.id});
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, {{}, {}, {}, 1})), (std::vector{second.id, first.id}));
  EXPECT_TRUE(ids(catalog().list_jobs(pool_.id, {{}, {}, 0, 0})).empty());
  EXPECT_TRUE(ids(catalog().list_jobs(PoolId::random(), {})).empty());
  EXPECT_EQ(*catalog().count_jobs(JobStatus::kNew), 2u);
  EXPECT_EQ(*catalog().count_jobs(JobStatus::kQueued), 1u);
  EXPECT_EQ(*catalog().count_jobs(JobStatus::kDone), 0u);
}

TEST_P(CatalogContract, APageOfAListEndsBeforeItTakesMuchMemoryAndTheNextGoesOnBehindIt) {
  std::vector<JobId> newest_first;
  for (int i = 0; i < 5; ++i) {
    Job job;
    job.id = JobId::random();
    job.pool = pool_.id;
    job.spec.target_name = "LONG";
    job.spec.post_execution_query = std::string(300 * 1024, 'q');
    ASSERT_TRUE(catalog().insert_job(job).ok());
    newest_first.insert(newest_first.begin(), job.id);
  }
  const auto first = catalog().list_jobs(pool_.id, {});
  EXPECT_EQ(ids(first), std::vector(newest_first.begin(), newest_first.begin() + 2));
  ASSERT_TRUE(first->next.has_value());
  const auto created = new_job("LONG");
  EXPECT_TRUE(*catalog().delete_job(newest_first[0], at(7)));
  EXPECT_TRUE(*catalog().delete_job(newest_first[2], at(7)));
  JobFilter filter;
  filter.target_name = "long";
  filter.before = first->next;
  const auto second = catalog().list_jobs(pool_.id, filter);
  EXPECT_EQ(ids(second), std::vector(newest_first.begin() + 3, newest_first.end()));
  EXPECT_FALSE(second->next.has_value()) << "it is the last one";
  filter.limit = 1;
  EXPECT_FALSE(catalog().list_jobs(pool_.id, filter)->next.has_value()) << "no more were asked for";
  filter.offset = 1;
  EXPECT_EQ(ids(catalog().list_jobs(pool_.id, filter)), std::vector{newest_first[4]});
}

TEST_P(CatalogContract, ChunksAreAppendedInOrderAndSummedInTheJob) {
  const auto job = new_job();
  const auto first = catalog().insert_chunks(job.id, {new_chunk(1), new_chunk(2)});
  const auto second = catalog().insert_chunks(job.id, {new_chunk(4)});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ((*first)[1].position, 1);
  EXPECT_EQ((*second)[0].position, 2);
  const auto chunks = catalog().list_chunks(job.id);
  ASSERT_EQ(chunks->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*chunks)[i].position, static_cast<std::int64_t>(i));
    EXPECT_EQ((*chunks)[i].job, job.id);
  }
  EXPECT_EQ((*chunks)[2].digest, (*second)[0].digest);
  EXPECT_EQ(find(job)->chunks, 3u);
  EXPECT_EQ(find(job)->bytes, 7u);
}

TEST_P(CatalogContract, AnUpdatedChunkKeepsItsErrorsAndTheJobCountsItsRows) {
  const auto job = new_job();
  auto chunk = catalog().insert_chunks(job.id, {new_chunk(), new_chunk()})->at(1);
  chunk.state = ChunkState::kStaged;
  chunk.rows = 12;
  ASSERT_TRUE(catalog().update_chunk(chunk, at(6)).ok());
  ASSERT_TRUE(catalog().update_chunk(chunk, at(6)).ok());
  EXPECT_EQ(find(job)->rows_staged, 12u);
  chunk.state = ChunkState::kFailed;
  chunk.rows.reset();
  chunk.errors = {{"That's no number: 'x'.", 3, 4, 18'446'744'073'709'551'615u, "🦆", "a\"b\xff"},
                  {"Bare.", {}, {}, {}, {}, {}}};
  ASSERT_TRUE(catalog().update_chunk(chunk, at(6)).ok());
  const auto stored = catalog().list_chunks(job.id)->at(1);
  EXPECT_EQ(stored.state, ChunkState::kFailed);
  EXPECT_EQ(stored.errors, chunk.errors);
  EXPECT_FALSE(stored.rows.has_value());
  EXPECT_EQ(find(job)->rows_staged, 0u);
  chunk.id = ChunkId::random();
  EXPECT_EQ(catalog().update_chunk(chunk, at(6)).error().kind, ErrorKind::kNotFound);
}

TEST_P(CatalogContract, ExecuteWithoutAChunkIsInvalidAndTheJobStaysNew) {
  const auto job = new_job();
  EXPECT_EQ(catalog().execute_job(job.id, at(1)).error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(find(job)->status, JobStatus::kNew);
  EXPECT_EQ(catalog().execute_job(JobId::random(), at(1)).error().kind, ErrorKind::kNotFound);
}

TEST_P(CatalogContract, ExecuteQueuesOnceAndASecondOneNamesTheState) {
  const auto job = queued_job();
  EXPECT_EQ(job.status, JobStatus::kQueued);
  EXPECT_EQ(job.executed, at(1000));
  EXPECT_GT(job.execute_order, 0);
  const auto again = catalog().execute_job(job.id, at(2));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
  EXPECT_NE(again.error().public_message.find("QUEUED"), std::string::npos);
  EXPECT_EQ(find(job)->execute_order, job.execute_order);
  EXPECT_EQ(catalog().insert_chunks(job.id, {new_chunk()}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(catalog().list_chunks(job.id)->size(), 1u);
}

}  // namespace
}  // namespace adit
