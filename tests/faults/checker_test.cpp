// The checker is only worth something if it finds what is wrong: each test breaks one thing.
#include "faults/checker.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace adit::test {
namespace {

/// A model with two landed jobs (a replace and an append) and a NEW one, and the observation that fits it.
class Checker : public ::testing::Test {
 protected:
  void SetUp() override {
    TableRecord table;
    table.pool = "pool";
    table.name = "t";
    model_.tables.push_back(std::move(table));
    first_ = &add_job(true, {3, 2});
    second_ = &add_job(false, {2});
    waiting_ = &add_job(false, {1});
    execute(*first_);
    execute(*second_);
    TableContent content;
    land(*first_, content);
    land(*second_, content);
    observed_.tables[{"pool", "t"}] = *content;
  }

  JobRecord& add_job(bool replace, const std::vector<std::int64_t>& chunk_rows) {
    auto& job = model_.add_job();
    job.id = "id-" + std::to_string(job.number);
    job.replace = replace;
    job.created = Certainty::kYes;
    ObservedJob seen;
    seen.id = job.id;
    seen.pool = "pool";
    seen.status = "NEW";
    seen.foreign_keys = job.foreign_keys();
    for (const auto rows : chunk_rows) {
      ChunkRecord chunk;
      const auto number = static_cast<int>(job.chunks.size());
      while (chunk.rows.empty())
        chunk.rows = make_rows(rng_, job.number, number, 1000 + job.number, rows, 50);
      chunk.row_count = chunk.rows.size();
      chunk.checksum = "digest-" + std::to_string(job.number) + "-" + std::to_string(number);
      seen.chunks.push_back({"UPSERT", chunk.checksum, "STAGED", static_cast<std::int64_t>(chunk.row_count)});
      job.chunks.push_back(std::move(chunk));
    }
    observed_.jobs.insert(observed_.jobs.begin(), seen);
    return job;
  }

  void execute(JobRecord& job) {
    job.executed = Certainty::kYes;
    job.execute_sequence = model_.next_execute_sequence();
    auto& seen = seen_of(job);
    seen.status = "DONE";
    for (const auto& chunk : job.chunks) seen.rows_landed += static_cast<std::int64_t>(chunk.row_count);
  }

  ObservedJob& seen_of(const JobRecord& job) {
    return *std::ranges::find(observed_.jobs, job.id, &ObservedJob::id);
  }
  /// As if nothing had been checked yet.
  void forget_contents() {
    for (auto& table : model_.tables) table.content.reset();
  }
  std::vector<TableRow>& rows() { return observed_.tables[{"pool", "t"}]; }

  void expect_clean() {
    const auto found = check(model_, observed_);
    EXPECT_TRUE(found.empty()) << found.front();
  }
  void expect_violation(const std::string& words) {
    const auto found = check(model_, observed_);
    const bool said =
        std::ranges::any_of(found, [&](const auto& text) { return text.find(words) != std::string::npos; });
    EXPECT_TRUE(said) << "nobody said \"" << words << "\", but "
                      << (found.empty() ? "nothing at all" : found.front());
  }

