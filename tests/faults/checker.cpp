#include "faults/checker.h"

#include <algorithm>
#include <map>
#include <set>

#include "faults/worlds.h"

namespace adit::test {
namespace {

/// Jobs created at the same moment are listed in the order in which the catalog took them: each had its time
/// before.
constexpr std::int64_t kSameMomentMs = 1000;

/// One run of the rules. `check_jobs check_changes check_tables`.
class Check {
 public:
  Check(Model& model, const Observed& observed) : model_(model), observed_(observed) {}

  void check_jobs();
  void check_changes();
  void check_tables();
  std::vector<std::string> violations;

 private:
  void adopt_unknown_jobs();
  void check_present(JobRecord& job, const ObservedJob& seen);
  void check_absent(JobRecord& job);
  void check_status(JobRecord& job, const ObservedJob& seen);
  void check_chunks(JobRecord& job, const ObservedJob& seen);
  void check_landed_rows(const JobRecord& job, const ObservedJob* seen);
  /// Those of one kind and table that have no answer, in their order.
  void match_changes(const std::vector<JobRecord*>& jobs);
  void take_over(JobRecord& job, const RememberedChange& change);
  void check_chunk(const JobRecord& job, std::size_t index, const ObservedChunk& seen,
                   const std::string& status);
  void check_listed_tables();
  void compare(const TableRecord& table, const TableContent& expected, const TableContent& seen);
  void report(const Inexplicable& problem);
  void fail(std::string text) { violations.push_back(std::move(text)); }

