// Teams, users and keys in the SQLite catalog.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

std::optional<User> fetch_user(Query& query) {
  std::string id, team_id;
  User user;
  if (!query.into(id).into(team_id).into(user.name).into(user.email).next()) return std::nullopt;
  user.id = decode_id<UserId>(id);
  user.team = decode_id<TeamId>(team_id);
  return user;
}

/// False when a key of that id is there already.
bool insert(SqliteSession& session, const Key& key) {
  return session
             .query(
                 "INSERT INTO api_keys (id, team_id, owner_id, kind, name, secret_digest, created, "
                 "last_used) "
                 "VALUES (:id, :team, :owner, :kind, :name, :digest, :created, :last_used) "
                 "ON CONFLICT (id) DO NOTHING")
             .with(key.id.to_string())
             .with(key.team.to_string())
             .with(key.owner.to_string())
             .with(to_string(key.kind))
             .with(key.name)
             .with(to_hex(key.secret_digest))
             .with(to_epoch_ms(key.created))
             .with(encode(key.last_used))
             .run() > 0;
}

}  // namespace

Result<std::optional<Team>> SqliteCatalog::find_team() {
  return read([](SqliteSession& session) -> std::optional<Team> {
    auto query = session.query("SELECT id, name, domain FROM teams ORDER BY number LIMIT 1");
    std::string id;
    Team team;
    if (!query.into(id).into(team.name).into(team.domain).next()) return std::nullopt;
    team.id = decode_id<TeamId>(id);
    return team;
  });
}

Result<std::vector<TeamId>> SqliteCatalog::find_teams_by_domain(const std::string& domain) {
  return read([&](SqliteSession& session) {
    std::vector<TeamId> teams;
    std::string id;
    auto query = session.query("SELECT id FROM teams WHERE domain = :domain COLLATE NOCASE");
    query.with(domain).into(id);
    while (query.next()) teams.push_back(decode_id<TeamId>(id));
    return teams;
  });
}

Result<std::optional<User>> SqliteCatalog::find_user(UserId user) {
  return read([&](SqliteSession& session) {
    auto query = session.query("SELECT id, team_id, name, email FROM users WHERE id = :id");
    return fetch_user(query.with(user.to_string()));
  });
}

Result<void> SqliteCatalog::found_team(const Team& team, const User& administrator, const Key& key) {
  return write(Durability::kFull, "", [&](SqliteSession& session) -> Result<void> {
    session.query("INSERT INTO teams (id, name, domain) VALUES (:id, :name, :domain)")
        .with(team.id.to_string())
        .with(team.name)
        .with(team.domain)
        .run();
    session
        .query(
            "INSERT INTO users (id, team_id, name, email, administrator) VALUES (:id, :team, :name, :email, "
            "1)")
        .with(administrator.id.to_string())
        .with(administrator.team.to_string())
        .with(administrator.name)
        .with(administrator.email)
        .run();
    insert(session, key);
    return {};
  });
}

Result<std::optional<User>> SqliteCatalog::find_administrator(TeamId team) {
  return read([&](SqliteSession& session) {
    auto query = session.query(
        "SELECT id, team_id, name, email FROM users WHERE team_id = :team AND administrator = 1 "
        "ORDER BY number LIMIT 1");
    return fetch_user(query.with(team.to_string()));
  });
}

Result<void> SqliteCatalog::insert_key(const Key& key) {
  return write(Durability::kFull, "", [&](SqliteSession& session) -> Result<void> {
    if (!insert(session, key)) return conflict("There is already a key with this id.");
    return {};
  });
}

Result<std::optional<Key>> SqliteCatalog::find_key(KeyId key) {
  static const std::string kSql = "SELECT " + KeyRow::kColumns + " FROM api_keys WHERE id = :id";
  return read([&](SqliteSession& session) -> std::optional<Key> {
    KeyRow row;
    auto query = session.query(kSql);
    if (!row.bind(query.with(key.to_string())).next()) return std::nullopt;
    return row.decode();
  });
}

Result<std::vector<Key>> SqliteCatalog::list_keys(TeamId team) {
  static const std::string kSql =
      "SELECT " + KeyRow::kColumns + " FROM api_keys WHERE team_id = :team ORDER BY number";
  return read([&](SqliteSession& session) {
    std::vector<Key> keys;
    KeyRow row;
    auto query = session.query(kSql);
    row.bind(query.with(team.to_string()));
    while (query.next()) keys.push_back(row.decode());
    return keys;
  });
}

Result<bool> SqliteCatalog::delete_key(TeamId team, KeyId key) {
  return write(Durability::kFull, "", [&](SqliteSession& session) -> Result<bool> {
    return session.query("DELETE FROM api_keys WHERE id = :id AND team_id = :team")
               .with(key.to_string())
               .with(team.to_string())
               .run() > 0;
  });
}

Result<void> SqliteCatalog::touch_key(KeyId key, Timestamp used) {
  return write(Durability::kRelaxed, "", [&](SqliteSession& session) -> Result<void> {
    session.query("UPDATE api_keys SET last_used = :used WHERE id = :id")
        .with(to_epoch_ms(used))
        .with(key.to_string())
        .run();
    return {};
  });
}

}  // namespace adit
