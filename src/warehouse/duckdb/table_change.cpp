#include "warehouse/duckdb/table_change.h"

#include "base/failpoint.h"
#include "warehouse/duckdb/declared_lengths.h"
#include "warehouse/duckdb/engine_message.h"
#include "warehouse/duckdb/marks.h"
#include "warehouse/duckdb/sql_predicate.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

/// The catalog keeps the change as it keeps the chunks of pushes: a loss would be repaired.
constexpr std::string_view kNotConfirmed =
    "The change is made, but the server's disk did not confirm that it would survive a power cut. Should it "
    "be lost, "
    "it is made again.";

/// Counts what a DROP takes away; a DELETE tells it by itself.
Result<std::uint64_t> apply(Connection& connection, const KnownTable& table, const TableChange& change) {
  ADIT_TRY(const auto sql, table_change_sql(connection, table, change));
  std::uint64_t rows = 0;
  if (change.kind == TableChangeKind::kDrop && !table.view) {
    ADIT_TRY(const auto counted, run(connection, "SELECT count(*) FROM " + quote_table(table.name)));
    rows = static_cast<std::uint64_t>(counted.integer(0, 0).value_or(0));
  }
  auto done = try_run(connection, sql);
  if (!done && change.kind == TableChangeKind::kDelete) return to_user_error(done.error());
  if (!done) return to_error(done.error(), sql);
  if (change.kind != TableChangeKind::kDrop) return done->changed();
  ADIT_CHECK(forget_declared_lengths(connection, table.name));
  return rows;
}

}  // namespace

Result<std::string> table_change_sql(Connection& connection, const KnownTable& table,
                                     const TableChange& change) {
  if (table.view && change.kind != TableChangeKind::kDrop) {
    return invalid("\"" + table.name.name + "\" is a view and has no rows of its own.");
  }
  switch (change.kind) {
    case TableChangeKind::kDrop:
      return std::string(table.view ? "DROP VIEW " : "DROP TABLE ") + quote_table(table.name);
    case TableChangeKind::kTruncate:
      return "DELETE FROM " + quote_table(table.name);
    case TableChangeKind::kDelete:
      break;
  }
  ADIT_CHECK(gate_predicate(connection, table.name, change.predicate));
  return "DELETE FROM " + quote_table(table.name) + " WHERE (\n" + change.predicate + "\n)";
}

Result<Landing> change_table(OpenPool& pool, Connection& connection, Activity& activity,
                             const StagePlan& plan, Timestamp now) {
  const auto& change = *plan.spec.change;
  const auto table = pool.table(plan.spec.target());
  Landing landing;
  landing.job = plan.job;
  landing.landed_at = now;
  ADIT_CHECK(activity.check());
  ADIT_TRY(auto transaction, Transaction::begin(connection));
  if (table) {
    ADIT_TRY(landing.rows, apply(connection, *table, change));
  } else {
    landing.notes.emplace_back("The table was not there any more.");
  }
  ADIT_CHECK(insert_landing(connection, landing, table ? table->name : plan.spec.target()));
  failpoint("warehouse.change.before_commit");
  ADIT_CHECK(activity.shield());
  const auto committed = transaction.commit();
  if (!committed) {
    activity.unshield();
    return committed.error();
  }
  // Past this point the change is made, whatever happens: the mark says so.
  if (table && change.kind == TableChangeKind::kDrop) pool.forget_table(table->name);
  if (!pool.committed()) landing.notes.emplace_back(kNotConfirmed);
  failpoint("warehouse.change.after_commit");
  return landing;
}

}  // namespace adit
