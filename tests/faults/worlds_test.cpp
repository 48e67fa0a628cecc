// What a pool's tables and the reads of them must be: each test breaks one thing, or leaves open what may be.
#include "faults/worlds.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "faults/checker.h"

namespace adit::test {
namespace {

constexpr std::size_t kTarget = 0;
constexpr std::size_t kMirror = 1;
constexpr std::size_t kNotesTable = 2;

Moment at(int ms) { return Moment(std::chrono::milliseconds{ms}); }

/// A pool with a target, its mirror and a table of notes. Jobs are executed at 10, 20, … ms.
class Worlds : public ::testing::Test {
 protected:
  Worlds() {
    for (const auto* name : {"t", "m", "notes"}) {
      TableRecord table;
      table.pool = "pool";
      table.name = name;
      table.connection = "ERP";
      table.discipline = Discipline::kLog;
      model_.tables.push_back(std::move(table));
      after_.emplace_back();
    }
  }

  JobRecord& executed(JobKind kind = JobKind::kPush) {
    auto& job = model_.add_job();
    job.kind = kind;
    job.executed = Certainty::kYes;
    job.execute_sequence = model_.next_execute_sequence();
    job.execute_begun = at(10 * job.number);
    if (kind != JobKind::kPush) return job;
    job.id = "id-" + std::to_string(job.number);
    job.created = Certainty::kYes;
    job.last_status = "DONE";
    job.change_ms = kFirstChangeMs + 1000 * job.number;
    ChunkRecord chunk;
    while (chunk.rows.size() < 2) chunk.rows = make_rows(rng_, job.number, 0, job.change_ms, 9, 50);
    chunk.row_count = chunk.rows.size();
    job.chunks.push_back(std::move(chunk));
    return job;
  }
  JobRecord& executed_with_mirror_and_note() {
    auto& job = executed();
    job.mirrors = {kMirror};
    job.notes = kNotesTable;
    return job;
  }
  /// The job's outcome was not seen by anybody.
  static void forget_outcome(JobRecord& job) {
    if (job.kind != JobKind::kPush) {
      job.executed = Certainty::kUncertain;
    } else {
      job.deleted = Certainty::kYes;
      job.last_status = "RUNNING";
    }
  }

  void land_everywhere(const JobRecord& job) {
    for (std::size_t i = 0; i < after_.size(); ++i)
      if (job.touches(i)) land_in(job, i, after_[i]);
  }
  Fingerprint print(std::size_t index = kTarget) const { return fingerprint(after_[index]); }
  void read(int begun, int ended, Fingerprint seen, std::size_t index = kTarget) {
    model_.add_read(index, {at(begun), at(ended), seen, "reader"});
  }

  std::optional<Inexplicable> look() {
    Observed observed;
    for (std::size_t i = 0; i < after_.size(); ++i) {
      if (after_[i]) observed.tables[{"pool", model_.tables[i].qualified_name()}] = *after_[i];
    }
    return explain_tables(model_, "pool", observed);
  }
  void expect_explained() {
    const auto problem = look();
    EXPECT_FALSE(problem) << "table " << problem->table << " "
                          << (problem->why.empty() ? "its content" : problem->why.front());
  }
  void expect_wrong_content(std::size_t table) {
    const auto problem = look();
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->table, table);
    EXPECT_NE(problem->expected, after_[table]);
  }
  void expect_wrong(const std::string& words) {
    const auto problem = look();
    ASSERT_TRUE(problem) << "nobody said \"" << words << '"';
    ASSERT_FALSE(problem->why.empty());
    EXPECT_NE(problem->why.front().find(words), std::string::npos) << problem->why.front();
  }

