// What every catalog promises of the limits on executes.
#include <atomic>
#include <thread>

#include "catalog/catalog_contract.h"

namespace adit {
namespace {

class ExecuteLimitsContract : public CatalogContract {
 protected:
  void limit(std::int64_t per_second, std::int64_t per_hour) {
    ASSERT_TRUE(*catalog().set_execute_limits(team_.id, {per_second, per_hour, false}));
  }
  bool admitted(Timestamp when) {
    const auto execution = catalog().execute_job(new_job_with_chunk().id, when);
    EXPECT_TRUE(execution.ok()) << execution.error().public_message;
    EXPECT_EQ(execution->job.status, execution->admission.admitted ? JobStatus::kQueued : JobStatus::kNew);
    return execution->admission.admitted;
  }
};

TEST_P(ExecuteLimitsContract, ATeamStartsWithThoseThatItIsFoundedWithAndTheyCanBeSet) {
  EXPECT_TRUE((*catalog().find_team(team_.id))->limits.unlimited);
  EXPECT_EQ(Team().limits, (ExecuteLimits{10, 250, false}));
  limit(3, 7);
  reopen();
  EXPECT_EQ((*catalog().find_team(team_.id))->limits, (ExecuteLimits{3, 7, false}));
  EXPECT_FALSE(*catalog().set_execute_limits(TeamId::random(), {}));
}

TEST_P(ExecuteLimitsContract, ARefusedJobIsAsItWasAndCanBeExecutedLater) {
  limit(1, 250);
  EXPECT_TRUE(admitted(at(0)));
  const auto job = new_job_with_chunk();
  const auto refused = catalog().execute_job(job.id, at(10));
  EXPECT_FALSE(refused->admission.admitted);
  EXPECT_EQ(refused->admission.limit, 1);
  EXPECT_EQ(catalog().find_job(pool_.id, job.id).operator*()->status, JobStatus::kNew);
  EXPECT_TRUE(catalog().execute_job(job.id, at(1'000))->admission.admitted);
}

TEST_P(ExecuteLimitsContract, WhatFailsCountsNothing) {
  limit(1, 250);
  EXPECT_FALSE(catalog().execute_job(new_job().id, at(0)).ok()) << "it has no chunk";
  EXPECT_FALSE(catalog().execute_job(JobId::random(), at(0)).ok());
  EXPECT_TRUE(admitted(at(0)));
}

TEST_P(ExecuteLimitsContract, TheHourIsCountedOverARestart) {
  limit(10, 3);
  EXPECT_TRUE(admitted(at(0)));
  EXPECT_TRUE(admitted(at(2'000)));
  reopen();
  EXPECT_TRUE(admitted(at(4'000)));
  EXPECT_FALSE(admitted(at(6'000)));
}

TEST_P(ExecuteLimitsContract, TwoProcessesCountTogether) {
  limit(3, 250);
  auto other = GetParam().open(folder_);
  ASSERT_TRUE(other.ok());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(admitted(at(0)));
  EXPECT_TRUE((*other)->execute_job(new_job_with_chunk().id, at(1))->admission.admitted);
  EXPECT_FALSE((*other)->execute_job(new_job_with_chunk().id, at(2))->admission.admitted);
  EXPECT_FALSE(admitted(at(3)));
}

TEST_P(ExecuteLimitsContract, OfAHundredAtOnceExactlyTenPass) {
  limit(10, 250);
  std::vector<JobId> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(new_job_with_chunk("T" + std::to_string(i)).id);
  std::atomic<int> passed = 0;
  {
    std::vector<std::jthread> threads;
    for (const auto job : jobs) {
      threads.emplace_back([&, job] {
        const auto execution = catalog().execute_job(job, at(0));
        ASSERT_TRUE(execution.ok());
        if (execution->admission.admitted) ++passed;
      });
    }
  }
  EXPECT_EQ(passed, 10);
  EXPECT_EQ(*catalog().count_jobs(JobStatus::kQueued), 10U);
}

INSTANTIATE_TEST_SUITE_P(All, ExecuteLimitsContract,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace adit
