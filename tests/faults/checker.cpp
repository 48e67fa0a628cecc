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

/// One run of the rules. `check_jobs check_tables`.
class Check {
 public:
  Check(Model& model, const Observed& observed) : model_(model), observed_(observed) {}

  void check_jobs();
  void check_tables();
  std::vector<std::string> violations;

 private:
  void adopt_unknown_jobs();
  void check_present(JobRecord& job, const ObservedJob& seen);
  void check_absent(JobRecord& job);
  void check_status(JobRecord& job, const ObservedJob& seen);
  void check_chunks(JobRecord& job, const ObservedJob& seen);
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
    if (const auto found = seen.find(job->id); found != seen.end()) {
      check_present(*job, *found->second);
    } else {
      check_absent(*job);
    }
  }
}

void Check::check_absent(JobRecord& job) {
  if (job.deleted == Certainty::kNo) fail("rule 1: " + job.name() + " was acknowledged and is gone");
  job.deleted = Certainty::kYes;
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
  std::size_t rows = 0;
  for (const auto& chunk : job.chunks) rows += chunk.row_count;
  if (seen.status == "DONE" && !job.upserts() && seen.rows_landed != static_cast<std::int64_t>(rows)) {
    fail("rule 4: " + job.name() + " says that " + std::to_string(seen.rows_landed) +
         " rows landed, but had " + std::to_string(rows));
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
  check.check_tables();
  return std::move(check.violations);
}

}  // namespace adit::test
