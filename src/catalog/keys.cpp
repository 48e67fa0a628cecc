// Keys in the SQLite catalog.
#include "catalog/sqlite_catalog.h"

namespace adit {

Result<void> insert_key_row(SqliteSession& session, const Key& key) {
  ADIT_CHECK(check_room(session, "SELECT count(*) FROM api_keys WHERE team_id = :team", key.team,
                        TeamBounds::kKeysMax, "keys"));
  const auto inserted =
      session
          .query(
              "INSERT INTO api_keys (id, team_id, owner_kind, owner_id, creator_id, name, secret_digest, "
              "created, last_used, expires, scopes, pools) VALUES (:id, :team, :owner_kind, :owner, "
              ":creator, "
              ":name, :digest, :created, :last_used, :expires, :scopes, :pools) ON CONFLICT (id) DO NOTHING")
          .with(key.id.to_string())
          .with(key.team.to_string())
          .with(to_string(key.owner.kind))
          .with(key.owner.id.to_string())
          .with(key.creator.to_string())
          .with(key.name)
          .with(to_hex(key.secret_digest))
          .with(to_epoch_ms(key.created))
          .with(encode(key.last_used))
          .with(encode(key.expires))
          .with(scopes_to_json(key.limits))
          .with(pools_to_json(key.limits))
          .run();
  if (inserted == 0) return conflict("There is already a key with this id.");
  return {};
}

Result<void> SqliteCatalog::insert_key(const Key& key) {
  return write(Durability::kFull, "catalog.insert_key",
               [&](SqliteSession& session) -> Result<void> { return insert_key_row(session, key); });
}

Result<void> SqliteCatalog::insert_key(const Key& key, const Application& application) {
  return write(Durability::kFull, "catalog.insert_key", [&](SqliteSession& session) -> Result<void> {
    ADIT_CHECK(insert_application_row(session, application));
    return insert_key_row(session, key);
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
  return write(Durability::kFull, "catalog.delete_key", [&](SqliteSession& session) -> Result<bool> {
    const auto deleted = session.query("DELETE FROM api_keys WHERE id = :id AND team_id = :team")
                             .with(key.to_string())
                             .with(team.to_string())
                             .run();
    if (deleted > 0) raise_access_version(session);
    return deleted > 0;
  });
}

Result<void> SqliteCatalog::replace_key(const Key& old, const Key& next) {
  return write(Durability::kFull, "catalog.replace_key", [&](SqliteSession& session) -> Result<void> {
    const auto replaced = session
                              .query(
                                  "UPDATE api_keys SET replaced_by = :next, expires = :expires WHERE id = "
                                  ":id AND team_id = :team AND replaced_by IS NULL")
                              .with(next.id.to_string())
                              .with(encode(old.expires))
                              .with(old.id.to_string())
                              .with(old.team.to_string())
                              .run();
    if (replaced == 0)
      return conflict("The key was replaced or deleted meanwhile; look at the list of keys.");
    ADIT_CHECK(insert_key_row(session, next));
    raise_access_version(session);
    return {};
  });
}

Result<void> SqliteCatalog::touch_key(KeyId key, Timestamp used) {
  return write(Durability::kRelaxed, "catalog.touch_key", [&](SqliteSession& session) -> Result<void> {
    session.query("UPDATE api_keys SET last_used = :used WHERE id = :id")
        .with(to_epoch_ms(used))
        .with(key.to_string())
        .run();
    return {};
  });
}

}  // namespace adit
