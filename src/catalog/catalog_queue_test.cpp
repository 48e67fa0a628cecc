// What every catalog promises of the life of jobs, of recovery and of many callers at once.
#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "catalog/catalog_contract.h"

namespace adit {
namespace {

TEST_P(CatalogContract, ClaimsFollowTheOrderOfExecuteWithinATableAndSkipBusyTables) {
  const auto first = queued_job("Orders");
  const auto second = queued_job("ORDERS");
  const auto other = queued_job("Items");
  const auto claimed = claim();
  ASSERT_TRUE(claimed.has_value());
  EXPECT_EQ(claimed->id, first.id);
  EXPECT_EQ(claimed->status, JobStatus::kRunning);
  EXPECT_EQ(claimed->claims, 1);
  EXPECT_EQ(claim()->id, other.id);
  EXPECT_FALSE(claim().has_value());
  ASSERT_TRUE(move_to(first, JobStatus::kDone).has_value());
  EXPECT_EQ(claim()->id, second.id);
  EXPECT_FALSE(claim().has_value());
}

TEST_P(CatalogContract, TheSameTableNameInAnotherPoolIsAnotherTable) {
  const auto here = queued_job("T");
  const auto there = queued_in(another_pool(), "T");
  EXPECT_EQ(claim()->id, here.id);
  EXPECT_EQ(claim()->id, there.id);
}

TEST_P(CatalogContract, ClaimsPassOverThePoolsThatAreLeftOut) {
  const auto first = queued_job("T");
  const auto second = queued_job("U");
  const auto other = another_pool();
  const auto there = queued_in(other, "T");
  EXPECT_EQ(claim("me", {pool_.id})->id, there.id);
  EXPECT_FALSE(claim("me", {pool_.id}));
  EXPECT_FALSE(claim("me", {pool_.id, other.id}));
  EXPECT_EQ(*catalog().count_jobs(JobStatus::kQueued, pool_.id), 2U);
  EXPECT_EQ(*catalog().count_jobs(JobStatus::kQueued, other.id), 0U);
  EXPECT_EQ(*catalog().count_jobs(JobStatus::kRunning, other.id), 1U);
  EXPECT_EQ(claim("me", {other.id})->id, first.id);
  EXPECT_EQ(claim()->id, second.id);
}

TEST_P(CatalogContract, AJobGivenBackIsClaimedAgainBeforeLaterOnes) {
  const auto first = queued_job();
  const auto second = queued_job();
  ASSERT_EQ(claim()->id, first.id);
  ASSERT_TRUE(move_to(first, JobStatus::kQueued).has_value());
  const auto again = claim();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->id, first.id);
  EXPECT_EQ(again->claims, 2);
  EXPECT_FALSE(claim().has_value());
}

TEST_P(CatalogContract, AJobWithMirrorsWaitsForAllItsTablesAndLaterOnesWaitForIt) {
  const auto on_mirror = queued_job("Copy");
  const auto wide = queued_job_for({"Target", {"COPY", "other"}});
  const auto later_on_target = queued_job("TARGET");
  const auto later_on_mirror = queued_job("Other");
  const auto elsewhere = queued_job("Elsewhere");
  ASSERT_EQ(claim()->id, on_mirror.id);
  ASSERT_EQ(claim()->id, elsewhere.id);
  EXPECT_FALSE(claim().has_value()) << "its mirror is busy, and those behind it keep their place";
  move_to(on_mirror, JobStatus::kDone);
  const auto claimed = claim();
  ASSERT_EQ(claimed->id, wide.id);
  EXPECT_EQ(claimed->spec.mirror_target_names, (std::vector<std::string>{"COPY", "other"}));
  EXPECT_FALSE(claim().has_value());
  move_to(wide, JobStatus::kDone);
  EXPECT_EQ(claim()->id, later_on_target.id);
  EXPECT_EQ(claim()->id, later_on_mirror.id);
}

TEST_P(CatalogContract, TwoJobsThatMirrorEachOtherComeOneAfterTheOther) {
  const auto first = queued_job_for({"a", {"b"}});
  const auto second = queued_job_for({"b", {"a"}});
  ASSERT_EQ(claim()->id, first.id);
  EXPECT_FALSE(claim().has_value());
  move_to(first, JobStatus::kQueued);
  ASSERT_EQ(claim()->id, first.id) << "given back, it keeps its place";
  move_to(first, JobStatus::kError);
  EXPECT_EQ(claim()->id, second.id);
}

TEST_P(CatalogContract, AJobThatRunsSqlIsAloneInItsPool) {
  const auto before = queued_job("x");
  const auto alone = queued_job_for({"a", {}, "DELETE FROM x"});
  const auto after = queued_job("y");
  ASSERT_EQ(claim()->id, before.id);
  EXPECT_FALSE(claim().has_value());
  move_to(before, JobStatus::kDone);
  const auto claimed = claim();
  ASSERT_EQ(claimed->id, alone.id);
  EXPECT_EQ(claimed->spec.post_execution_query, "DELETE FROM x");
  EXPECT_FALSE(claim().has_value());
  move_to(alone, JobStatus::kDone);
  EXPECT_EQ(claim()->id, after.id);
}

TEST_P(CatalogContract, ACanceledJobOfManyLinesMakesRoomInAllOfThem) {
  const auto wide = queued_job_for({"a", {"b"}});
  const auto on_a = queued_job("a");
  const auto on_b = queued_job("b");
  ASSERT_TRUE(catalog().request_cancel(wide.id, at(6)).ok());
  EXPECT_EQ(claim()->id, on_a.id);
  EXPECT_EQ(claim()->id, on_b.id);
}

TEST_P(CatalogContract, ExecuteKeepsTheColumnThatDecidesBetweenDuplicates) {
  const auto job = new_job_with_chunk();
  const auto executed = catalog().execute_job(job.id, at(1000), nullptr, "updated \"at\"");
  ASSERT_TRUE(executed.ok());
  EXPECT_EQ(executed->job.spec.duplicate_removal_column, "updated \"at\"");
  reopen();
  EXPECT_EQ(find(job)->spec.duplicate_removal_column, "updated \"at\"");
  EXPECT_EQ(claim()->spec.duplicate_removal_column, "updated \"at\"");
  EXPECT_FALSE(find(queued_job())->spec.duplicate_removal_column.has_value());
}

TEST_P(CatalogContract, ATransitionFromAnotherStateChangesNothing) {
  const auto job = new_job();
  const auto moved =
      catalog().transition(job.id, {{JobStatus::kRunning}, JobStatus::kDone, at(9)}, Durability::kFull);
  ASSERT_TRUE(moved.ok());
  EXPECT_FALSE(moved->has_value());
  EXPECT_EQ(find(job)->status, JobStatus::kNew);
  EXPECT_FALSE(
      catalog()
          .transition(JobId::random(), {{JobStatus::kNew}, JobStatus::kDone, at(9)}, Durability::kFull)
          ->has_value());
}

TEST_P(CatalogContract, ATransitionAddsLogsRowsAndTimes) {
  const auto job = queued_job();
  ASSERT_TRUE(claim().has_value());
  const JobTransition change{{JobStatus::kRunning}, JobStatus::kDone, at(50), {"It's", "\"done\""}, 77};
  ASSERT_TRUE(catalog().transition(job.id, change, Durability::kRelaxed)->has_value());
  const auto done = find(job);
  EXPECT_EQ(done->status, JobStatus::kDone);
  EXPECT_EQ(done->logs, (std::vector<std::string>{"It's", "\"done\""}));
  EXPECT_EQ(done->rows_landed, 77u);
  EXPECT_EQ(done->started, at(2000));
  EXPECT_EQ(done->finished, at(50));
  EXPECT_EQ(done->modified, at(50));
}

TEST_P(CatalogContract, CancelEndsWaitingJobsAtOnceMarksRunningOnesAndRefusesFinalOnes) {
  const auto fresh = new_job();
  const auto canceled = catalog().request_cancel(fresh.id, at(4));
  ASSERT_TRUE(canceled.ok());
  EXPECT_EQ(canceled->status, JobStatus::kCanceled);
  EXPECT_EQ(canceled->logs, std::vector<std::string>{"Canceled by request."});
  const auto again = catalog().request_cancel(fresh.id, at(5));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
  EXPECT_NE(again.error().public_message.find("CANCELED"), std::string::npos);

  const auto running = queued_job();
  const auto waiting = queued_job();
  const auto last = queued_job();
  ASSERT_EQ(claim()->id, running.id);
  EXPECT_FALSE(*catalog().cancel_requested(running.id));
  EXPECT_EQ(catalog().request_cancel(running.id, at(6))->status, JobStatus::kRunning);
  EXPECT_TRUE(*catalog().cancel_requested(running.id));
  EXPECT_TRUE(find(running)->cancel_requested);
  EXPECT_EQ(catalog().request_cancel(waiting.id, at(6))->status, JobStatus::kCanceled);
  EXPECT_FALSE(claim().has_value());
  move_to(running, JobStatus::kCanceled);
  EXPECT_EQ(claim()->id, last.id);
  EXPECT_FALSE(*catalog().cancel_requested(JobId::random()));
  EXPECT_EQ(catalog().request_cancel(JobId::random(), at(6)).error().kind, ErrorKind::kNotFound);
}

TEST_P(CatalogContract, ACanceledHeadOfTheLineMakesRoomForTheNext) {
  const auto first = queued_job();
  const auto second = queued_job();
  ASSERT_TRUE(catalog().request_cancel(first.id, at(6)).ok());
  EXPECT_EQ(claim()->id, second.id);
}

TEST_P(CatalogContract, ADeletedJobIsHiddenButStaysInTheHistory) {
  const auto job = queued_job();
  claim();
  move_to(job, JobStatus::kDone);
  EXPECT_TRUE(*catalog().delete_job(job.id, at(7)));
  EXPECT_FALSE(*catalog().delete_job(job.id, at(8)));
  EXPECT_FALSE(find(job).has_value());
  ASSERT_TRUE(find(job, true).has_value());
  EXPECT_TRUE(find(job, true)->deleted);
  EXPECT_TRUE(ids(catalog().list_jobs(pool_.id, {})).empty());
  EXPECT_EQ(landed_jobs(), std::vector{job.id});
  const auto fresh = new_job();
  EXPECT_TRUE(*catalog().delete_job(fresh.id, at(7)));
  EXPECT_EQ(catalog().insert_chunks(fresh.id, {new_chunk()}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(catalog().execute_job(fresh.id, at(7)).error().kind, ErrorKind::kNotFound);
}

TEST_P(CatalogContract, RecoveryFindsWhatOtherOwnersLeft) {
  const auto mine = queued_job("A");
  const auto theirs = queued_job("B");
  const auto fresh = new_job_with_chunk("C");
  new_job("D");
  ASSERT_EQ(claim("me")->id, mine.id);
  ASSERT_EQ(claim("dead")->id, theirs.id);
  EXPECT_EQ(ids(catalog().list_abandoned_jobs("me")), std::vector{theirs.id});
  EXPECT_EQ(ids(catalog().list_new_jobs_with_chunks()), std::vector{fresh.id});
}

TEST_P(CatalogContract, ChunkFilesExpireByAgeOrWhenAnUnlandedJobIsDeleted) {
  const auto finish = [&](const std::string& table, JobStatus status, std::int64_t when) {
    auto job = queued_job(table);
    claim();
    move_to(job, status, at(when));
    return job;
  };
  const auto old = finish("A", JobStatus::kDone, 10);
  const auto young = finish("B", JobStatus::kDone, 1000);
  const auto failed = finish("C", JobStatus::kError, 2000);
  const auto thrown_away = finish("D", JobStatus::kError, 2000);
  const auto hidden = finish("E", JobStatus::kDone, 2000);
  const auto unused = new_job("F");
  const auto busy = queued_job("G");
  for (const auto& job : {thrown_away, hidden, unused, busy})
    ASSERT_TRUE(*catalog().delete_job(job.id, at(3000)));
  auto expired = ids(catalog().list_expired_jobs(at(1000), 100));
  EXPECT_EQ(std::set(expired.begin(), expired.end()), (std::set{old.id, thrown_away.id, unused.id}));
  EXPECT_EQ(ids(catalog().list_expired_jobs(at(1000), 2)).size(), 2u);
  EXPECT_EQ(ids(catalog().list_expired_jobs(at(1'000'000), 100)).size(), 6u);
  for (const auto& id : expired) ASSERT_TRUE(catalog().forget_chunk_files(id).ok());
  EXPECT_TRUE(ids(catalog().list_expired_jobs(at(1000), 100)).empty());
  EXPECT_EQ(landed_jobs(), (std::vector{young.id, hidden.id}));
}

TEST_P(CatalogContract, LandedJobsAreListedInTheOrderOfTheirExecutionAFewAtATime) {
  std::vector<JobPlace> expected;
  for (const auto* table : {"A", "B", "C"}) {
    auto job = queued_job(table);
    claim();
    expected.push_back({move_to(job, JobStatus::kDone)->execute_order, job.id});
  }
  const auto first = *catalog().list_landed_jobs(pool_.id, 0, 2);
  EXPECT_EQ(first, (std::vector{expected[0], expected[1]}));
  EXPECT_EQ(*catalog().list_landed_jobs(pool_.id, first.back().execute_order, 2), std::vector{expected[2]});
  EXPECT_TRUE(catalog().list_landed_jobs(pool_.id, expected[2].execute_order, 2)->empty());
  EXPECT_TRUE(catalog().list_landed_jobs(PoolId::random(), 0, 2)->empty());
}

TEST_P(CatalogContract, ExpiredJobsCanBeListedWithoutThoseOfSomePools) {
  const auto finish = [&](const std::string& table, JobStatus status) {
    auto job = queued_job(table);
    claim();
    move_to(job, status, at(10));
    return job;
  };
  const auto landed = finish("A", JobStatus::kDone);
  const auto failed = finish("B", JobStatus::kError);
  const auto thrown_away = new_job("C");
  ASSERT_TRUE(*catalog().delete_job(thrown_away.id, at(20)));
  const auto others = std::set{PoolId::random(), PoolId::random()};
  EXPECT_EQ(ids(catalog().list_expired_jobs(at(1000), 100, {others, others})).size(), 3u);
  auto unlanded = others;
  unlanded.insert(pool_.id);
  EXPECT_EQ(ids(catalog().list_expired_jobs(at(1000), 100, {{}, unlanded})),
            (std::vector{thrown_away.id, failed.id}));
  EXPECT_TRUE(ids(catalog().list_expired_jobs(at(1000), 100, {unlanded, {}})).empty());
}

TEST_P(CatalogContract, ReopeningKeepsEverything) {
  const auto first = queued_job("A");
  const auto second = queued_job("A");
  ASSERT_EQ(claim("before")->id, first.id);
  reopen();
  EXPECT_EQ((*catalog().find_team())->id, team_.id);
  EXPECT_EQ(catalog().list_pools(team_.id)->size(), 1u);
  EXPECT_EQ(ids(catalog().list_abandoned_jobs("after")), std::vector{first.id});
  EXPECT_EQ(catalog().list_chunks(second.id)->size(), 1u);
  EXPECT_FALSE(claim().has_value());
  EXPECT_GT(queued_job("A").execute_order, second.execute_order);
}

TEST_P(CatalogContract, NoChunkIsAddedAfterExecuteHoweverManyUploadAtOnce) {
  for (int round = 0; round < 5; ++round) {
    const auto job = new_job();
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<bool> executed{false};
    std::uint64_t chunks_at_execute = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
          for (int tries = 0; tries < 2000; ++tries) {
            const bool late = executed;
            const auto inserted = catalog().insert_chunks(job.id, {new_chunk(), new_chunk()});
            if (!inserted) {
              EXPECT_EQ(inserted.error().kind, ErrorKind::kConflict) << inserted.error().internal_detail;
              return;
            }
            EXPECT_FALSE(late);
            accepted += 2;
          }
        });
      }
      while (accepted < 40) std::this_thread::yield();
      const auto result = catalog().execute_job(job.id, at(1));
      executed = true;
      ASSERT_TRUE(result.ok());
      chunks_at_execute = result->job.chunks;
    }
    const auto chunks = catalog().list_chunks(job.id);
    EXPECT_EQ(chunks->size(), accepted);
    EXPECT_EQ(chunks->size(), chunks_at_execute);
    for (std::size_t i = 0; i < chunks->size(); ++i)
      EXPECT_EQ((*chunks)[i].position, static_cast<std::int64_t>(i));
  }
}

