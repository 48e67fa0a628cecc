// Disk quotas in the SQLite catalog.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

constexpr std::string_view kUseColumns =
    "SELECT id, name, disk_bytes_max, chunk_bytes, table_bytes, table_changes, table_changes_seen FROM "
    "pools ";

std::vector<DiskUse> fetch_disk_use(Query& query) {
  std::string id, name;
  Nullable<long long> disk_bytes_max, table_bytes;
  long long chunk_bytes = 0, changes = 0, changes_seen = 0;
  query.into(id).into(name).into(disk_bytes_max).into(chunk_bytes).into(table_bytes).into(changes);
  query.into(changes_seen);
  std::vector<DiskUse> all;
  while (query.next()) {
    auto& use = all.emplace_back();
    use.pool = decode_id<PoolId>(id);
    use.name = name;
    use.quota = decode_quota(disk_bytes_max);
    use.chunk_bytes = static_cast<std::uint64_t>(chunk_bytes);
    if (table_bytes.has_value()) use.table_bytes = static_cast<std::uint64_t>(table_bytes.value);
    use.table_changes = changes;
    use.changed_since = changes != changes_seen;
  }
  return all;
}

std::optional<DiskUse> fetch_disk_use(SqliteSession& session, PoolId pool) {
  static const std::string kSql = std::string(kUseColumns) + "WHERE id = :id AND deleting = 0";
  auto query = session.query(kSql);
  auto found = fetch_disk_use(query.with(pool.to_string()));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

}  // namespace

Result<void> check_disk_quota(SqliteSession& session, PoolId pool, std::uint64_t bytes,
                              std::uint64_t default_quota_bytes) {
  const auto use = fetch_disk_use(session, pool);
  if (!use) return {};
  const auto bytes_max = quota_bytes(use->quota, default_quota_bytes);
  if (bytes_max == 0 || use->bytes() + bytes <= bytes_max) return {};
  return over_quota(*use, bytes_max, 0, bytes);
}

Result<bool> SqliteCatalog::set_disk_quota(TeamId team, PoolId pool, const DiskQuota& quota) {
  auto set = write(Durability::kFull, "catalog.set_disk_quota", [&](SqliteSession& session) -> Result<bool> {
    return session
               .query(
                   "UPDATE pools SET disk_bytes_max = :max WHERE id = :id AND team_id = :team AND deleting = "
                   "0")
               .with(encode(quota))
               .with(pool.to_string())
               .with(team.to_string())
               .run() > 0;
  });
  pools_.forget(pool);
  return set;
}

Result<std::optional<DiskUse>> SqliteCatalog::find_disk_use(PoolId pool) {
  return read([&](SqliteSession& session) { return fetch_disk_use(session, pool); });
}

Result<std::vector<DiskUse>> SqliteCatalog::list_disk_use(TeamId team) {
  static const std::string kSql =
      std::string(kUseColumns) + "WHERE team_id = :team AND deleting = 0 ORDER BY number";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_disk_use(query.with(team.to_string()));
  });
}

Result<std::vector<DiskUse>> SqliteCatalog::list_changed_pools(std::uint64_t limit) {
  static const std::string kSql =
      std::string(kUseColumns) +
      "WHERE table_changes <> table_changes_seen AND deleting = 0 ORDER BY number LIMIT :limit";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_disk_use(query.with(static_cast<std::int64_t>(limit)));
  });
}

Result<void> SqliteCatalog::record_table_bytes(PoolId pool, std::uint64_t bytes, std::int64_t table_changes) {
  return write(Durability::kRelaxed, "catalog.record_table_bytes",
               [&](SqliteSession& session) -> Result<void> {
                 session
                     .query(
                         "UPDATE pools SET table_bytes = :bytes, table_changes_seen = :changes "
                         "WHERE id = :id AND table_changes_seen <= :changes2")
                     .with(static_cast<std::int64_t>(bytes))
                     .with(table_changes)
                     .with(pool.to_string())
                     .with(table_changes)
                     .run();
                 return {};
               });
}

Result<std::uint64_t> SqliteCatalog::count_full_pools(std::uint64_t default_bytes_max) {
  return read([&](SqliteSession& session) {
    long long full = 0;
    session
        .query(
            "SELECT count(*) FROM (SELECT coalesce(disk_bytes_max, :default) AS bytes_max, chunk_bytes + "
            "coalesce(table_bytes, 0) AS bytes FROM pools WHERE deleting = 0) "
            "WHERE bytes_max > 0 AND bytes >= bytes_max / 10 * 9")
        .with(static_cast<std::int64_t>(default_bytes_max))
        .into(full)
        .next();
    return static_cast<std::uint64_t>(full);
  });
}

}  // namespace adit
