#include "push/data_source_removal.h"

#include "base/log.h"
#include "formats/names.h"

namespace adit {
namespace {

constexpr std::size_t kTablesNamedMax = 5;

Result<void> check_empty(Warehouse& warehouse, const DataSource& source) {
  ADIT_TRY(const auto tables, warehouse.tables(source.pool));
  std::string list;
  std::size_t count = 0;
  for (const auto& table : tables) {
    if (fold_name(table.schema) != fold_name(source.name)) continue;
    if (++count > kTablesNamedMax) continue;
    list += (list.empty() ? "\"" : ", \"") + table.name + "\"";
  }
  if (count == 0) return {};
  if (count > kTablesNamedMax) list += " and " + std::to_string(count - kTablesNamedMax) + " more";
  return conflict("The data connection \"" + source.name + "\" holds tables: " + list +
                  ". Drop them, then delete the data connection.");
}

}  // namespace

Result<void> remove_data_source(Catalog& catalog, Warehouse& warehouse, const DataSource& source) {
  // A table comes with a job only, and one that came between these looks is told by the order of its execute.
  ADIT_TRY(const auto last_order, catalog.check_data_source_idle(source.pool, source.id));
  ADIT_CHECK(check_empty(warehouse, source));
  ADIT_TRY(const bool deleted, catalog.delete_data_source(source.pool, source.id, last_order));
  if (!deleted) return not_found("There is no such data connection any more.");
  log::info("data connection deleted", {{"pool", source.pool}, {"connection", source.id}});
  // An empty schema that stays is seen by nobody, and a later connection of that name takes it.
  if (const auto dropped = warehouse.drop_schema(source.pool, source.name); !dropped) {
    log::warning("the schema of a deleted data connection stays",
                 {{"pool", source.pool}, {"detail", dropped.error().internal_detail}});
  }
  return {};
}

}  // namespace adit
