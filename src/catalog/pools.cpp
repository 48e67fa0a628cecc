// Pools in the SQLite catalog.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

std::vector<Pool> fetch_pools(Query& query) {
  std::string id, team_id, name, description, creator_id;
  long long created = 0;
  query.into(id).into(team_id).into(name).into(description).into(creator_id).into(created);
  std::vector<Pool> pools;
  while (query.next()) {
    pools.push_back({decode_id<PoolId>(id), decode_id<TeamId>(team_id), name, description,
                     decode_id<UserId>(creator_id), from_epoch_ms(created)});
  }
  return pools;
}

}  // namespace

Result<void> SqliteCatalog::insert_pool(const Pool& pool) {
  return write(Durability::kFull, "", [&](SqliteSession& session) -> Result<void> {
    const auto inserted = session
                              .query(
                                  "INSERT INTO pools (id, team_id, name, description, creator_id, created) "
                                  "VALUES (:id, :team, :name, :description, :creator, :created) "
                                  "ON CONFLICT (id) DO NOTHING")
                              .with(pool.id.to_string())
                              .with(pool.team.to_string())
                              .with(pool.name)
                              .with(pool.description)
                              .with(pool.creator.to_string())
                              .with(to_epoch_ms(pool.created))
                              .run();
    if (inserted == 0) return conflict("There is already a data pool with this id.");
    return {};
  });
}

Result<std::optional<Pool>> SqliteCatalog::find_pool(TeamId team, PoolId pool) {
  return read([&](SqliteSession& session) -> std::optional<Pool> {
    auto query = session.query(
        "SELECT id, team_id, name, description, creator_id, created FROM pools WHERE id = :id AND team_id = "
        ":team");
    auto pools = fetch_pools(query.with(pool.to_string()).with(team.to_string()));
    if (pools.empty()) return std::nullopt;
    return std::move(pools.front());
  });
}

Result<std::vector<Pool>> SqliteCatalog::list_pools(TeamId team) {
  return read([&](SqliteSession& session) {
    auto query = session.query(
        "SELECT id, team_id, name, description, creator_id, created FROM pools WHERE team_id = :team "
        "ORDER BY created, number");
    return fetch_pools(query.with(team.to_string()));
  });
}

}  // namespace adit
