// PushJob: the fixture of tests of push jobs over the real catalog, chunk store and warehouse, without HTTP.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/set_clock.h"
#include "push/housekeeper.h"
#include "push/push_service.h"
#include "push/recovery.h"
#include "warehouse/rows_fixture.h"

namespace adit {

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
    warehouse_options_.may_open = [this](PoolId pool) { return pool_may_open(*catalog_, pool); };
    warehouse_ =
        *open_duckdb_warehouse(warehouse_options_, landing_book(*catalog_, *store_), clock_, metrics_);
    if (around_warehouse_) warehouse_ = around_warehouse_(std::move(warehouse_));
    stages_ = std::make_unique<StageQueue>(*catalog_, *store_, *warehouse_, clock_, stage_options_);
    landings_ = std::make_unique<LandQueue>(*catalog_, *store_, *warehouse_, *stages_, clock_, metrics_,
                                            land_options_);
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
    const auto expired = housekeeper.expire();
    EXPECT_FALSE(expired.error) << expired.error->internal_detail;
    return expired.jobs;
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
  StageQueueOptions stage_options_;
  LandQueueOptions land_options_{.poll_interval = 20ms};
  std::function<std::unique_ptr<Warehouse>(std::unique_ptr<Warehouse>)> around_warehouse_;
  const PoolId pool_ = PoolId::random();
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<ChunkStore> store_;
  std::unique_ptr<Warehouse> warehouse_;
  std::unique_ptr<StageQueue> stages_;
  std::unique_ptr<LandQueue> landings_;
  std::unique_ptr<PushService> push_;
};

}  // namespace adit
