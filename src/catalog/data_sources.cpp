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

constexpr std::int64_t kJobsNamedMax = 5;

/// Says which jobs are in the way of a data source's end.
Result<void> check_no_jobs(SqliteSession& session, PoolId pool, DataSourceId source) {
  std::string id, target, status;
  auto query = session.query(
      "SELECT id, target_name, status FROM jobs WHERE connection_id = :source AND pool_id = :pool AND status "
      "IN ('NEW', 'QUEUED', 'RUNNING') ORDER BY number LIMIT :limit");
  query.with(source.to_string()).with(pool.to_string()).with(kJobsNamedMax);
  query.into(id).into(target).into(status);
  std::string list;
  while (query.next()) {
    list += list.empty() ? " " : ", ";
    list += id;
    list += " into \"" + target + "\" is " + status;
  }
  if (list.empty()) return {};
  return conflict("The data connection has jobs that have not ended:" + list +
                  ". Wait for them, or cancel or delete them; then delete the data connection.");
}

std::int64_t last_execute_order(SqliteSession& session, PoolId pool, DataSourceId source) {
  long long order = 0;
  session
      .query(
          "SELECT coalesce(max(execute_order), 0) FROM jobs WHERE connection_id = :source AND pool_id = "
          ":pool")
      .with(source.to_string())
      .with(pool.to_string())
      .into(order)
      .next();
  return order;
}

}  // namespace

Result<void> check_connection(SqliteSession& session, const Job& job) {
  if (!job.spec.connection) return {};
  int found = 0;
  session.query("SELECT EXISTS (SELECT 1 FROM data_sources WHERE id = :id AND pool_id = :pool)")
      .with(job.spec.connection->to_string())
      .with(job.pool.to_string())
      .into(found)
      .next();
  if (found != 0) return {};
  return conflict("The data connection " + job.spec.connection->to_string() + " has been deleted.");
}

Result<void> SqliteCatalog::insert_data_source(const DataSource& source) {
  return write(Durability::kFull, "catalog.insert_data_source", [&](SqliteSession& session) -> Result<void> {
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

Result<std::int64_t> SqliteCatalog::check_data_source_idle(PoolId pool, DataSourceId source) {
  // As one transaction, so that both looks see the same jobs.
  return write(Durability::kRelaxed, "catalog.check_data_source_idle",
               [&](SqliteSession& session) -> Result<std::int64_t> {
                 ADIT_CHECK(check_no_jobs(session, pool, source));
                 return last_execute_order(session, pool, source);
               });
}

Result<bool> SqliteCatalog::delete_data_source(PoolId pool, DataSourceId source, std::int64_t last_order) {
  return write(Durability::kFull, "catalog.delete_data_source", [&](SqliteSession& session) -> Result<bool> {
    ADIT_CHECK(check_no_jobs(session, pool, source));
    if (last_execute_order(session, pool, source) != last_order) {
      return conflict(
          "A job into the data connection has come meanwhile. Look at its tables, and try again.");
    }
    return session.query("DELETE FROM data_sources WHERE id = :id AND pool_id = :pool")
               .with(source.to_string())
               .with(pool.to_string())
               .run() > 0;
  });
}

}  // namespace adit
