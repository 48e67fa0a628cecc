#include <string_view>

#include "warehouse/duckdb/engine.h"

namespace adit {
namespace {

struct NamedType {
  duckdb_type type;
  std::string_view name;
};

constexpr NamedType kNamedTypes[] = {
    {DUCKDB_TYPE_BOOLEAN, "BOOLEAN"},
    {DUCKDB_TYPE_TINYINT, "TINYINT"},
    {DUCKDB_TYPE_SMALLINT, "SMALLINT"},
    {DUCKDB_TYPE_INTEGER, "INTEGER"},
    {DUCKDB_TYPE_BIGINT, "BIGINT"},
    {DUCKDB_TYPE_UTINYINT, "UTINYINT"},
    {DUCKDB_TYPE_USMALLINT, "USMALLINT"},
    {DUCKDB_TYPE_UINTEGER, "UINTEGER"},
    {DUCKDB_TYPE_UBIGINT, "UBIGINT"},
    {DUCKDB_TYPE_HUGEINT, "HUGEINT"},
    {DUCKDB_TYPE_UHUGEINT, "UHUGEINT"},
    {DUCKDB_TYPE_FLOAT, "FLOAT"},
    {DUCKDB_TYPE_DOUBLE, "DOUBLE"},
    {DUCKDB_TYPE_TIMESTAMP, "TIMESTAMP"},
    {DUCKDB_TYPE_TIMESTAMP_S, "TIMESTAMP_S"},
    {DUCKDB_TYPE_TIMESTAMP_MS, "TIMESTAMP_MS"},
    {DUCKDB_TYPE_TIMESTAMP_NS, "TIMESTAMP_NS"},
    {DUCKDB_TYPE_TIMESTAMP_TZ, "TIMESTAMP WITH TIME ZONE"},
    {DUCKDB_TYPE_DATE, "DATE"},
    {DUCKDB_TYPE_TIME, "TIME"},
    {DUCKDB_TYPE_TIME_TZ, "TIME WITH TIME ZONE"},
    {DUCKDB_TYPE_TIME_NS, "TIME_NS"},
    {DUCKDB_TYPE_INTERVAL, "INTERVAL"},
    {DUCKDB_TYPE_VARCHAR, "VARCHAR"},
    {DUCKDB_TYPE_BLOB, "BLOB"},
    {DUCKDB_TYPE_BIT, "BIT"},
    {DUCKDB_TYPE_UUID, "UUID"},
    {DUCKDB_TYPE_ENUM, "ENUM"},
    {DUCKDB_TYPE_LIST, "LIST"},
    {DUCKDB_TYPE_STRUCT, "STRUCT"},
    {DUCKDB_TYPE_MAP, "MAP"},
    {DUCKDB_TYPE_ARRAY, "ARRAY"},
    {DUCKDB_TYPE_UNION, "UNION"},
    {DUCKDB_TYPE_SQLNULL, "NULL"},
};

}  // namespace

std::string type_name(duckdb_logical_type type) {
  const auto id = duckdb_get_type_id(type);
  if (id == DUCKDB_TYPE_DECIMAL) {
    return "DECIMAL(" + std::to_string(duckdb_decimal_width(type)) + "," +
           std::to_string(duckdb_decimal_scale(type)) + ")";
  }
  for (const auto& named : kNamedTypes) {
    if (named.type == id) return std::string(named.name);
  }
  return "UNKNOWN";
}

}  // namespace adit
