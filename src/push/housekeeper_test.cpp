// What goes when its time is over: chunk files, jobs, audit entries, idempotency keys.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "catalog/refusing_table_fixture.h"
#include "push/push_fixture.h"

namespace adit {
namespace {

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

/// Five landed jobs, and an expiry that takes two at once and comes again after an hour if it is not told
/// that there are more.
class ManyJobsExpire : public PushJob {
 protected:
  void SetUp() override {
    PushJob::SetUp();
    landings_->start();
    for (int i = 0; i < 5; ++i) {
      const auto job = create("t");
      landed_.emplace_back(job, upload(job, "a\n1\n"));
      ASSERT_TRUE(push_->execute(pool_, job.id));
      ASSERT_EQ(wait(job), JobStatus::kDone);
    }
    clock_.advance(169h);
  }
  bool all_lose_their_files(HousekeeperOptions options = {}) {
    options.jobs_per_expiry_max = 2;
    options.cancel_interval = 5ms;
    options.expiry_interval = 1h;
    PoolRemoval removal(*catalog_, *store_, *warehouse_, *stages_, clock_);
    DiskQuotas quotas(*catalog_, *warehouse_, clock_, metrics_, 0);
    const Housekeeper housekeeper(*catalog_, *store_, *warehouse_, *landings_, removal, quotas, clock_,
                                  metrics_, options);
    const auto all_gone = [&] {
      return std::ranges::none_of(landed_, [&](const auto& one) { return has_file(one.first, one.second); });
    };
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!all_gone() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
    return all_gone();
  }

  std::vector<std::pair<Job, ChunkId>> landed_;
};

TEST_F(ManyJobsExpire, AllLoseTheirFilesSoon) { EXPECT_TRUE(all_lose_their_files()); }

TEST_F(ManyJobsExpire, AsSoonWhereSomethingElseCanNotExpire) {
  AuditEntry entry;
  entry.at = clock_.now();
  ASSERT_TRUE(catalog_->insert_audit(std::vector{entry}, Durability::kFull));
  clock_.advance(48h);
  refuse_deletes(folder_ / "catalog.db", "audit_log");
  HousekeeperOptions options;
  options.audit_retention = std::chrono::days(1);
  EXPECT_TRUE(all_lose_their_files(options));
  EXPECT_EQ(catalog_->list_audit((*catalog_->find_team())->id, {}, AuditCatalog::kFromTheLatest, 10)->size(),
            1U);
}

/// Two pools; break_the_first() is followed by a start at which that one can't be opened.
class ExpiryBesideABrokenPool : public PushJob {
 protected:
  void SetUp() override {
    PushJob::SetUp();
    ASSERT_TRUE(catalog_->insert_pool(
        {other_, (*catalog_->find_team())->id, "Other", "", Uuid::random(), clock_.now()}));
    landings_->start();
  }
  struct Pushed {
    Job job;
    ChunkId chunk;
  };
  Pushed push(PoolId pool) {
    JobSpec spec;
    spec.target_name = "t";
    spec.type = JobType::kDelta;
    spec.file_type = FileType::kCsv;
    auto job = *push_->create(pool, spec);
    auto upload = *push_->begin_upload(pool, job.id, ChunkOperation::kUpsert);
    EXPECT_TRUE(upload->begin_chunk());
    EXPECT_TRUE(upload->write("a\n1\n"));
    EXPECT_TRUE(upload->end_chunk());
    return {job, upload->finish()->front().id};
  }
  Pushed land(PoolId pool) {
    auto pushed = push(pool);
    EXPECT_TRUE(push_->execute(pool, pushed.job.id));
    EXPECT_EQ(landings_->wait_final(pool, pushed.job.id, 30s)->status, JobStatus::kDone);
    return pushed;
  }
  Pushed cancel(PoolId pool) {
    auto pushed = push(pool);
    EXPECT_TRUE(push_->cancel(pool, pushed.job.id));
    return pushed;
  }
  void break_the_first() {
    close();
    warehouse_options_.folder_sync = [&](const std::filesystem::path& folder) -> Result<void> {
      if (broken_ && folder.filename() == pool_.to_string()) return system_error(EIO, "sync");
      return sync_folder(folder);
    };
    broken_ = true;
    open();
    clock_.advance(24h * 8);
  }
  bool has_file(const Pushed& pushed) {
    return store_->open(pushed.job.pool, pushed.job.id, pushed.chunk).ok();
  }

  const PoolId other_ = PoolId::random();
  std::atomic<bool> broken_ = false;
};

TEST_F(ExpiryBesideABrokenPool, GoesOnWithTheOtherPoolAndWithAllElse) {
  const auto kept = land(pool_);
  const auto stuck = cancel(pool_);
  const auto abandoned = push(pool_);
  const auto landed = land(other_);
  const auto canceled = cancel(other_);
  break_the_first();
  HousekeeperOptions options;
  options.history_retention = 24h;
  options.abandoned_job_retention = 48h;
  expire(options);
  EXPECT_EQ(push_->get(pool_, abandoned.job.id)->status, JobStatus::kCanceled);
  EXPECT_FALSE(has_file(landed));
  EXPECT_FALSE(has_file(canceled));
  EXPECT_FALSE(*catalog_->find_job(other_, landed.job.id, true)) << "the history comes behind the files";
  EXPECT_TRUE(has_file(kept));
  broken_ = false;
  expire(options);
  EXPECT_FALSE(has_file(kept));
  EXPECT_FALSE(has_file(stuck));
}

TEST_F(ExpiryBesideABrokenPool, GetsPastAsManyJobsAsItTakesAtOnce) {
  std::vector<Pushed> kept;
  for (int i = 0; i < 3; ++i) kept.push_back(land(pool_));
  const auto landed = land(other_);
  break_the_first();
  HousekeeperOptions options;
  options.jobs_per_expiry_max = 2;
  options.expiry_interval = 1h;
  PoolRemoval removal(*catalog_, *store_, *warehouse_, *stages_, clock_);
  DiskQuotas quotas(*catalog_, *warehouse_, clock_, metrics_, 0);
  Housekeeper housekeeper(*catalog_, *store_, *warehouse_, *landings_, removal, quotas, clock_, metrics_,
                          options);
  for (int i = 0; i < 1'000 && has_file(landed); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(has_file(landed));
  for (const auto& pushed : kept) EXPECT_TRUE(has_file(pushed));
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

}  // namespace
}  // namespace adit
