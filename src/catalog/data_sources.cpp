// Data sources in the SQLite catalog.
#include "catalog/sqlite_catalog.h"
#include "formats/names.h"

namespace adit {
namespace {

std::vector<DataSource> fetch_sources(Query& query) {
  std::string id, pool_id;
  DataSource source;
  long long created = 0;
  query.into(id).into(pool_id).into(source.name).into(source.type).into(created);
  std::vector<DataSource> sources;
  while (query.next()) {
    source.id = decode_id<DataSourceId>(id);
    source.pool = decode_id<PoolId>(pool_id);
    source.created = from_epoch_ms(created);
    sources.push_back(source);
  }
  return sources;
}

}  // namespace

Result<void> SqliteCatalog::insert_data_source(const DataSource& source) {
  return write(Durability::kFull, "", [&](SqliteSession& session) -> Result<void> {
    const auto inserted = session
                              .query(
                                  "INSERT INTO data_sources (id, pool_id, name, name_folded, type, created) "
                                  "VALUES (:id, :pool, :name, :folded, :type, :created) "
                                  "ON CONFLICT DO NOTHING")
                              .with(source.id.to_string())
                              .with(source.pool.to_string())
                              .with(source.name)
                              .with(fold_name(source.name))
                              .with(source.type)
                              .with(to_epoch_ms(source.created))
                              .run();
    if (inserted == 0) {
      return conflict(
          "There is already a data connection with this id, or one of this name (in any case) in this pool.");
    }
    return {};
  });
}

Result<std::optional<DataSource>> SqliteCatalog::find_data_source(PoolId pool, DataSourceId source) {
  return read([&](SqliteSession& session) -> std::optional<DataSource> {
    auto query = session.query(
        "SELECT id, pool_id, name, type, created FROM data_sources WHERE id = :id AND pool_id = :pool");
    auto sources = fetch_sources(query.with(source.to_string()).with(pool.to_string()));
    if (sources.empty()) return std::nullopt;
    return std::move(sources.front());
  });
}

Result<std::vector<DataSource>> SqliteCatalog::list_data_sources(PoolId pool) {
  return read([&](SqliteSession& session) {
    auto query = session.query(
        "SELECT id, pool_id, name, type, created FROM data_sources WHERE pool_id = :pool ORDER BY number");
    return fetch_sources(query.with(pool.to_string()));
  });
}

Result<bool> SqliteCatalog::delete_data_source(PoolId pool, DataSourceId source) {
  return write(Durability::kFull, "", [&](SqliteSession& session) -> Result<bool> {
    return session.query("DELETE FROM data_sources WHERE id = :id AND pool_id = :pool")
               .with(source.to_string())
               .with(pool.to_string())
               .run() > 0;
  });
}

}  // namespace adit
