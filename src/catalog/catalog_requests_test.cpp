// Chunks with numbers, chunks that go, and requests with an Idempotency-Key: for every catalog.
#include "catalog/catalog_contract.h"

namespace adit {
namespace {

Chunk numbered(Chunk chunk, std::int64_t sequence) {
  chunk.sequence = sequence;
  return chunk;
}

TEST_P(CatalogContract, ChunksApplyByTheirNumbersThenByArrival) {
  const auto job = new_job();
  const auto chunks = catalog().insert_chunks(
      job.id, {new_chunk(), numbered(new_chunk(), 7), new_chunk(), numbered(new_chunk(), 0)});
  ASSERT_TRUE(chunks.ok());
  const auto listed = *catalog().list_chunks(job.id);
  ASSERT_EQ(listed.size(), 4u);
  EXPECT_EQ(listed[0].id, (*chunks)[3].id);
  EXPECT_EQ(listed[1].id, (*chunks)[1].id);
  EXPECT_EQ(listed[2].id, (*chunks)[0].id);
  EXPECT_EQ(listed[3].id, (*chunks)[2].id);
  EXPECT_EQ(listed[1].sequence, 7);
  EXPECT_FALSE(listed[2].sequence.has_value());
}

TEST_P(CatalogContract, ANumberIsTakenOnceInAJob) {
  const auto job = new_job();
  const auto other = new_job();
  ASSERT_TRUE(catalog().insert_chunks(job.id, {numbered(new_chunk(), 1)}).ok());
  ASSERT_TRUE(catalog().insert_chunks(other.id, {numbered(new_chunk(), 1)}).ok());
  EXPECT_EQ(catalog().insert_chunks(job.id, {new_chunk(), numbered(new_chunk(), 1)}).error().kind,
            ErrorKind::kConflict);
  EXPECT_EQ(
      catalog().insert_chunks(job.id, {numbered(new_chunk(), 2), numbered(new_chunk(), 2)}).error().kind,
      ErrorKind::kConflict);
  EXPECT_EQ(catalog().list_chunks(job.id)->size(), 1u);
  EXPECT_EQ(find(job)->chunks, 1u);
}

TEST_P(CatalogContract, ARemovedChunkTakesItsSumsAndSendsStagedOnesBack) {
  const auto job = new_job();
  auto chunks = *catalog().insert_chunks(job.id, {new_chunk(1), new_chunk(2), new_chunk(4)});
  for (auto& chunk : chunks) {
    chunk.state = ChunkState::kStaged;
    chunk.rows = 10;
    ASSERT_TRUE(catalog().update_chunk(chunk, at(6)).ok());
  }
  const auto removed = catalog().remove_chunk(job.id, chunks[1].id, at(7));
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(removed->state, ChunkState::kStaged);
  const auto left = *catalog().list_chunks(job.id);
  ASSERT_EQ(left.size(), 2u);
  for (const auto& chunk : left) {
    EXPECT_EQ(chunk.state, ChunkState::kStored);
    EXPECT_FALSE(chunk.rows.has_value());
  }
  EXPECT_EQ(find(job)->chunks, 2u);
  EXPECT_EQ(find(job)->bytes, 5u);
  EXPECT_EQ(find(job)->rows_staged, 0u);
  EXPECT_EQ(catalog().remove_chunk(job.id, chunks[1].id, at(7)).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(catalog().update_chunk(chunks[1], at(6)).error().kind, ErrorKind::kNotFound);
}

TEST_P(CatalogContract, AChunkThatNoStageHasSeenGoesAlone) {
  const auto job = new_job();
  auto chunks = *catalog().insert_chunks(job.id, {new_chunk(1), new_chunk(2)});
  chunks[0].state = ChunkState::kStaged;
  chunks[0].rows = 10;
  ASSERT_TRUE(catalog().update_chunk(chunks[0], at(6)).ok());
  ASSERT_TRUE(catalog().remove_chunk(job.id, chunks[1].id, at(7)).ok());
  EXPECT_EQ(catalog().list_chunks(job.id)->at(0).state, ChunkState::kStaged);
  EXPECT_EQ(find(job)->rows_staged, 10u);
}

TEST_P(CatalogContract, NoChunkIsRemovedFromAJobThatIsNotNew) {
  const auto job = queued_job();
  const auto chunk = catalog().list_chunks(job.id)->at(0);
  EXPECT_EQ(catalog().remove_chunk(job.id, chunk.id, at(7)).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(catalog().remove_chunk(JobId::random(), chunk.id, at(7)).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(find(job)->chunks, 1u);
}

RequestClaim claim_of(const std::string& key, std::int64_t ms, const std::string& route = "create") {
  return {{"user a", route, key}, Uuid::random(), at(ms)};
}

TEST_P(CatalogContract, AClaimIsHeldUntilItIsReleasedOrTooOld) {
  const RequestTimes times{std::chrono::milliseconds(1000), std::chrono::milliseconds(100)};
  const auto first = claim_of("k", 0);
  ASSERT_FALSE(catalog().claim_request(first, times)->has_value());
  EXPECT_EQ(catalog().claim_request(claim_of("k", 50), times).error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(catalog().claim_request(claim_of("other", 50), times).ok());
  EXPECT_TRUE(catalog().claim_request(claim_of("k", 50, "execute"), times).ok());
  ASSERT_TRUE(catalog().release_request(first).ok());
  const auto second = claim_of("k", 60);
  EXPECT_TRUE(catalog().claim_request(second, times).ok());
  // What was given up meanwhile can't be completed, and has no effect.
  const auto third = claim_of("k", 160);
  EXPECT_TRUE(catalog().claim_request(third, times).ok());
  const auto job = new_job();
  const RequestCompletion late{second, {"content", ""}};
  EXPECT_EQ(catalog().insert_chunks(job.id, {new_chunk()}, &late).error().kind, ErrorKind::kConflict);
  EXPECT_TRUE(catalog().list_chunks(job.id)->empty());
  ASSERT_TRUE(catalog().release_request(second).ok());
  EXPECT_EQ(catalog().claim_request(claim_of("k", 170), times).error().kind, ErrorKind::kConflict);
}

TEST_P(CatalogContract, ACompletedRequestIsRememberedForItsTime) {
  const RequestTimes times{std::chrono::milliseconds(1000), std::chrono::milliseconds(100)};
  const auto claim = claim_of("k", 0);
  ASSERT_TRUE(catalog().claim_request(claim, times).ok());
  const RequestCompletion completion{claim, {"digest", "{\"body\":1}"}};
  Job job;
  job.id = JobId::random();
  job.pool = pool_.id;
  job.spec.target_name = "T";
  ASSERT_TRUE(catalog().insert_job(job, &completion).ok());
  ASSERT_TRUE(catalog().release_request(claim).ok());
  ASSERT_TRUE(catalog().release_all_requests().ok());
  reopen();
  const auto again = catalog().claim_request(claim_of("k", 999), times);
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->content, "digest");
  EXPECT_EQ((*again)->body, "{\"body\":1}");
  EXPECT_FALSE(catalog().claim_request(claim_of("k", 1000), times)->has_value());
}

TEST_P(CatalogContract, AnEffectThatFailsCompletesNothing) {
  const auto claim = claim_of("k", 0);
  ASSERT_TRUE(catalog().claim_request(claim, {}).ok());
  const RequestCompletion completion{claim, {"digest", ""}};
  const auto job = new_job();
  EXPECT_EQ(catalog().execute_job(job.id, at(1), &completion).error().kind, ErrorKind::kInvalid);
  ASSERT_TRUE(catalog().release_request(claim).ok());
  EXPECT_FALSE(catalog().claim_request(claim_of("k", 1), {})->has_value());
}

TEST_P(CatalogContract, OldRequestsAreForgottenAndDeadOnesReleased) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(catalog().claim_request(claim_of("k" + std::to_string(i), i * 10), {}).ok());
  }
  EXPECT_EQ(*catalog().forget_requests(at(20)), 2u);
  ASSERT_TRUE(catalog().release_all_requests().ok());
  EXPECT_EQ(*catalog().forget_requests(at(1000)), 0u);
}

TEST_P(CatalogContract, TeamsAreFoundByTheirDomainWithoutCase) {
  EXPECT_EQ(*catalog().find_teams_by_domain("TEAM"), std::vector{team_.id});
  EXPECT_TRUE(catalog().find_teams_by_domain("tea")->empty());
  EXPECT_TRUE(catalog().find_teams_by_domain("%")->empty());
}

}  // namespace
}  // namespace adit