  Model& model_;
  const Observed& observed_;
};

bool is_final(const std::string& status) {
  return status == "DONE" || status == "ERROR" || status == "CANCELED";
}

std::string word_of(JobKind kind) {
  if (kind == JobKind::kDrop) return "DROP";
  return kind == JobKind::kTruncate ? "TRUNCATE" : "DELETE";
}

void Check::adopt_unknown_jobs() {
  std::map<std::string, JobRecord*> uncertain;
  std::set<std::string> known;
  for (auto& job : model_.jobs) {
    if (!job->id.empty()) known.insert(job->id);
    if (job->created == Certainty::kUncertain && job->id.empty()) uncertain[job->foreign_keys()] = job.get();
  }
  for (const auto& seen : observed_.jobs) {
    if (known.contains(seen.id)) continue;
    const auto found = uncertain.find(seen.foreign_keys);
    if (found == uncertain.end()) {
      fail("rule 1: job " + seen.id + " (" + seen.foreign_keys + ") was created by nobody, or twice");
      continue;
    }
    found->second->id = seen.id;
    found->second->created = Certainty::kYes;
    uncertain.erase(found);
  }
  for (auto& [keys, job] : uncertain) job->created = Certainty::kNo;
}

void Check::check_jobs() {
  adopt_unknown_jobs();
  std::map<std::string, const ObservedJob*> seen;
  const ObservedJob* previous = nullptr;
  for (const auto& job : observed_.jobs) {
    if (!seen.emplace(job.id, &job).second) fail("rule 1: job " + job.id + " is listed twice");
    if (previous != nullptr && previous->pool == job.pool &&
        previous->created_ms + kSameMomentMs < job.created_ms) {
      fail("rule 1: job " + job.id + " is newer than the one listed before it");
    }
    previous = &job;
  }
  for (auto& job : model_.jobs) {
    if (job->created == Certainty::kNo) continue;
    const auto found = seen.find(job->id);
    const auto* listed = found == seen.end() ? nullptr : found->second;
    if (listed != nullptr) {
      check_present(*job, *listed);
    } else {
      check_absent(*job);
    }
    if (!job->settled) check_landed_rows(*job, listed);
  }
}

void Check::check_absent(JobRecord& job) {
  if (job.deleted == Certainty::kNo) fail("rule 1: " + job.name() + " was acknowledged and is gone");
  job.deleted = Certainty::kYes;
  // The history knows what became of it.
  const auto found = observed_.history.find(job.id);
  if (job.settled || found == observed_.history.end() || !is_final(found->second.status)) return;
  ObservedJob remembered;
  remembered.status = found->second.status;
  check_status(job, remembered);
  job.last_status = found->second.status;
}

void Check::check_present(JobRecord& job, const ObservedJob& seen) {
  if (job.deleted == Certainty::kYes) fail("rule 1: " + job.name() + " was deleted and is there");
  job.deleted = Certainty::kNo;
  check_status(job, seen);
  if (!job.settled) check_chunks(job, seen);
  job.last_status = seen.status;
}

void Check::check_status(JobRecord& job, const ObservedJob& seen) {
  const auto bad = [&](const std::string& why) {
    fail("rule 3: " + job.name() + " is " + seen.status + ", " + why +
         (seen.logs.empty() ? "" : "; logs: " + seen.logs));
  };
  if (is_final(job.last_status) && seen.status != job.last_status) return bad("but was " + job.last_status);
  if (seen.status == "ERROR") return bad("though its data is good");
  if (seen.status != "NEW" && !is_final(seen.status)) return bad("and stays so");
  if (seen.status == "NEW" && job.executed == Certainty::kYes) bad("but its execute was acknowledged");
  if (seen.status == "DONE" && job.executed == Certainty::kNo) bad("but nobody executed it");
  if (seen.status != "CANCELED" && job.canceled == Certainty::kYes) bad("but its cancel was acknowledged");
  // A delete cancels first and may have been killed between the two.
  if (seen.status == "CANCELED" && job.canceled == Certainty::kNo && job.last_status != "CANCELED" &&
      !job.delete_tried) {
    bad("but nobody canceled it");
  }
  if (seen.status == "NEW") job.executed = Certainty::kNo;
  if (seen.status != "CANCELED") job.canceled = Certainty::kNo;
}

void Check::check_chunks(JobRecord& job, const ObservedJob& seen) {
  const std::size_t acknowledged = job.chunks.size();
  const std::size_t uncertain = job.uncertain_chunks.size();
  if (seen.chunks.size() == acknowledged + uncertain) {
    std::ranges::move(job.uncertain_chunks, std::back_inserter(job.chunks));
  } else if (seen.chunks.size() != acknowledged) {
    fail("rule 2: " + job.name() + " has " + std::to_string(seen.chunks.size()) + " chunks, but " +
         std::to_string(acknowledged) + " were acknowledged and " + std::to_string(uncertain) +
         " are uncertain");
  }
  job.uncertain_chunks.clear();
  for (std::size_t i = 0; i < std::min(job.chunks.size(), seen.chunks.size()); ++i) {
    check_chunk(job, i, seen.chunks[i], seen.status);
  }
}

void Check::check_landed_rows(const JobRecord& job, const ObservedJob* seen) {
  if (job.kind != JobKind::kPush || !job.uncertain_chunks.empty()) return;
  const auto expected = landed_rows(job);
  const auto compare_with = [&](const std::string& who, std::int64_t said) {
    if (said == expected) return;
    fail("rule 4: " + who + " says that " + std::to_string(said) + " rows of " + job.name() +
         " landed, but it were " + std::to_string(expected));
  };
  if (seen != nullptr && seen->status == "DONE") compare_with("the list of jobs", seen->rows_landed);
  if (job.landed_said) compare_with("an answer", *job.landed_said);
  const auto found = observed_.history.find(job.id);
  if (found != observed_.history.end() && found->second.status == "DONE") {
    compare_with("the history", found->second.rows_landed);
  }
}

void Check::check_chunk(const JobRecord& job, std::size_t index, const ObservedChunk& seen,
                        const std::string& status) {
  const auto& chunk = job.chunks[index];
  const auto name = "rule 2: chunk " + std::to_string(index) + " of " + job.name();
  if (seen.checksum != chunk.checksum)
    fail(name + " has the digest " + seen.checksum + ", not " + chunk.checksum);
  if (seen.kind != (chunk.kind == ChunkKind::kUpsert ? "UPSERT" : "DELETE"))
    fail(name + " is of type " + seen.kind);
  if (status == "CANCELED") return;
  if (seen.state != "STAGED") fail(name + " is " + seen.state + " in a job that is " + status);
  if (seen.rows != static_cast<std::int64_t>(chunk.row_count)) {
    fail(name + " has " + (seen.rows ? std::to_string(*seen.rows) : "no count of") + " rows, not " +
         std::to_string(chunk.row_count));
  }
}

/// The history knows what became of each change, also of those whose answer was lost.
void Check::check_changes() {
  std::map<std::pair<std::size_t, JobKind>, std::vector<JobRecord*>> lost;
  for (auto& job : model_.jobs) {
    if (job->kind == JobKind::kPush || job->settled || job->executed == Certainty::kNo) continue;
    const auto change = std::ranges::find(observed_.changes, job->id, &RememberedChange::id);
    if (job->id.empty()) {
      lost[{job->table, job->kind}].push_back(job.get());
    } else if (change != observed_.changes.end()) {
      take_over(*job, *change);
    } else {
      fail("rule 1: " + job->name() + " was acknowledged and is not in the history");
    }
    model_.changes_known.insert(job->id);
  }
  for (const auto& [what, jobs] : lost) match_changes(jobs);
  for (const auto& change : observed_.changes) model_.changes_known.insert(change.id);
}

void Check::match_changes(const std::vector<JobRecord*>& jobs) {
  std::vector<const RememberedChange*> found;
  const auto& table = model_.tables[jobs.front()->table];
  for (const auto& change : observed_.changes) {
    if (change.pool == table.pool && change.table == table.name &&
        change.connection_id == table.connection_id && change.kind == word_of(jobs.front()->kind) &&
        !model_.changes_known.contains(change.id))
      found.push_back(&change);
  }
  if (found.size() > jobs.size())
    fail("rule 1: the table " + table.qualified_name() + " was changed by nobody");
  // Which of several came is left open.
  if (!found.empty() && found.size() != jobs.size()) return;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (found.empty()) {
      jobs[i]->executed = Certainty::kNo;
    } else {
      take_over(*jobs[i], *found[i]);
    }
  }
}

void Check::take_over(JobRecord& job, const RememberedChange& change) {
  if (change.status != "DONE") fail("rule 3: " + job.name() + " is " + change.status + " in the history");
  if (job.kind == JobKind::kDeleteRows && !change.predicate.empty() && change.predicate != job.predicate())
    fail("rule 1: " + job.name() + " deletes by " + change.predicate + ", not by " + job.predicate());
  if (job.rows_said && *job.rows_said != change.rows)
    fail("rule 4: " + job.name() + " has removed " + std::to_string(change.rows) +
         " rows, as the history says, but " + std::to_string(*job.rows_said) + ", as its answer said");
  job.executed = Certainty::kYes;
  job.rows_said = change.rows;
}

void Check::check_tables() {
  std::set<std::string> pools;
  for (const auto& table : model_.tables) pools.insert(table.pool);
  for (const auto& pool : pools) {
    if (const auto problem = explain_tables(model_, pool, observed_)) report(*problem);
  }
  for (auto& table : model_.tables) {
    const auto found = observed_.tables.find({table.pool, table.qualified_name()});
    table.content = found == observed_.tables.end() ? std::nullopt : TableContent(found->second);
  }
  check_listed_tables();
}

void Check::check_listed_tables() {
  std::set<std::pair<std::string, std::string>> known;
  for (const auto& table : model_.tables) known.insert({table.pool, table.qualified_name()});
  for (const auto& [name, rows] : observed_.tables) {
    if (!known.contains(name)) fail("rule 5: the table " + name.second + " should not be there");
  }
}

void Check::report(const Inexplicable& problem) {
  const auto& table = model_.tables[problem.table];
  const auto found = observed_.tables.find({table.pool, table.qualified_name()});
  const TableContent seen = found == observed_.tables.end() ? std::nullopt : TableContent(found->second);
  if (problem.expected != seen) compare(table, problem.expected, seen);
  for (const auto& why : problem.why)
    fail(why + "\n    in the table " + table.qualified_name() + " of pool " + table.pool);
}

void Check::compare(const TableRecord& table, const TableContent& expected, const TableContent& seen) {
  constexpr std::size_t kShown = 10;
  const auto name = "rule 4: the table " + table.qualified_name() + " of pool " + table.pool;
  if (!seen) return fail(name + " is gone");
  if (!expected) return fail(name + " is there, but no job made it");
  std::vector<TableRow> missing;
  std::vector<TableRow> surplus;
  std::ranges::set_difference(*expected, *seen, std::back_inserter(missing));
  std::ranges::set_difference(*seen, *expected, std::back_inserter(surplus));
  std::string text = name + " has " + std::to_string(seen->size()) + " rows, not " +
                     std::to_string(expected->size()) + ": " + std::to_string(missing.size()) + " missing, " +
                     std::to_string(surplus.size()) + " too many";
  for (std::size_t i = 0; i < std::min(kShown, missing.size()); ++i)
    text += "\n    missing  " + to_string(missing[i]);
  for (std::size_t i = 0; i < std::min(kShown, surplus.size()); ++i)
    text += "\n    too many " + to_string(surplus[i]);
  fail(std::move(text));
}

}  // namespace

std::vector<std::string> check(Model& model, const Observed& observed) {
  Check check(model, observed);
  check.check_jobs();
  check.check_changes();
  check.check_tables();
  return std::move(check.violations);
}

}  // namespace adit::test
