#include "warehouse/duckdb/landing_transaction.h"

#include "base/failpoint.h"
#include "warehouse/duckdb/marks.h"
#include "warehouse/duckdb/post_execution.h"

namespace adit {
namespace {

/// The chunks stay until a checkpoint and its sync have succeeded, so that a loss would be repaired.
constexpr std::string_view kNotConfirmed =
    "The rows are in the table, but the server's disk did not confirm that they would survive a power cut. "
    "The "
    "chunks are kept: should the rows be lost, they are landed from them again.";

/// The rows of the target. Notes about mirrors name them.
Result<std::uint64_t> write_tables(std::vector<Lander>& tables, std::vector<std::string>& notes) {
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    std::vector<std::string> own;
    ADIT_TRY(const auto written, tables[i].write(own));
    if (i == 0) rows = written;
    for (auto& note : own)
      notes.push_back(i == 0 ? std::move(note) : "Table \"" + tables[i].table().name + "\": " + note);
  }
  return rows;
}

}  // namespace

Result<Landing> land_together(OpenPool& pool, Connection& connection, Activity& activity, LandingParts parts,
                              Timestamp now) {
  Landing landing;
  landing.job = parts.plan.job;
  landing.landed_at = now;
  ADIT_TRY(auto transaction, Transaction::begin(connection));
  ADIT_TRY(landing.rows, write_tables(parts.tables, landing.notes));
  std::optional<TableName> changed_by_query;
  if (parts.plan.spec.post_execution_query) {
    std::vector<TableName> landed;
    for (const auto& table : parts.tables) landed.push_back(table.table());
    ADIT_TRY(changed_by_query, run_post_execution(pool, connection, activity, parts.plan.spec, landed));
  }
  ADIT_CHECK(insert_landing(connection, landing, parts.tables.front().table()));
  failpoint("warehouse.land.before_commit");
  ADIT_CHECK(activity.shield());
  const auto committed = transaction.commit();
  if (!committed) {
    activity.unshield();
    return committed.error();
  }
  // Past this point the job has landed, whatever happens: the mark says so.
  for (auto& table : parts.tables) table.committed();
  if (changed_by_query) pool.set_table(*changed_by_query);
  if (!pool.committed()) landing.notes.emplace_back(kNotConfirmed);
  failpoint("warehouse.land.after_commit");
  return landing;
}

}  // namespace adit