  Rng rng_{11};
  Model model_;
  std::vector<TableContent> after_;  ///< what the tables hold, by index
};

TEST_F(Worlds, MirrorsAndNotesAreWhatTheJobsMakeOfThem) {
  land_everywhere(executed_with_mirror_and_note());
  land_everywhere(executed());
  land_everywhere(executed_with_mirror_and_note());
  expect_explained();
  EXPECT_EQ(after_[kNotesTable]->size(), 2U);
}

TEST_F(Worlds, AMirrorThatLacksARowIsFound) {
  land_everywhere(executed_with_mirror_and_note());
  after_[kMirror]->pop_back();
  expect_wrong_content(kMirror);
}

TEST_F(Worlds, AMirrorWithoutTheJobIsFound) {
  land_everywhere(executed_with_mirror_and_note());
  after_[kMirror].reset();
  expect_wrong_content(kMirror);
}

TEST_F(Worlds, ANoteThatIsMissingTwiceOrWrongIsFound) {
  land_everywhere(executed_with_mirror_and_note());
  const auto notes = *after_[kNotesTable];
  after_[kNotesTable]->clear();
  expect_wrong_content(kNotesTable);
  after_[kNotesTable] = {notes[0], notes[0]};
  expect_wrong_content(kNotesTable);
  after_[kNotesTable] = notes;
  *after_[kNotesTable]->front().v += 1;
  expect_wrong_content(kNotesTable);
}

TEST_F(Worlds, AJobOfUnknownOutcomeIsInAllItsTablesOrInNone) {
  auto& job = executed_with_mirror_and_note();
  forget_outcome(job);
  expect_explained();
  land_everywhere(job);
  expect_explained();
  after_[kNotesTable].reset();
  expect_wrong_content(kNotesTable);
}

TEST_F(Worlds, TableChangesCountInTheirPlaceAmongTheJobs) {
  land_everywhere(executed());
  auto& deletes = executed(JobKind::kDeleteRows);
  deletes.modulus = 2;
  land_everywhere(deletes);
  land_everywhere(executed());
  expect_explained();
  land_everywhere(executed(JobKind::kTruncate));
  EXPECT_TRUE(after_[kTarget]->empty());
  expect_explained();
  land_everywhere(executed(JobKind::kDrop));
  EXPECT_FALSE(after_[kTarget]);
  expect_explained();
}

TEST_F(Worlds, ARemovedRowThatIsBackIsFound) {
  land_everywhere(executed());
  const auto before = after_[kTarget];
  land_everywhere(executed(JobKind::kTruncate));
  after_[kTarget] = before;
  expect_wrong_content(kTarget);
}

TEST_F(Worlds, ATableThatIsDroppedAndBackIsFound) {
  land_everywhere(executed());
  const auto before = after_[kTarget];
  land_everywhere(executed(JobKind::kDrop));
  after_[kTarget] = before;
  expect_wrong_content(kTarget);
}

TEST_F(Worlds, AChangeMadeInTheWrongPlaceIsFound) {
  auto& first = executed();
  auto& truncate = executed(JobKind::kTruncate);
  land_everywhere(truncate);
  land_everywhere(first);
  expect_wrong_content(kTarget);
}

TEST_F(Worlds, AChangeWithoutAnAnswerIsMadeWholeOrNotAtAll) {
  land_everywhere(executed());
  const auto before = after_[kTarget];
  auto& truncate = executed(JobKind::kTruncate);
  forget_outcome(truncate);
  expect_explained();
  land_everywhere(truncate);
  expect_explained();
  after_[kTarget] = before;
  after_[kTarget]->pop_back();
  expect_wrong_content(kTarget);
}

TEST_F(Worlds, AChangeThatMiscountsItsRowsIsFound) {
  land_everywhere(executed());
  auto& truncate = executed(JobKind::kTruncate);
  truncate.rows_said = static_cast<std::int64_t>(after_[kTarget]->size()) - 1;
  land_everywhere(truncate);
  expect_wrong("says that it removed");
}

TEST_F(Worlds, AReadIsTheStateBeforeOrAfterWhileTheJobIsUnderWay) {
  auto& job = executed();  // executed at 10 ms
  const auto before = print();
  land_everywhere(job);
  job.done_seen = at(30);
  read(5, 8, before);
  read(15, 16, before);
  read(25, 28, print());
  read(29, 31, print());
  read(31, 32, print());
  expect_explained();
}

TEST_F(Worlds, AReadOfHalfAJobIsFound) {
  auto& job = executed();
  land_everywhere(job);
  auto half = after_[kTarget];
  half->pop_back();
  read(15, 16, fingerprint(half));
  expect_wrong("reader read");
}

TEST_F(Worlds, AReadOfAJobThatIsNotExecutedYetIsFound) {
  land_everywhere(executed());  // at 10 ms
  read(5, 8, print());
  expect_wrong("no state from number 0 on that was possible then");
}

TEST_F(Worlds, AReadThatMissesAJobWhichIsKnownToBeDoneIsFound) {
  auto& job = executed();
  const auto before = print();
  land_everywhere(job);
  job.done_seen = at(30);
  read(31, 32, before);
  expect_wrong("no state from number 1 on");
}

TEST_F(Worlds, AReadThatGoesBackBehindAnEarlierOneIsFound) {
  const auto before = print();
  land_everywhere(executed());
  read(15, 16, print());
  read(15, 17, before);
  expect_explained();  // they overlap: either may have been the first
  read(17, 18, before);
  expect_wrong("no state from number 1 on");
}

TEST_F(Worlds, WhatAReadSawDecidesWhetherAJobOfUnknownOutcomeLanded) {
  auto& unknown = executed();
  land_everywhere(unknown);
  const auto between = print();
  auto& replace = executed();
  replace.replace = true;
  land_everywhere(replace);
  forget_outcome(unknown);
  expect_explained();
  read(15, 25, between);
  expect_explained();
  auto torn = between;
  torn.rows -= 1;
  read(15, 25, torn);
  expect_wrong("reader read");
}

TEST_F(Worlds, TheCheckerNamesTheTableAndWhatIsWrongWithIt) {
  auto& job = executed_with_mirror_and_note();
  job.deleted = Certainty::kYes;  // nothing about jobs is looked at here
  land_everywhere(job);
  after_[kMirror]->pop_back();
  Observed observed;
  for (std::size_t i = 0; i < after_.size(); ++i)
    observed.tables[{"pool", model_.tables[i].qualified_name()}] = *after_[i];
  const auto violations = check(model_, observed);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_TRUE(violations[0].starts_with("rule 4: the table ERP.m of pool pool has ")) << violations[0];
  EXPECT_NE(violations[0].find("missing  k="), std::string::npos) << violations[0];
}

}  // namespace
}  // namespace adit::test
