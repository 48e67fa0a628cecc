// Sessions in the browser in the SQLite catalog.
#include "catalog/oauth_codecs.h"
#include "catalog/sqlite_catalog.h"

namespace adit {

void forget_logins(SqliteSession& session, UserId user) {
  session.query("DELETE FROM logins WHERE user_id = :user").with(user.to_string()).run();
}

Result<void> SqliteCatalog::insert_login(const Login& login) {
  return write(Durability::kRelaxed, "catalog.insert_login", [&](SqliteSession& session) -> Result<void> {
    session
        .query(
            "DELETE FROM logins WHERE digest IN (SELECT digest FROM logins WHERE user_id = :user ORDER BY "
            "expires DESC LIMIT -1 OFFSET :kept)")
        .with(login.user.to_string())
        .with(OauthBounds::kLoginsOfUserMax - 1)
        .run();
    session
        .query(
            "INSERT INTO logins (digest, team_id, user_id, expires) VALUES (:digest, :team, :user, :expires)")
        .with(to_hex(login.digest))
        .with(login.team.to_string())
        .with(login.user.to_string())
        .with(to_epoch_ms(login.expires))
        .run();
    return {};
  });
}

Result<std::optional<Login>> SqliteCatalog::find_login(const Sha256Digest& digest) {
  return read([&](SqliteSession& session) -> std::optional<Login> {
    std::string team, user;
    long long expires = 0;
    auto query = session.query("SELECT team_id, user_id, expires FROM logins WHERE digest = :digest");
    if (!query.with(to_hex(digest)).into(team).into(user).into(expires).next()) return std::nullopt;
    return Login{digest, decode_id<TeamId>(team), decode_id<UserId>(user), from_epoch_ms(expires)};
  });
}

Result<void> SqliteCatalog::delete_login(const Sha256Digest& digest) {
  return write(Durability::kRelaxed, "catalog.delete_login", [&](SqliteSession& session) -> Result<void> {
    session.query("DELETE FROM logins WHERE digest = :digest").with(to_hex(digest)).run();
    return {};
  });
}

}  // namespace adit
