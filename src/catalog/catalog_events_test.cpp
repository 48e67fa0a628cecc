// What every catalog promises of events.
#include "catalog/catalog_contract.h"

namespace adit {
namespace {

class CatalogEvents : public CatalogContract {
 protected:
  static std::string text_of(const Event& event) {
    switch (event.kind) {
      case EventKind::kJob:
        return std::string(to_string(*event.status));
      case EventKind::kChunk:
        return event.chunk_state ? std::string(to_string(*event.chunk_state)) : "REMOVED";
      case EventKind::kDeleted:
        return "DELETED";
    }
    return "";
  }
  std::vector<std::string> texts(const EventScope& scope, std::int64_t after = 0) {
    std::vector<std::string> result;
    std::int64_t last = after;
    const auto page = catalog().list_events(scope, after, 100);
    EXPECT_TRUE(page.ok());
    for (const auto& event : page->events) {
      EXPECT_GT(event.number, last);
      last = event.number;
      result.push_back(text_of(event));
    }
    return result;
  }
  using Texts = std::vector<std::string>;
};

INSTANTIATE_TEST_SUITE_P(All, CatalogEvents,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

TEST_P(CatalogEvents, TellTheLifeOfAJobInItsOrder) {
  const auto job = new_job();
  auto chunks = *catalog().insert_chunks(job.id, {new_chunk(), new_chunk()});
  chunks[0].state = ChunkState::kStaging;
  ASSERT_TRUE(catalog().update_chunk(chunks[0], at(6)).ok());
  chunks[0].state = ChunkState::kStaged;
  chunks[0].rows = 7;
  ASSERT_TRUE(catalog().update_chunk(chunks[0], at(7)).ok());
  ASSERT_TRUE(catalog().remove_chunk(job.id, chunks[1].id, at(8)).ok());
  ASSERT_TRUE(catalog().execute_job(job.id, at(9)).ok());
  ASSERT_TRUE(claim().has_value());
  move_to(job, JobStatus::kDone);
  ASSERT_TRUE(*catalog().delete_job(job.id, at(4000)));
  EXPECT_EQ(texts({pool_.id, job.id}),
            (Texts{"NEW", "STORED", "STORED", "STAGED", "REMOVED", "QUEUED", "RUNNING", "DONE", "DELETED"}));
  const auto page = catalog().list_events({pool_.id, job.id}, 0, 4);
  ASSERT_EQ(page->events.size(), 4u);
  const auto& staged = page->events[3];
  EXPECT_EQ(staged.job, job.id);
  EXPECT_EQ(staged.pool, pool_.id);
  EXPECT_EQ(staged.target_name, "ORDERS");
  EXPECT_EQ(staged.chunk, chunks[0].id);
  EXPECT_EQ(staged.rows, 7u);
  EXPECT_EQ(staged.at, at(7));
  EXPECT_EQ(texts({pool_.id, job.id}, staged.number).size(), 5u);
}

TEST_P(CatalogEvents, OfAPoolAreThoseOfAllItsJobs) {
  const auto first = new_job();
  const auto second = new_job("OTHER");
  move_to(first, JobStatus::kCanceled);
  EXPECT_EQ(texts({pool_.id}), (Texts{"NEW", "NEW", "CANCELED"}));
  EXPECT_EQ(texts({pool_.id, second.id}), Texts{"NEW"});
  EXPECT_EQ(texts({PoolId::random()}), Texts{});
  EXPECT_EQ(texts({PoolId::random(), first.id}), Texts{}) << "a job is looked for in its pool";
  EXPECT_EQ(catalog().list_all_events(0, 2)->size(), 2u);
}

TEST_P(CatalogEvents, AWriteThatFailsLeavesNone) {
  const auto job = queued_job();
  const auto before = catalog().event_bounds()->last;
  EXPECT_FALSE(catalog().execute_job(job.id, at(1)).ok());
  EXPECT_FALSE(catalog().insert_chunks(job.id, {new_chunk()}).ok());
  EXPECT_FALSE(*catalog().delete_job(JobId::random(), at(1)));
  EXPECT_EQ(catalog().event_bounds()->last, before);
}

TEST_P(CatalogEvents, AreForgottenOldestFirstAndTheirNumbersNeverComeAgain) {
  for (int i = 0; i < 4; ++i) new_job();  // at 1 to 4
  const auto last = catalog().event_bounds()->last;
  EXPECT_EQ(*catalog().forget_events(at(1), 1000, 100), 0u);
  EXPECT_EQ(*catalog().forget_events(at(3), 1000, 100), 2u);
  EXPECT_EQ(catalog().event_bounds()->purged, last - 2);
  EXPECT_EQ(*catalog().forget_events(at(0), 1, 100), 1u) << "more than may be kept";
  EXPECT_EQ(*catalog().forget_events(at(99), 1000, 100), 1u);
  reopen();
  EXPECT_EQ(catalog().event_bounds()->purged, last);
  new_job();
  EXPECT_EQ(catalog().event_bounds()->last, last + 1);
}

TEST_P(CatalogEvents, GoWithTheirJobAndWithTheirPool) {
  const auto job = queued_job();
  move_to(job, JobStatus::kDone, at(3000));
  ASSERT_TRUE(catalog().forget_chunk_files(job.id).ok());
  ASSERT_EQ(*catalog().forget_history(at(9999), 10), 1u);
  EXPECT_EQ(texts({pool_.id}), Texts{});
  new_job();
  ASSERT_TRUE(catalog().delete_pool(team_.id, pool_.id, at(5)).ok());
  ASSERT_TRUE(catalog().erase_pool(pool_.id, 100).ok());
  EXPECT_EQ(texts({pool_.id}), Texts{});
}

TEST_P(CatalogEvents, TheBellRingsAfterAWrite) {
  const auto bell = catalog().bell();
  const auto heard = bell->rings();
  new_job();
  EXPECT_GT(bell->wait(heard, std::chrono::seconds(5)), heard);
}

}  // namespace
}  // namespace adit