  Rng rng_{7};
  Model model_;
  Observed observed_;
  JobRecord* first_ = nullptr;
  JobRecord* second_ = nullptr;
  JobRecord* waiting_ = nullptr;
};

TEST_F(Checker, FindsNothingWhereNothingIsWrong) {
  expect_clean();
  model_.settle(1);
  expect_clean();
}

TEST_F(Checker, FindsARowThatIsMissing) {
  rows().pop_back();
  expect_violation("1 missing");
}

TEST_F(Checker, FindsARowThatIsThereTwice) {
  rows().insert(rows().begin(), rows().front());
  expect_violation("1 too many");
}

TEST_F(Checker, FindsAWrongValue) {
  rows().front().v = -1;
  expect_violation("1 missing, 1 too many");
}

TEST_F(Checker, FindsAWrongChangeDate) {
  rows().front().change_ms += 1;
  expect_violation("rule 4");
}

TEST_F(Checker, FindsHalfAJob) {
  std::erase_if(rows(), [](const TableRow& row) { return row.source.starts_with("j1c1"); });
  expect_violation("rule 4");
}

TEST_F(Checker, FindsAJobThatLandedTwice) {
  for (const auto& row : std::vector(second_->chunks[0].rows)) rows().push_back(row);
  std::ranges::sort(rows());
  expect_violation("too many");
}

TEST_F(Checker, FindsRowsOfAJobThatNobodyExecuted) {
  for (const auto& row : waiting_->chunks[0].rows) rows().push_back(row);
  std::ranges::sort(rows());
  expect_violation("too many");
}

TEST_F(Checker, FindsTheWrongOrderOfTwoJobs) {
  TableContent content;
  land(*second_, content);
  land(*first_, content);
  rows() = *content;
  expect_violation("rule 4");
}

TEST_F(Checker, FindsATableThatIsGoneAndOneTooMany) {
  observed_.tables.clear();
  observed_.tables[{"pool", "staging_t"}] = {};
  expect_violation("is gone");
  observed_.tables[{"pool", "staging_t"}] = {};
  expect_violation("rule 5");
}

TEST_F(Checker, FindsAnAcknowledgedChunkThatIsGone) {
  seen_of(*waiting_).chunks.clear();
  expect_violation("rule 2");
}

TEST_F(Checker, FindsAWrongDigestARowCountAndAnOrder) {
  seen_of(*waiting_).chunks[0].checksum = "another";
  expect_violation("digest");
  seen_of(*waiting_).chunks[0].checksum = waiting_->chunks[0].checksum;
  *seen_of(*waiting_).chunks[0].rows += 1;
  expect_violation("rows");
  std::swap(seen_of(*first_).chunks[0], seen_of(*first_).chunks[1]);
  expect_violation("digest");
}

TEST_F(Checker, FindsAnAcknowledgedJobThatIsGoneAndAStrangerThatIsThere) {
  std::erase_if(observed_.jobs, [this](const ObservedJob& job) { return job.id == waiting_->id; });
  ObservedJob stranger;
  stranger.id = "stranger";
  stranger.pool = "pool";
  stranger.status = "NEW";
  observed_.jobs.push_back(stranger);
  expect_violation("is gone");
  waiting_->deleted = Certainty::kNo;
  expect_violation("created by nobody");
}

TEST_F(Checker, FindsADeletedJobThatIsBack) {
  waiting_->deleted = Certainty::kYes;
  expect_violation("was deleted and is there");
}

TEST_F(Checker, FindsStatesThatCannotBe) {
  seen_of(*waiting_).status = "DONE";
  expect_violation("nobody executed it");
  waiting_->last_status = "NEW";
  seen_of(*waiting_).status = "CANCELED";
  expect_violation("nobody canceled it");
  waiting_->last_status = "NEW";
  seen_of(*waiting_).status = "ERROR";
  expect_violation("data is good");
}

TEST_F(Checker, FindsAnAcknowledgedExecuteThatIsForgotten) {
  seen_of(*second_).status = "NEW";
  expect_violation("its execute was acknowledged");
}

TEST_F(Checker, FindsADoneJobThatChangesItsMind) {
  first_->last_status = "DONE";
  seen_of(*first_).status = "CANCELED";
  expect_violation("but was DONE");
}

TEST_F(Checker, FindsACanceledJobWhoseCancelWasAcknowledgedAndThatLandedYet) {
  second_->canceled = Certainty::kYes;
  expect_violation("its cancel was acknowledged");
}

TEST_F(Checker, FindsAWrongCountOfLandedRowsInAnyPlace) {
  const auto rows = landed_rows(*first_);
  first_->landed_said = rows;
  observed_.history[first_->id] = {"DONE", rows};
  expect_clean();
  first_->landed_said = rows + 1;
  expect_violation("an answer says that " + std::to_string(rows + 1) + " rows of job 1");
  first_->landed_said.reset();
  observed_.history[first_->id].rows_landed = rows - 1;
  expect_violation("the history says");
  observed_.history.clear();
  seen_of(*first_).rows_landed += 1;
  expect_violation("the list of jobs says");
}

TEST_F(Checker, CountsTheRowsOfAnUpsertByItsKeys) {
  auto& upsert = add_job(false, {1, 1});
  upsert.keyed = true;
  upsert.chunks[0].rows = {{1, "a", 0, 0}, {2, "b", 0, 0}, {1, "c", 0, 0}};
  upsert.chunks[1].kind = ChunkKind::kDelete;
  upsert.chunks[1].rows = {{2, "", 0, 0}, {3, "", 0, 0}};
  upsert.executed = Certainty::kYes;
  upsert.execute_sequence = model_.next_execute_sequence();
  std::erase_if(observed_.jobs, [&](const ObservedJob& job) { return job.id == upsert.id; });
  upsert.deleted = Certainty::kYes;
  TableContent content = rows();
  land(upsert, content);
  rows() = *content;
  observed_.history[upsert.id] = {"DONE", 1};
  expect_clean();
  forget_contents();
  observed_.history[upsert.id] = {"DONE", 3};
  expect_violation("says that 3 rows of " + upsert.name() + " landed, but it were 1");
}

TEST_F(Checker, LearnsFromTheHistoryWhatBecameOfAChangeWithoutAnAnswer) {
  auto& lost = model_.add_job();
  lost.kind = JobKind::kTruncate;
  lost.executed = Certainty::kUncertain;
  lost.execute_sequence = model_.next_execute_sequence();
  expect_clean();
  EXPECT_EQ(lost.executed, Certainty::kNo) << "the history does not know it";
  forget_contents();
  lost.executed = Certainty::kUncertain;
  const auto before = static_cast<std::int64_t>(rows().size());
  rows().clear();
  observed_.changes = {{"id-of-change", "pool", "t", "", "TRUNCATE", "DONE", "", before}};
  expect_clean();
  EXPECT_EQ(lost.executed, Certainty::kYes);
  EXPECT_EQ(lost.rows_said, before);
}

TEST_F(Checker, FindsAChangeOfWhichTheHistorySaysSomethingElse) {
  auto& change = model_.add_job();
  change.id = "id-of-change";
  change.kind = JobKind::kDeleteRows;
  change.modulus = 2;
  change.executed = Certainty::kYes;
  change.execute_sequence = model_.next_execute_sequence();
  expect_violation("is not in the history");
  const auto before = static_cast<std::int64_t>(rows().size());
  std::erase_if(rows(), [](const TableRow& row) { return row.k % 2 == 0; });
  const auto went = before - static_cast<std::int64_t>(rows().size());
  forget_contents();
  observed_.changes = {{"id-of-change", "pool", "t", "", "DELETE", "DONE", "", went}};
  expect_clean();
  forget_contents();
  observed_.changes[0].predicate = "k % 3 = 0";
  expect_violation("deletes by k % 3 = 0");
  forget_contents();
  observed_.changes[0] = {"id-of-change", "pool", "t", "", "DELETE", "DONE", "", went + 1};
  expect_violation("as its answer said");
  forget_contents();
  change.rows_said.reset();
  expect_violation("says that it removed");
}

TEST_F(Checker, FindsADeletedJobThatTheHistoryKnowsOtherwise) {
  second_->deleted = Certainty::kYes;
  second_->delete_tried = true;
  std::erase_if(observed_.jobs, [this](const ObservedJob& job) { return job.id == second_->id; });
  observed_.history[second_->id] = {"CANCELED", 0};
  expect_violation("too many");
}

TEST_F(Checker, AllowsBothOutcomesOfAnExecuteWithoutAnswer) {
  second_->executed = Certainty::kUncertain;
  expect_clean();
  second_->executed = Certainty::kUncertain;
  second_->last_status = "NEW";
  forget_contents();
  seen_of(*second_).status = "NEW";
  seen_of(*second_).rows_landed = 0;
  rows().clear();
  TableContent content;
  land(*first_, content);
  rows() = *content;
  expect_clean();
}

TEST_F(Checker, AllowsBothOutcomesOfAnUploadWithoutAnswerButNoPart) {
  ChunkRecord chunk;
  chunk.checksum = "late";
  waiting_->uncertain_chunks = {chunk, chunk};
  expect_clean();
  EXPECT_EQ(waiting_->chunks.size(), 1U);
  waiting_->uncertain_chunks = {chunk, chunk};
  seen_of(*waiting_).chunks.push_back({"UPSERT", "late", "STAGED", 0});
  expect_violation("rule 2");
}

TEST_F(Checker, AllowsADeletedJobOfUnknownOutcomeWholeOrAbsentButNoPart) {
  second_->deleted = Certainty::kYes;
  std::erase_if(observed_.jobs, [this](const ObservedJob& job) { return job.id == second_->id; });
  const auto both = rows();
  expect_clean();
  forget_contents();
  TableContent content;
  land(*first_, content);
  rows() = *content;
  expect_clean();
  forget_contents();
  rows() = both;
  rows().erase(
      std::ranges::find_if(rows(), [](const TableRow& row) { return row.source.starts_with("j2"); }));
  if (second_->chunks[0].rows.size() > 1) {
    expect_violation("rule 4");
  }
}

TEST_F(Checker, AdoptsAJobWhoseCreateHadNoAnswer) {
  auto& late = model_.add_job();
  late.created = Certainty::kUncertain;
  expect_clean();
  EXPECT_EQ(late.created, Certainty::kNo);
  auto& later = model_.add_job();
  later.created = Certainty::kUncertain;
  ObservedJob seen;
  seen.id = "a new id";
  seen.pool = "pool";
  seen.status = "NEW";
  seen.foreign_keys = later.foreign_keys();
  observed_.jobs.insert(observed_.jobs.begin(), seen);
  model_.settle(1);
  expect_clean();
  EXPECT_EQ(later.id, "a new id");
  EXPECT_EQ(later.created, Certainty::kYes);
}

TEST(Model, TheLastOperationOnAKeyDecides) {
  JobRecord job;
  job.keyed = true;
  job.chunks = {{ChunkKind::kUpsert, "", {{1, "a", 0, 0}, {2, "b", 0, 0}, {1, "c", 0, 0}}, 3},
                {ChunkKind::kDelete, "", {{2, "", 0, 0}, {3, "", 0, 0}}, 2},
                {ChunkKind::kUpsert, "", {{3, "d", 0, 0}}, 1}};
  TableContent content = std::vector<TableRow>{{2, "old", 0, 0}, {3, "old", 0, 0}, {4, "old", 0, 0}};
  land(job, content);
  EXPECT_EQ(*content, (std::vector<TableRow>{{1, "c", 0, 0}, {3, "d", 0, 0}, {4, "old", 0, 0}}));
}

TEST(Model, WhatAChunkLacksIsKeptOrBecomesNull) {
  JobRecord job;
  job.keyed = true;
  job.chunks = {
      {ChunkKind::kUpsert, "", {{1, "a", {}, 9, 7}, {2, "b", {}, 9, {}}}, 2, {.v = false, .w = true}},
      {ChunkKind::kUpsert, "", {{1, "c", 6, 9, {}}, {3, "d", {}, 9, {}}}, 2, {.v = true, .w = false}},
      {ChunkKind::kDelete, "", {{4, "", {}, 9, {}}}, 1},
      {ChunkKind::kUpsert, "", {{4, "e", {}, 9, 8}}, 1, {.v = false, .w = true}}};
  const std::vector<TableRow> before{
      {1, "o", 1, 0, 1}, {2, "o", 2, 0, 2}, {3, "o", 3, 0, 3}, {4, "o", 4, 0, 4}};
  TableContent content = before;
  land(job, content);
  EXPECT_EQ(*content, (std::vector<TableRow>{
                          {1, "c", 6, 9, 7}, {2, "b", 2, 9, {}}, {3, "d", {}, 9, 3}, {4, "e", {}, 9, 8}}));
  content = before;
  job.nullifies = true;
  land(job, content);
  EXPECT_EQ(*content, (std::vector<TableRow>{
                          {1, "c", 6, 9, {}}, {2, "b", {}, 9, {}}, {3, "d", {}, 9, {}}, {4, "e", {}, 9, 8}}));
}

}  // namespace
}  // namespace adit::test
