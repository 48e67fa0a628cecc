// The end of a pool beside others who are at work on it.
#include "push/pool_removal.h"

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
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
  ASSERT_TRUE(catalog_->erase_pool(again, 100));
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

TEST_F(EndOfAPool, WhoLookedItUpBeforeDoesNotMakeItAnew) {
  landings_->start();
  const auto job = create("t");
  upload(job, "a\n1\n");
  ASSERT_TRUE(push_->execute(pool_, job.id));
  ASSERT_EQ(wait(job), JobStatus::kDone);
  ASSERT_TRUE(has_folder(pool_));
  // Hidden, and its file gone; its rows in the catalog are not yet.
  ASSERT_TRUE(catalog_->delete_pool(team_, pool_, clock_.now()));
  ASSERT_TRUE(warehouse_->remove_pool(pool_));
  EXPECT_EQ(warehouse_->open_query(pool_, {.sql = "SELECT 1"}, {}).error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(has_folder(pool_));
  ASSERT_TRUE(removal().finish());
  EXPECT_EQ(warehouse_->tables(pool_).error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(has_folder(pool_));
  // The same id is another pool, and empty.
  ASSERT_TRUE(catalog_->insert_pool(described(pool_)));
  ASSERT_TRUE(warehouse_->tables(pool_));
  EXPECT_TRUE(warehouse_->tables(pool_)->empty());
}

TEST_F(EndOfAPool, IsLeftToTheNextStartByAStop) {
  const auto job = create("t");
  auto stopped = removal();
  stopped.stop();
  ASSERT_TRUE(stopped.remove(team_, pool_));
  ASSERT_TRUE(stopped.finish());
  EXPECT_FALSE(*catalog_->find_pool(team_, pool_)) << "hidden";
  EXPECT_TRUE(*catalog_->find_job(pool_, job.id));
  ASSERT_TRUE(removal().finish());
  EXPECT_FALSE(*catalog_->find_job(pool_, job.id));
  EXPECT_TRUE(catalog_->list_deleted_pools()->empty());
}

TEST_F(EndOfAPool, FoldersOfPoolsThatTheCatalogDoesNotKnowAreSetAside) {
  const auto deleted = PoolId::random();
  const auto unknown = PoolId::random();
  ASSERT_TRUE(catalog_->insert_pool(described(deleted)));
  ASSERT_TRUE(catalog_->delete_pool(team_, deleted, clock_.now()));
  const auto pools = folder_ / "pools";
  for (const auto pool : {pool_, deleted, unknown})
    std::filesystem::create_directory(pools / pool.to_string());
  std::filesystem::create_directory(pools / "something else");
  const auto aside = unknown.to_string() + ".unknown-" + std::to_string(to_epoch_ms(clock_.now()));
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(set_unknown_pools_aside(*catalog_, pools, clock_));
    std::set<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator(pools))
      left.insert(entry.path().filename().string());
    EXPECT_EQ(left, (std::set{pool_.to_string(), deleted.to_string(), aside, std::string("something else")}));
  }
  EXPECT_TRUE(set_unknown_pools_aside(*catalog_, folder_ / "none yet", clock_));
}

}  // namespace
}  // namespace adit
