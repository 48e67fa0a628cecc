#include "push/target_schema.h"

#include <algorithm>
#include <utility>

#include "formats/names.h"

namespace adit {
namespace {

constexpr std::size_t kIdBytes = 36;

std::string no_connection(DataSourceId id) {
  return "There is no data connection " + id.to_string() + " in this data pool.";
}

/// The connection's id in a text of one of the two forms that hold one.
std::optional<DataSourceId> id_in(PoolId pool, std::string_view text) {
  if (text.size() > kIdBytes + 1 && text[kIdBytes] == '_' && PoolId::parse(text.substr(0, kIdBytes)) == pool)
    text.remove_prefix(kIdBytes + 1);
  return DataSourceId::parse(text);
}

}  // namespace

std::string schema_name(PoolId pool, const DataSource* source) {
  return source == nullptr ? pool.to_string() : pool.to_string() + "_" + source->id.to_string();
}

Result<std::optional<DataSource>> find_target_schema(PoolCatalog& catalog, PoolId pool,
                                                     std::string_view text) {
  if (text.empty() || PoolId::parse(text) == pool) return std::optional<DataSource>();
  const auto id = id_in(pool, text);
  if (id) {
    ADIT_TRY(auto source, catalog.find_data_source(pool, *id));
    if (source) return source;
  }
  ADIT_TRY(auto sources, catalog.list_data_sources(pool));
  const auto found = std::ranges::find_if(
      sources, [folded = fold_name(text)](const auto& source) { return fold_name(source.name) == folded; });
  if (found != sources.end()) return std::optional(std::move(*found));
  if (id) return not_found(no_connection(*id));
  return invalid(
      "\"" + shorten(text, kNameBytesMax) +
      "\" names no schema of this data pool. Name a data connection by its targetSchemaName, its id "
      "or its name; the pool's id, or nothing, is the global schema.");
}

Result<void> settle_target_schema(PoolCatalog& catalog, PoolId pool, JobSpec& spec) {
  std::optional<DataSource> source;
  if (spec.connection) {
    ADIT_TRY(source, catalog.find_data_source(pool, *spec.connection));
    if (!source) return invalid_field("connectionId", no_connection(*spec.connection));
  }
  if (spec.target_schema) {
    auto named = find_target_schema(catalog, pool, *spec.target_schema);
    if (!named && (named.error().kind == ErrorKind::kInvalid || named.error().kind == ErrorKind::kNotFound))
      return invalid_field("targetSchema", named.error().public_message);
    if (!named) return std::move(named).error();
    if (source && (!*named || (*named)->id != source->id)) {
      return invalid_field("targetSchema", "names another schema than connectionId, whose schema is \"" +
                                               schema_name(pool, &*source) +
                                               "\". Send one of the two, or make them agree.");
    }
    source = *std::move(named);
  }
  if (!source) return {};
  spec.connection = source->id;
  spec.schema = source->name;
  return {};
}

}  // namespace adit
