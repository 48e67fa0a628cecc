#include "warehouse/duckdb/schemas.h"

#include "formats/names.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {

SchemaUse::~SchemaUse() {
  if (schemas_ != nullptr) schemas_->leave(folded_);
}

Result<void> Schemas::read(Connection& connection) {
  ADIT_TRY(const auto rows,
           run(connection,
               "SELECT schema_name FROM duckdb_schemas() WHERE NOT internal AND schema_name NOT IN ('main', "
               "'adit') AND database_name = current_database()"));
  auto schemas = schemas_.lock();
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto name = rows.text(row, 0).value_or("");
    (*schemas)[fold_name(name)].name = name;
  }
  return {};
}

Result<SchemaUse> Schemas::use(Connection& connection, const std::string& name) {
  if (name.empty()) return SchemaUse();
  auto folded = fold_name(name);
  auto schemas = schemas_.lock();
  auto found = schemas->find(folded);
  if (found == schemas->end()) {
    ADIT_CHECK(check_schema_name(name));
    // Under the lock: two that made it at once would be in each other's way.
    ADIT_CHECK(run(connection, "CREATE SCHEMA " + quote_schema(name)));
    found = schemas->emplace(folded, Schema{name}).first;
  }
  ++found->second.users;
  return SchemaUse(*this, std::move(folded), found->second.name);
}

Result<void> Schemas::drop(Connection& connection, const std::string& name) {
  auto schemas = schemas_.lock();
  const auto found = schemas->find(fold_name(name));
  if (found == schemas->end()) return {};
  if (found->second.users > 0) return conflict("A job is at work in the data connection.");
  const auto sql = "DROP SCHEMA " + quote_schema(found->second.name);
  if (const auto dropped = try_run(connection, sql); !dropped) {
    auto error = to_error(dropped.error(), sql);
    if (dropped.error().type == DUCKDB_ERROR_DEPENDENCY) error.kind = ErrorKind::kConflict;
    return error;
  }
  schemas->erase(found);
  return {};
}

void Schemas::leave(const std::string& folded) {
  auto schemas = schemas_.lock();
  if (const auto found = schemas->find(folded); found != schemas->end()) --found->second.users;
}

}  // namespace adit