TEST_P(CatalogContract, ManyWorkersNeverRunTwoJobsOfOneTableAndKeepTheOrder) {
  constexpr int kTables = 4;
  constexpr int kJobs = 80;
  std::map<JobId, int> table_of;
  for (int i = 0; i < kJobs; ++i) table_of[queued_job("T" + std::to_string(i % kTables)).id] = i % kTables;
  std::atomic<int> running[kTables] = {};
  std::atomic<std::int64_t> last_order[kTables] = {};
  std::atomic<int> finished{0};
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 8; ++i) {
      workers.emplace_back([&, i] {
        while (finished < kJobs) {
          const auto job = claim("worker" + std::to_string(i));
          if (!job) continue;
          const auto table = table_of.at(job->id);
          EXPECT_EQ(running[table].fetch_add(1), 0);
          EXPECT_LT(last_order[table].exchange(job->execute_order), job->execute_order);
          running[table].fetch_sub(1);
          move_to(*job, JobStatus::kDone);
          ++finished;
        }
      });
    }
  }
  EXPECT_EQ(*catalog().count_jobs(JobStatus::kDone), static_cast<std::uint64_t>(kJobs));
}

TEST_P(CatalogContract, OneFailureAmongConcurrentWritesHurtsNoOther) {
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0; n < 50; ++n) {
          Job job;
          job.id = JobId::random();
          job.pool = i % 2 == 0 ? pool_.id : PoolId::random();
          if (catalog().insert_job(job).ok() != (i % 2 == 0)) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(catalog().list_jobs(pool_.id, {})->jobs.size(), 200u);
}

TEST_P(CatalogContract, TwoOpenCatalogsOfOnePlaceShareOneLine) {
  auto second = GetParam().open(folder_);
  ASSERT_TRUE(second.ok());
  for (int i = 0; i < 40; ++i) queued_job("T" + std::to_string(i % 20));
  std::atomic<int> claimed{0};
  {
    std::vector<std::jthread> threads;
    for (auto* const shared : {&catalog(), second->get()}) {
      threads.emplace_back([&, shared] {
        for (;;) {
          const auto job = shared->claim_next_job("x", at(1));
          ASSERT_TRUE(job.ok()) << job.error().internal_detail;
          if (!*job) return;
          ++claimed;
        }
      });
    }
  }
  EXPECT_EQ(claimed, 20);
}

}  // namespace
}  // namespace adit
