// The whole chain, from the workers' requests to the checker's sentences, finds what it was told wrongly.
#include <gtest/gtest.h>

#include <algorithm>

#include "faults/rounds.h"
#include "support/temp_folder.h"

namespace adit::test {
namespace {

struct Planted {
  const char* name;
  /// Tells the model something wrong about the round, if it has what that needs. Asked before each check.
  void (*plant)(Model&);
  /// What one of the violations has to say.
  const char* words;
};

/// The first unsettled job that has landed and is as asked.
JobRecord* landed_job(Model& model, bool (*is)(const JobRecord&)) {
  for (auto& job : model.jobs) {
    const bool landed = !job->settled && job->executed == Certainty::kYes && job->done_seen != Moment::max();
    if (landed && is(*job)) return job.get();
  }
  return nullptr;
}

void claim_another_read(Model& model) {
  for (auto& table : model.tables)
    for (auto& read : table.reads)
      if (read.seen.present) read.seen.keys += 1;
}

void forget_a_note(Model& model) {
  auto* job = landed_job(model, [](const JobRecord& each) { return each.notes.has_value(); });
  if (job != nullptr) job->notes.reset();
}

void claim_a_cancel(Model& model) {
  auto* job = landed_job(model, [](const JobRecord& each) {
    return each.kind == JobKind::kPush && each.deleted == Certainty::kNo;
  });
  if (job != nullptr) job->canceled = Certainty::kYes;
}

void change_an_answer(Model& model) {
  auto* job = landed_job(model, [](const JobRecord& each) { return each.upserts() && each.landed_said; });
  if (job != nullptr) ++*job->landed_said;
}

/// The table would hold more rows of it, and the list of jobs say so.
void forget_that_keys_decide(Model& model) {
  auto* job = landed_job(model, [](const JobRecord& each) {
    std::size_t rows = 0;
    for (const auto& chunk : each.chunks) rows += chunk.rows.size();
    return each.upserts() && landed_rows(each) != static_cast<std::int64_t>(rows);
  });
  if (job != nullptr) job->allows_duplicates = true;
}

class PlantedFault : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedFault, IsFound) {
  TempFolder folder;
  TortureOptions options;
  options.rounds = 60;  // it ends with the first in which there is something to plant
  options.seed = 3;
  options.data = folder.path() / "data";
  options.plant = GetParam().plant;
  const auto result = Torture(options).run();
  const bool found = std::ranges::any_of(
      result.violations, [](const auto& text) { return text.find(GetParam().words) != std::string::npos; });
  EXPECT_TRUE(found) << "in " << result.rounds << " rounds nobody said \"" << GetParam().words << "\", but "
                     << (result.violations.empty() ? "nothing at all" : result.violations.front());
}

INSTANTIATE_TEST_SUITE_P(Model, PlantedFault,
                         ::testing::Values(Planted{"Read", claim_another_read, "rule 6"},
                                           Planted{"Note", forget_a_note, "rule 4: the table notes"},
                                           Planted{"Cancel", claim_a_cancel, "its cancel was acknowledged"},
                                           Planted{"Answer", change_an_answer, "an answer says that"},
                                           Planted{"Keys", forget_that_keys_decide, "the history says that"}),
                         [](const auto& planted) { return std::string(planted.param.name); });

}  // namespace
}  // namespace adit::test
