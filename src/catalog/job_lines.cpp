// Whose turn it is. Each table has a line, in the order of execute. Most jobs stand in one; a job with
// mirrors stands in several, and one that runs SQL after it in all lines of its pool. Whoever is first in
// each of its lines, with no job running there, has its turn.
#include <set>
#include <utility>

#include "catalog/sqlite_catalog.h"
#include "formats/names.h"

namespace adit {
namespace {

constexpr std::string_view kAllLines = "*";
/// Folded names hold no capital letter: what stands before one and behind it can't run into each other, and
/// no global table is called so.
constexpr char kBehindSchema = 'C';

/// The lines of a pool, taken by one job after the other in the order of their execute.
class Lines {
 public:
  /// Whether all lines of the job were free. They are taken either way: who comes later waits.
  bool take(const std::string& target, const std::optional<std::string>& others) {
    if (others == kAllLines) {
      const bool free = !all_taken_ && taken_.empty();
      all_taken_ = true;
      return free;
    }
    bool free = taken_.insert(target).second && !all_taken_;
    if (!others) return free;
    for (auto& line : strings_from_json(*others)) free = taken_.insert(std::move(line)).second && free;
    return free;
  }
  bool all_taken() const { return all_taken_; }

 private:
  std::set<std::string> taken_;
  bool all_taken_ = false;
};

// The statements here name their index: SQLite, which keeps no statistics of these tables, would take one of
// the history's, and go through all jobs that the pool ever had. Where the named one cannot serve, they fail.
bool has_jobs_of_many_lines(SqliteSession& session, const std::string& pool) {
  int found = 0;
  session
      .query(
          "SELECT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_of_many_lines WHERE pool_id = :pool AND "
          "other_lines IS NOT NULL AND status IN ('QUEUED', 'RUNNING'))")
      .with(pool)
      .into(found)
      .next();
  return found != 0;
}

/// Where every job waits for its target's line only.
void pass_turn_of_target(SqliteSession& session, const std::string& pool, const std::string& target) {
  session
      .query(
          "UPDATE jobs INDEXED BY jobs_turn_of_table SET in_turn = 0 WHERE in_turn = 1 AND pool_id = :pool "
          "AND "
          "target_folded = :target")
      .with(pool)
      .with(target)
      .run();
  session
      .query(
          "UPDATE jobs SET in_turn = 1 WHERE number = ("
          "SELECT number FROM jobs INDEXED BY jobs_queued WHERE status = 'QUEUED' AND pool_id = :pool AND "
          "target_folded = :target ORDER BY execute_order LIMIT 1) "
          "AND NOT EXISTS (SELECT 1 FROM jobs INDEXED BY jobs_running WHERE status = 'RUNNING' AND "
          "pool_id = :pool2 AND target_folded = :target2)")
      .with(pool)
      .with(target)
      .with(pool)
      .with(target)
      .run();
}

/// Takes the lines of the pool's jobs in one status, in their order; the jobs that had theirs free.
std::vector<std::int64_t> take_lines(SqliteSession& session, const std::string& pool, JobStatus status,
                                     Lines& lines) {
  long long number = 0;
  std::string target;
  Nullable<std::string> others;
  // The index of a status serves only where the word stands in the text.
  const std::string index = status == JobStatus::kQueued ? "jobs_queued" : "jobs_running";
  auto query = session.query("SELECT number, target_folded, other_lines FROM jobs INDEXED BY " + index +
                             " WHERE status = '" + std::string(to_string(status)) +
                             "' AND pool_id = :pool ORDER BY execute_order");
  query.with(pool).into(number).into(target).into(others);
  std::vector<std::int64_t> free;
  while (!lines.all_taken() && query.next()) {
    if (lines.take(target, others.has_value() ? std::optional(others.value) : std::nullopt))
      free.push_back(number);
  }
  return free;
}

/// Looks at all jobs that wait or run in the pool: pools without jobs of many lines don't pay for it.
void pass_turns_of_pool(SqliteSession& session, const std::string& pool) {
  Lines lines;
  take_lines(session, pool, JobStatus::kRunning, lines);
  const auto free = take_lines(session, pool, JobStatus::kQueued, lines);
  session
      .query(
          "UPDATE jobs INDEXED BY jobs_turn_of_table SET in_turn = 0 WHERE in_turn = 1 AND pool_id = :pool")
      .with(pool)
      .run();
  for (const std::int64_t number : free) {
    session.query("UPDATE jobs SET in_turn = 1 WHERE number = :number").with(number).run();
  }
}

}  // namespace

std::string line_of(const TableName& table) {
  auto [schema, name] = fold_table(table);
  return table.schema.empty() ? std::move(name) : std::move(schema) + kBehindSchema + name;
}

std::optional<std::string> other_lines(const JobSpec& spec) {
  if (spec.post_execution_query) return std::string(kAllLines);
  if (spec.mirror_target_names.empty()) return std::nullopt;
  std::vector<std::string> lines;
  for (const auto& name : spec.mirror_target_names) lines.push_back(line_of({spec.schema, name}));
  return strings_to_json(lines);
}

void pass_turn(SqliteSession& session, const StoredJob& stored) {
  const auto pool = stored.job.pool.to_string();
  if (other_lines(stored.job.spec) || has_jobs_of_many_lines(session, pool)) {
    pass_turns_of_pool(session, pool);
  } else {
    pass_turn_of_target(session, pool, stored.target_folded);
  }
}

}  // namespace adit
