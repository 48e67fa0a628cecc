// The life of a push job over the real catalog, chunk store and warehouse, without HTTP.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/set_clock.h"
#include "push/housekeeper.h"
#include "push/job_rules.h"
#include "push/push_service.h"
#include "push/recovery.h"
#include "warehouse/rows_fixture.h"

namespace adit {
namespace {

using namespace std::chrono_literals;

/// One installation in a folder of its own. open() and close() are what a start and a stop of the server are.
class PushJob : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("adit-push-" + Uuid::random().to_string());
    std::filesystem::create_directories(folder_);
    open();
    const Team team{TeamId::random(), "team", "team", {.unlimited = true}};
    const User user{UserId::random(), team.id, "Admin", "admin@localhost", Role::kAdministrator};
    Key key;
    key.id = KeyId::random();
    key.team = team.id;
    key.owner = subject_of(user.id);
    key.creator = user.id;
    ASSERT_TRUE(catalog_->found_team(team, user, key));
    ASSERT_TRUE(catalog_->insert_pool({pool_, team.id, "Pool", "", user.id.uuid(), clock_.now()}));
  }
  void TearDown() override {
    close();
    std::filesystem::remove_all(folder_);
  }

  void open() {
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    store_ = *open_local_chunk_store(folder_ / "chunks");
    warehouse_options_.root = folder_ / "pools";
    warehouse_options_.chunks_root = folder_ / "chunks";
    warehouse_ = *open_duckdb_warehouse(
        warehouse_options_,
        [this](PoolId pool, const auto& landed) {
          return missing_landings(*catalog_, *store_, pool, landed);
        },
        clock_, metrics_);
    stages_ = std::make_unique<StageQueue>(*catalog_, *store_, *warehouse_, clock_, StageQueueOptions{});
    LandQueueOptions land_options;
    land_options.poll_interval = 20ms;
    landings_ = std::make_unique<LandQueue>(*catalog_, *store_, *warehouse_, *stages_, clock_, metrics_,
                                            land_options);
    push_ = std::make_unique<PushService>(*catalog_, *store_, *warehouse_, *stages_, *landings_, clock_,
                                          metrics_, limits_);
  }

  void close() {
    if (landings_) landings_->stop();
    if (stages_) stages_->stop();
    push_.reset();
    landings_.reset();
    stages_.reset();
    warehouse_.reset();
    store_.reset();
    catalog_.reset();
  }

  Job create(const std::string& table, JobType type = JobType::kDelta) {
    JobSpec spec;
    spec.target_name = table;
    spec.type = type;
    spec.file_type = FileType::kCsv;
    return *push_->create(pool_, spec);
  }

  ChunkId upload(const Job& job, const std::string& csv) {
    auto upload = *push_->begin_upload(pool_, job.id, ChunkOperation::kUpsert);
    EXPECT_TRUE(upload->begin_chunk());
    EXPECT_TRUE(upload->write(csv));
    EXPECT_TRUE(upload->end_chunk());
    return upload->finish()->front().id;
  }

  /// Two rows for table t, RUNNING.
  Job taken_by_a_process_that_dies() {
    auto job = create("t");
    upload(job, "a\n1\n2\n");
    EXPECT_TRUE(push_->execute(pool_, job.id));
    EXPECT_TRUE(*catalog_->claim_next_job("a process that died", clock_.now()));
    return job;
  }
  JobStatus status_after_restart(const Job& job) {
    close();
    open();
    EXPECT_TRUE(recover(*catalog_, *store_, *stages_, clock_));
    landings_->start();
    return wait(job);
  }

  JobStatus wait(const Job& job) { return landings_->wait_final(pool_, job.id, 30s)->status; }

  std::uint64_t expire(HousekeeperOptions options = {}) {
    options.expiry_interval = 1h;
    PoolRemoval removal(*catalog_, *store_, *warehouse_, *stages_, clock_);
    DiskQuotas quotas(*catalog_, *warehouse_, clock_, metrics_, 0);
    Housekeeper housekeeper(*catalog_, *store_, *warehouse_, *landings_, removal, quotas, clock_, metrics_,
                            options);
    housekeeper
        .stop();  // its own first look is over or never comes: what it did not find, the next line does
    return *housekeeper.expire();
  }

