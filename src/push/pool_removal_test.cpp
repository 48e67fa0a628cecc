// The end of a pool beside others who are at work on it.
#include "push/pool_removal.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "push/push_fixture.h"

namespace adit {
namespace {

class EndOfAPool : public PushJob {
 protected:
  void SetUp() override {
    PushJob::SetUp();
    team_ = (*catalog_->find_team())->id;
  }
  Pool described(PoolId pool) { return {pool, team_, "Pool", "", Uuid::random(), clock_.now()}; }
  PoolRemoval removal() { return {*catalog_, *store_, *warehouse_, *stages_, clock_}; }
  bool has_folder(PoolId pool) { return std::filesystem::exists(folder_ / "pools" / pool.to_string()); }

  TeamId team_;
};

TEST_F(EndOfAPool, LeavesANewPoolOfTheSameIdAlone) {
  const auto in_use = PoolId::random();
  const auto again = PoolId::random();
  ASSERT_TRUE(catalog_->insert_pool(described(in_use)));
  ASSERT_TRUE(catalog_->insert_pool(described(again)));
  auto rows = *warehouse_->open_query(in_use, {.sql = "SELECT * FROM range(1000000)"}, {});
  ASSERT_TRUE(catalog_->delete_pool(team_, in_use, clock_.now()));
  ASSERT_TRUE(catalog_->delete_pool(team_, again, clock_.now()));
  auto removal = EndOfAPool::removal();
  // It knows of both, and waits for the rows of the first.
  std::jthread late([&] { EXPECT_TRUE(removal.finish()); });
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (warehouse_->tables(in_use) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(1ms);
  // Another has finished the second meanwhile.
  ASSERT_TRUE(catalog_->erase_pool(again));
  auto pool = described(again);
  const Grant grant{team_, subject_of(UserId(pool.creator)), again, Permission::kManageDataPool};
  ASSERT_TRUE(catalog_->insert_pool(pool, {grant}));
  JobSpec spec;
  spec.target_name = "t";
  spec.file_type = FileType::kCsv;
  const auto job = *push_->create(again, spec);
  auto upload = *push_->begin_upload(again, job.id, ChunkOperation::kUpsert);
  ASSERT_TRUE(upload->begin_chunk());
  ASSERT_TRUE(upload->write("a\n1\n"));
  ASSERT_TRUE(upload->end_chunk());
  const auto chunk = upload->finish()->front().id;
  rows.reset();
  late.join();
  EXPECT_FALSE(has_folder(in_use));
  EXPECT_TRUE(catalog_->list_deleted_pools()->empty());
  EXPECT_TRUE(store_->open(again, job.id, chunk));
  EXPECT_TRUE(*catalog_->find_job(again, job.id));
  EXPECT_EQ(catalog_->list_chunks(job.id)->size(), 1U);
  EXPECT_EQ(catalog_->list_grants(team_, again)->size(), 1U);
}

}  // namespace
}  // namespace adit
