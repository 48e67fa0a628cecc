// The gate before users' SQL, with the engine's own parser behind it. Input: a statement.
#include <memory>
#include <string>

#include "fuzz/fuzz_target.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/sql_gate.h"
#include "warehouse/duckdb/sql_text.h"

namespace {

using namespace adit;

/// Longer texts say nothing new, and the parser's time grows with them.
constexpr std::size_t kTextBytesMax = 2000;

/// An engine in memory with a table, a view and something that must stay out of reach.
class Pool {
 public:
  Pool() : database_(open()), connection_(std::move(*database_.connect())) {
    for (const auto* sql :
         {"CREATE TABLE events (case_id VARCHAR, activity VARCHAR, ts TIMESTAMP, cost DOUBLE, tags "
          "VARCHAR[])",
          "CREATE VIEW steps AS SELECT activity, count(*) AS n FROM events GROUP BY activity",
          "CREATE SCHEMA adit", "CREATE TABLE adit.marks (job VARCHAR)", "SET enable_external_access = false",
          "SET lock_configuration = true"}) {
      fuzz::require(try_run(connection_, sql).has_value(), "the pool can be made");
    }
  }

  Connection& connection() { return connection_; }

 private:
  static Database open() {
    auto database = Database::open(":memory:", {{"memory_limit", "300MB"}, {"threads", "1"}});
    fuzz::require(database.has_value(), "the engine opens");
    return std::move(*database);
  }

  Database database_;
  Connection connection_;
};

void gate(Connection& connection, const std::string& sql) {
  const auto gated = gate_query(connection, sql);
  if (!gated) {
    fuzz::require(gated.error().kind == ErrorKind::kInvalid, "a refusal is the client's mistake");
    fuzz::require(!gated.error().public_message.empty(), "a refusal has a reason");
    return;
  }
  const auto prepared = Statement::prepare(connection, gated->sql);
  if (!prepared) return;
  const auto kind = duckdb_prepared_statement_type(prepared->get());
  fuzz::require(kind == DUCKDB_STATEMENT_TYPE_SELECT || kind == DUCKDB_STATEMENT_TYPE_EXPLAIN,
                "what passes only reads");
}

/// Whatever stands in quotes stays what it is.
void quote(Connection& connection, const std::string& text) {
  if (text.contains('\0')) return;
  const auto rows =
      try_run(connection, "SELECT " + quote_literal(text) + " AS " + quote_identifier(text + "x"));
  if (!rows) return;  // not UTF-8
  fuzz::require(rows->text(0, 0) == text, "a quoted text is one value");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Pool pool;
  if (size > kTextBytesMax) return 0;
  const std::string text(fuzz::text_of(data, size));
  gate(pool.connection(), text);
  quote(pool.connection(), text);
  return 0;
}