  std::string count(const std::string& table) {
    const auto result = all_rows(*warehouse_, pool_, {.sql = "SELECT count(*) FROM \"" + table + "\""});
    return result ? std::to_string(std::get<std::int64_t>(result->rows[0][0]))
                  : result.error().public_message;
  }

  bool has_file(const Job& job, ChunkId chunk) { return store_->open(pool_, job.id, chunk).ok(); }

  std::filesystem::path folder_;
  SetClock clock_;
  Metrics metrics_;
  PushLimits limits_;
  WarehouseOptions warehouse_options_;
  const PoolId pool_ = PoolId::random();
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<ChunkStore> store_;
  std::unique_ptr<Warehouse> warehouse_;
  std::unique_ptr<StageQueue> stages_;
  std::unique_ptr<LandQueue> landings_;
  std::unique_ptr<PushService> push_;
};

TEST_F(PushJob, LandsWhatWasUploaded) {
  const auto job = create("t");
  upload(job, "a\n1\n2\n");
  upload(job, "a\n3\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  landings_->start();
  EXPECT_EQ(wait(job), JobStatus::kDone);
  EXPECT_EQ(count("t"), "3");
  EXPECT_EQ(push_->get(pool_, job.id)->rows_landed, 3U);
}

/// A job that has landed, and whose process died before it could say so.
class LandedJob : public PushJob {
 protected:
  void land() {
    job_ = taken_by_a_process_that_dies();
    ASSERT_TRUE(stages_->finish(job_, {}));
    ASSERT_TRUE(warehouse_->land(plan(), {}));
  }
  /// What was read of the chunk is written without waiting for the disk.
  void cut_power() {
    auto chunk = this->chunk();
    chunk.state = ChunkState::kStored;
    chunk.rows.reset();
    ASSERT_TRUE(catalog_->update_chunk(chunk, clock_.now()));
  }
  Chunk chunk() { return catalog_->list_chunks(job_.id)->front(); }
  LandPlan plan() {
    LandPlan plan{stage_plan(job_), {}};
    plan.chunks.push_back(*chunk_file(*store_, job_, chunk(), 0, Timestamp::max()));
    return plan;
  }

  Job job_;
};

TEST_F(LandedJob, SaysAgainAfterAPowerCutWhatWasReadOfItsChunks) {
  land();
  cut_power();
  EXPECT_EQ(status_after_restart(job_), JobStatus::kDone);
  EXPECT_EQ(chunk().state, ChunkState::kStaged);
  EXPECT_EQ(chunk().rows, 2U);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(LandedJob, LeavesNoStagedRowsOfWhatWasReadAgain) {
  warehouse_options_.held_chunk_bytes_max = 0;
  close();
  open();
  land();
  cut_power();
  EXPECT_EQ(status_after_restart(job_), JobStatus::kDone);
  EXPECT_TRUE(warehouse_->land(plan(), {}));
  EXPECT_EQ(count("t"), "2") << "staged rows would land a second time";
}

TEST_F(PushJob, ExecutedTwiceIsAConflictAndLandsOnce) {
  const auto job = create("t");
  upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  EXPECT_EQ(push_->execute(pool_, job.id).error().kind, ErrorKind::kConflict);
  landings_->start();
  EXPECT_EQ(wait(job), JobStatus::kDone);
  EXPECT_EQ(push_->execute(pool_, job.id).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(count("t"), "1");
}

TEST_F(PushJob, CanceledWhileQueuedNeverLands) {
  const auto job = create("t");
  upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  EXPECT_EQ(push_->cancel(pool_, job.id)->status, JobStatus::kCanceled);
  const auto next = create("t");
  upload(next, "a\n2\n3\n");
  ASSERT_TRUE(push_->execute(pool_, next.id));
  landings_->start();
  EXPECT_EQ(wait(next), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(PushJob, AnUploadThatEndsAfterTheExecuteIsRefusedAndLeavesNothing) {
  const auto job = create("t");
  const auto first = upload(job, "a\n1\n");
  auto late = *push_->begin_upload(pool_, job.id, ChunkOperation::kUpsert);
  ASSERT_TRUE(late->begin_chunk());
  ASSERT_TRUE(late->write("a\n2\n"));
  ASSERT_TRUE(late->end_chunk());
  ASSERT_TRUE(push_->execute(pool_, job.id));
  EXPECT_EQ(late->finish().error().kind, ErrorKind::kConflict);
  late.reset();
  EXPECT_EQ(*store_->list(pool_, job.id), std::vector<ChunkId>{first});
}

TEST_F(PushJob, TakesNoChunkWhenTheDiskIsAlmostFull) {
  close();
  limits_.upload.free_bytes_min = ~0ULL;
  open();
  EXPECT_EQ(push_->begin_upload(pool_, create("t").id, ChunkOperation::kUpsert).error().kind,
            ErrorKind::kStorageFull);
}

TEST_F(PushJob, OfADeadProcessIsTakenAgainAndLandsOnce) {
  const auto job = taken_by_a_process_that_dies();
  EXPECT_EQ(status_after_restart(job), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(PushJob, ThatLandedBeforeItsProcessDiedIsDoneWithoutLandingAgain) {
  const auto job = taken_by_a_process_that_dies();
  LandPlan plan{stage_plan(job), {}};
  const auto chunks = *push_->chunks(pool_, job.id);
  plan.chunks.push_back(*chunk_file(*store_, job, chunks[0], 0, {}));
  ASSERT_TRUE(warehouse_->land(plan, {}));
  EXPECT_EQ(status_after_restart(job), JobStatus::kDone);
  EXPECT_EQ(count("t"), "2");
}

TEST_F(PushJob, ChunksThatWereNotStagedAreStagedAtTheNextStart) {
  const auto job = create("t");
  upload(job, "a\n1\n");
  close();
  open();
  ASSERT_TRUE(recover(*catalog_, *store_, *stages_, clock_));
  ASSERT_TRUE(stages_->finish(job, {}));
  EXPECT_EQ(push_->chunks(pool_, job.id)->front().state, ChunkState::kStaged);
}

TEST_F(PushJob, ItsChunksExpireAfterTheRetentionAndTheTableStays) {
  const auto job = create("t");
  const auto chunk = upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  landings_->start();
  ASSERT_EQ(wait(job), JobStatus::kDone);
  clock_.advance(167h);
  EXPECT_EQ(expire(), 0U);
  EXPECT_TRUE(has_file(job, chunk));
  clock_.advance(2h);
  expire();
  EXPECT_FALSE(has_file(job, chunk));
  close();
  open();
  EXPECT_EQ(count("t"), "1");
}

TEST_F(PushJob, OfManyThatExpireAllLoseTheirFilesSoon) {
  std::vector<std::pair<Job, ChunkId>> landed;
  landings_->start();
  for (int i = 0; i < 5; ++i) {
    const auto job = create("t");
    landed.emplace_back(job, upload(job, "a\n1\n"));
    ASSERT_TRUE(push_->execute(pool_, job.id));
    ASSERT_EQ(wait(job), JobStatus::kDone);
  }
  clock_.advance(169h);
  HousekeeperOptions options;
  options.jobs_per_expiry_max = 2;
  options.cancel_interval = 5ms;
  options.expiry_interval = 1h;
  PoolRemoval removal(*catalog_, *store_, *warehouse_, *stages_, clock_);
  DiskQuotas quotas(*catalog_, *warehouse_, clock_, metrics_, 0);
  const Housekeeper housekeeper(*catalog_, *store_, *warehouse_, *landings_, removal, quotas, clock_,
                                metrics_, options);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  const auto all_gone = [&] {
    return std::ranges::none_of(landed, [&](const auto& one) { return has_file(one.first, one.second); });
  };
  while (!all_gone() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(all_gone());
}

TEST_F(PushJob, IsNotExecutedWhileAsManyAsMayAreQueued) {
  close();
  limits_.jobs_queued_max = 2;
  open();
  std::vector<Job> jobs;
  for (int i = 0; i < 3; ++i) {
    jobs.push_back(create("t"));
    upload(jobs.back(), "a\n1\n");
  }
  ASSERT_TRUE(push_->execute(pool_, jobs[0].id));
  ASSERT_TRUE(push_->execute(pool_, jobs[1].id));
  EXPECT_EQ(push_->execute(pool_, jobs[2].id).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(push_->get(pool_, jobs[2].id)->status, JobStatus::kNew);
  EXPECT_EQ(push_->execute(pool_, jobs[0].id).error().kind, ErrorKind::kConflict)
      << "it is no question of room";
  landings_->start();
  EXPECT_EQ(wait(jobs[1]), JobStatus::kDone);
  ASSERT_TRUE(push_->execute(pool_, jobs[2].id));
  EXPECT_EQ(wait(jobs[2]), JobStatus::kDone);
  EXPECT_EQ(count("t"), "3");
}

TEST_F(PushJob, TakesNoChunkWhileAsManyAsMayWaitToBeRead) {
  const auto job = create("t");
  const auto chunk = upload(job, "a\n1\n");
  close();
  limits_.stages_waiting_max = 0;
  open();
  const auto refused = push_->begin_upload(pool_, job.id, ChunkOperation::kUpsert);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(has_file(job, chunk));
  EXPECT_EQ(push_->chunks(pool_, job.id)->size(), 1U);
}

TEST_F(PushJob, DeletedAfterItLandedKeepsItsChunksAndItsRows) {
  const auto job = create("t");
  const auto chunk = upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  landings_->start();
  ASSERT_EQ(wait(job), JobStatus::kDone);
  ASSERT_TRUE(push_->remove(pool_, job.id));
  EXPECT_EQ(push_->get(pool_, job.id).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(has_file(job, chunk));
  EXPECT_EQ(count("t"), "1");
}

TEST_F(PushJob, DeletedBeforeItLandedLosesItsChunksAtOnce) {
  const auto job = create("t");
  const auto chunk = upload(job, "a\n1\n");
  ASSERT_TRUE(push_->remove(pool_, job.id));
  EXPECT_FALSE(has_file(job, chunk));
}

TEST_F(PushJob, WhosePoolFileIsLostIsLandedAgainFromItsChunks) {
  const auto first = create("t");
  upload(first, "a\n1\n2\n");
  const auto second = create("t");
  upload(second, "a\n3\n");
  landings_->start();
  ASSERT_TRUE(push_->execute(pool_, first.id));
  ASSERT_TRUE(push_->execute(pool_, second.id));
  ASSERT_EQ(wait(second), JobStatus::kDone);
  ASSERT_TRUE(push_->remove(pool_, first.id));
  close();
  std::filesystem::remove_all(folder_ / "pools");
  open();
  ASSERT_TRUE(warehouse_->tables(pool_));
  EXPECT_EQ(count("t"), "3");
}

TEST(JobRules, NameEveryFieldThatCannotBe) {
  JobSpec spec;
  spec.target_name = "t";
  EXPECT_TRUE(check_job_spec(spec));
  for (const std::string good : {"../x", "a\"b", "DROP TABLE t; --", "🙂", "Straße"}) {
    spec.target_name = good;
    EXPECT_TRUE(check_job_spec(spec)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("a\0b", 3), std::string("__ADIT_x"), std::string("\xff")}) {
    spec.target_name = bad;
    const auto checked = check_job_spec(spec);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().fields.front().attribute, "targetName");
  }
  spec.target_name = "t";
  spec.keys = {"Ä", "ä"};
  EXPECT_EQ(check_job_spec(spec).error().fields.front().attribute, "keys");
}

TEST_F(PushJob, IsRememberedForTheHistorysTimeAndNeverShorterThanItsFiles) {
  const auto job = create("t");
  upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  landings_->start();
  ASSERT_EQ(wait(job), JobStatus::kDone);
  HousekeeperOptions options;
  options.history_retention = 24h;
  clock_.advance(167h);
  expire(options);
  EXPECT_TRUE(*catalog_->find_job(pool_, job.id)) << "its files are there";
  clock_.advance(2h);
  options.history_retention = 0h;
  expire(options);
  EXPECT_TRUE(*catalog_->find_job(pool_, job.id)) << "0 is for ever";
  EXPECT_EQ(catalog_->list_chunks(job.id)->size(), 1u);
  options.history_retention = 24h;
  expire(options);
  EXPECT_FALSE(*catalog_->find_job(pool_, job.id, true));
  EXPECT_EQ(count("t"), "1");
}

TEST_F(PushJob, ThatNobodyGoesOnWithIsCanceledAndItsFilesExpire) {
  const auto job = create("t");
  const auto chunk = upload(job, "a\n1\n");
  HousekeeperOptions options;
  options.abandoned_job_retention = 48h;
  clock_.advance(48h);
  expire(options);
  EXPECT_EQ(push_->get(pool_, job.id)->status, JobStatus::kNew);
  clock_.advance(1h);
  options.abandoned_job_retention = 0h;
  expire(options);
  EXPECT_EQ(push_->get(pool_, job.id)->status, JobStatus::kNew) << "0 is for ever";
  options.abandoned_job_retention = 48h;
  expire(options);
  EXPECT_EQ(push_->get(pool_, job.id)->status, JobStatus::kCanceled);
  EXPECT_EQ(push_->get(pool_, job.id)->logs.back(),
            "Canceled: for 2 days it got no chunk and was not executed.");
  EXPECT_TRUE(has_file(job, chunk));
  clock_.advance(169h);
  expire(options);
  EXPECT_FALSE(has_file(job, chunk));
  EXPECT_TRUE(*catalog_->find_job(pool_, job.id));
}

/// The audit log's entries, whoever's they are.
class AuditRetention : public PushJob {
 protected:
  void enter(int count) {
    AuditEntry entry;
    entry.at = clock_.now();
    entry.operation = "createPool";
    const std::vector<AuditEntry> entries(static_cast<std::size_t>(count), entry);
    ASSERT_TRUE(catalog_->insert_audit(entries, Durability::kFull));
  }
  std::size_t kept() {
    const auto team = catalog_->find_team();
    return catalog_->list_audit((*team)->id, {}, AuditCatalog::kFromTheLatest, 1'000)->size();
  }
};

TEST_F(AuditRetention, LetsGoWhatIsOlderInAsManyStepsAsItTakes) {
  enter(25);
  clock_.advance(24h * 30);
  enter(3);
  HousekeeperOptions options;
  expire(options);
  EXPECT_EQ(kept(), 28U) << "0 is for ever";
  options.audit_retention = std::chrono::days(30);
  expire(options);
  EXPECT_EQ(kept(), 28U) << "thirty days are not over";
  clock_.advance(1ms);
  options.audit_entries_at_once_max = 10;
  PoolRemoval removal(*catalog_, *store_, *warehouse_, *stages_, clock_);
  DiskQuotas quotas(*catalog_, *warehouse_, clock_, metrics_, 0);
  Housekeeper housekeeper(*catalog_, *store_, *warehouse_, *landings_, removal, quotas, clock_, metrics_,
                          options);
  for (int i = 0; i < 3'000 && kept() > 3; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(kept(), 3U);
}

TEST_F(PushJob, AnIdempotencyKeyIsForgottenAfterADay) {
  const auto job = create("t");
  upload(job, "a\n1\n");
  const RequestClaim claim{{"user", "execute", "k"}, Uuid::random(), clock_.now()};
  ASSERT_TRUE(catalog_->claim_request(claim, {}));
  const RequestCompletion completion{claim, {"content", ""}};
  ASSERT_TRUE(push_->execute(pool_, job.id, &completion));
  clock_.advance(23h);
  expire();
  EXPECT_EQ(*catalog_->forget_requests(claim.at), 0u);
  EXPECT_TRUE((*catalog_->claim_request(claim, {})).has_value());
  clock_.advance(2h);
  expire();
  EXPECT_EQ(*catalog_->forget_requests(clock_.now()), 0u) << "it was still there";
}

TEST(SettledChunks, AreTheNumberedOnesUpToTheFirstGapOrAllWithoutNumbers) {
  const auto count = [](std::initializer_list<std::optional<std::int64_t>> numbers) {
    std::vector<Chunk> chunks;
    for (const auto& number : numbers) chunks.emplace_back().sequence = number;
    return count_settled(chunks);
  };
  EXPECT_EQ(count({}), 0u);
  EXPECT_EQ(count({std::nullopt, std::nullopt}), 2u);
  EXPECT_EQ(count({0, 1, 2}), 3u);
  EXPECT_EQ(count({1, 2, 4}), 2u);
  EXPECT_EQ(count({2, 3}), 0u);
  EXPECT_EQ(count({1, std::nullopt}), 1u);
}

}  // namespace
}  // namespace adit
