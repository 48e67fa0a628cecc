// The fixture of the suite that every catalog must pass; each implementation is one parameter of it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.h"

namespace adit {

namespace fs = std::filesystem;

struct CatalogBackend {
  std::string name;
  std::function<Result<std::unique_ptr<Catalog>>(const fs::path& folder)> open;
};

inline Timestamp at(std::int64_t ms) { return from_epoch_ms(1'700'000'000'000 + ms); }

class CatalogContract : public testing::TestWithParam<CatalogBackend> {
 protected:
  void SetUp() override {
    open();
    ASSERT_TRUE(catalog().found_team(team_, user_, key_).ok());
    ASSERT_TRUE(catalog().insert_pool(pool_).ok());
  }
  void TearDown() override {
    catalog_.reset();
    fs::remove_all(folder_);
  }

  void open() {
    auto opened = GetParam().open(folder_);
    ASSERT_TRUE(opened.ok()) << opened.error().internal_detail;
    catalog_ = *std::move(opened);
  }
  void reopen() {
    catalog_.reset();
    open();
  }
  Catalog& catalog() { return *catalog_; }

  Job new_job(std::string target = "ORDERS") {
    Job job;
    job.id = JobId::random();
    job.pool = pool_.id;
    job.spec.target_name = std::move(target);
    job.created = job.modified = at(++ticks_);
    EXPECT_TRUE(catalog().insert_job(job).ok());
    return job;
  }
  static Chunk new_chunk(std::uint64_t bytes = 10) {
    Chunk chunk;
    chunk.id = ChunkId::random();
    chunk.bytes = bytes;
    chunk.digest = sha256(chunk.id.to_string());
    chunk.created = at(5);
    return chunk;
  }
  Job new_job_with_chunk(std::string target = "ORDERS") {
    auto job = new_job(std::move(target));
    EXPECT_TRUE(catalog().insert_chunks(job.id, {new_chunk()}).ok());
    return job;
  }
  Job queued_job(std::string target = "ORDERS") {
    const auto job = new_job_with_chunk(std::move(target));
    auto executed = catalog().execute_job(job.id, at(1000));
    EXPECT_TRUE(executed.ok());
    return executed->job;
  }
  Pool another_pool() {
    Pool pool{PoolId::random(), team_.id, "Other", "", user_.id.uuid(), at(1)};
    EXPECT_TRUE(catalog().insert_pool(pool).ok());
    return pool;
  }
  Job queued_in(const Pool& pool, const std::string& target) {
    Job job = new_job("X");
    job.id = JobId::random();
    job.pool = pool.id;
    job.spec.target_name = target;
    EXPECT_TRUE(catalog().insert_job(job).ok());
    EXPECT_TRUE(catalog().insert_chunks(job.id, {new_chunk()}).ok());
    EXPECT_TRUE(catalog().execute_job(job.id, at(1)).ok());
    return job;
  }
  /// What makes a job stand in more lines than its target's.
  struct Effects {
    std::string target;
    std::vector<std::string> mirrors;
    std::optional<std::string> post_query{};
  };
  Job queued_job_for(const Effects& effects) {
    Job job;
    job.id = JobId::random();
    job.pool = pool_.id;
    job.spec.target_name = effects.target;
    job.spec.mirror_target_names = effects.mirrors;
    job.spec.post_execution_query = effects.post_query;
    job.created = job.modified = at(++ticks_);
    EXPECT_TRUE(catalog().insert_job(job).ok());
    EXPECT_TRUE(catalog().insert_chunks(job.id, {new_chunk()}).ok());
    auto executed = catalog().execute_job(job.id, at(1000));
    EXPECT_TRUE(executed.ok());
    return executed->job;
  }
  std::optional<Job> claim(const std::string& owner = "me", const std::set<PoolId>& except = {}) {
    auto claimed = catalog().claim_next_job(owner, at(2000), except);
    EXPECT_TRUE(claimed.ok());
    return *claimed;
  }
  std::optional<Job> move_to(const Job& job, JobStatus to, Timestamp when = at(3000)) {
    auto moved = catalog().transition(
        job.id, {{JobStatus::kNew, JobStatus::kQueued, JobStatus::kRunning}, to, when}, Durability::kFull);
    EXPECT_TRUE(moved.ok());
    return *moved;
  }
  std::optional<Job> find(const Job& job, bool with_deleted = false) {
    auto found = catalog().find_job(job.pool, job.id, with_deleted);
    EXPECT_TRUE(found.ok());
    return *found;
  }
  static std::vector<JobId> ids(const Result<std::vector<Job>>& jobs) {
    EXPECT_TRUE(jobs.ok());
    std::vector<JobId> result;
    for (const auto& job : *jobs) result.push_back(job.id);
    return result;
  }
  static std::vector<JobId> ids(const Result<JobPage>& page) {
    EXPECT_TRUE(page.ok());
    return ids(page->jobs);
  }

  std::vector<JobId> landed_jobs() {
    std::vector<JobId> result;
    const auto places = catalog().list_landed_jobs(pool_.id, 0, 100);
    EXPECT_TRUE(places.ok());
    for (const auto& place : *places) result.push_back(place.job);
    return result;
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-catalog-" + Uuid::random().to_string());
  const Team team_{TeamId::random(), "Team", "team", {.unlimited = true}};
  const User user_{UserId::random(), team_.id, "Ada", "ada@example.org", Role::kAdministrator};
  const Key key_{KeyId::random(), team_.id, subject_of(user_.id), user_.id, "first", sha256("secret"), at(0)};
  const Pool pool_{PoolId::random(), team_.id, "Pool", "What it is for", user_.id.uuid(), at(0)};
  std::int64_t ticks_ = 0;

 private:
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace adit
