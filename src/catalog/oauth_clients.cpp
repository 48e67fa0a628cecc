// OAuth's clients and consents in the SQLite catalog.
#include <sstream>

#include "catalog/oauth_codecs.h"
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

const std::string kClientColumns =
    "id, team_id, application_id, name, confidential, redirect_uris, grant_types, scopes, creator_id, "
    "active, created, secret_digest, old_secret_digest, old_secret_ends";

std::string grant_type_words(GrantTypeSet types) {
  std::string words;
  for (const auto type : all_grant_types()) {
    if (types.has(type)) words += (words.empty() ? "" : " ") + std::string(to_string(type));
  }
  return words;
}

GrantTypeSet decode_grant_types(const std::string& words) {
  GrantTypeSet types;
  std::istringstream in(words);
  for (std::string word; in >> word;) {
    const auto type = parse_grant_type(word);
    if (!type) throw CorruptRow("no grant type: " + word);
    types.add(*type);
  }
  return types;
}

std::optional<std::string> encode(const std::optional<Sha256Digest>& digest) {
  return digest ? std::optional(to_hex(*digest)) : std::nullopt;
}

std::optional<Sha256Digest> decode_optional(const Nullable<std::string>& hex) {
  return hex.has_value() ? std::optional(decode_digest(hex.value)) : std::nullopt;
}

std::vector<OauthClient> fetch_clients(Query& query) {
  std::string id, team, application, name, redirect_uris, grant_types, scopes, creator;
  int confidential = 0, active = 0;
  long long created = 0;
  Nullable<std::string> secret, old_secret;
  Nullable<long long> old_secret_ends;
  query.into(id).into(team).into(application).into(name).into(confidential).into(redirect_uris);
  query.into(grant_types).into(scopes).into(creator).into(active).into(created);
  query.into(secret).into(old_secret).into(old_secret_ends);
  std::vector<OauthClient> clients;
  while (query.next()) {
    auto& client = clients.emplace_back();
    client.id = decode_id<ClientId>(id);
    client.team = decode_id<TeamId>(team);
    client.application = decode_id<ApplicationId>(application);
    client.name = name;
    client.confidential = confidential != 0;
    client.redirect_uris = strings_from_json(redirect_uris);
    client.grant_types = decode_grant_types(grant_types);
    client.scopes = decode_scopes(scopes);
    client.creator = decode_id<UserId>(creator);
    client.active = active != 0;
    client.created = from_epoch_ms(created);
    client.secret = decode_optional(secret);
    client.old_secret = decode_optional(old_secret);
    client.old_secret_ends = decode_time(old_secret_ends);
  }
  return clients;
}

std::uint64_t forget_of_client(SqliteSession& session, ClientId client) {
  const auto tokens =
      session.query("DELETE FROM oauth_tokens WHERE client_id = :client").with(client.to_string()).run();
  return tokens +
         session.query("DELETE FROM oauth_consents WHERE client_id = :client").with(client.to_string()).run();
}

Result<void> check_application(SqliteSession& session, const OauthClient& client) {
  int found = 0;
  session.query("SELECT count(*) FROM applications WHERE id = :id AND team_id = :team")
      .with(client.application.to_string())
      .with(client.team.to_string())
      .into(found)
      .next();
  if (found > 0) return {};
  return not_found("There is no application " + client.application.to_string() + " in your team.");
}

}  // namespace

ScopeSet decode_scopes(const std::string& words) {
  ScopeSet scopes;
  std::istringstream in(words);
  for (std::string word; in >> word;) {
    const auto scope = parse_scope(word);
    if (!scope) throw CorruptRow("no scope: " + word);
    scopes.add(*scope);
  }
  return scopes;
}

void forget_oauth_of_user(SqliteSession& session, UserId user) {
  session
      .query(
          "DELETE FROM oauth_tokens WHERE consent_id IN (SELECT id FROM oauth_consents WHERE user_id = "
          ":user)")
      .with(user.to_string())
      .run();
  session.query("DELETE FROM oauth_consents WHERE user_id = :user").with(user.to_string()).run();
  forget_logins(session, user);
}

void forget_oauth_of_application(SqliteSession& session, ApplicationId application) {
  for (const auto* sql :
       {"DELETE FROM oauth_tokens WHERE client_id IN (SELECT id FROM oauth_clients WHERE application_id = "
        ":id)",
        "DELETE FROM oauth_consents WHERE client_id IN (SELECT id FROM oauth_clients WHERE application_id = "
        ":id)",
        "DELETE FROM oauth_clients WHERE application_id = :id"}) {
    session.query(sql).with(application.to_string()).run();
  }
}

Result<void> SqliteCatalog::insert_client(const OauthClient& client, const std::optional<Application>& made) {
  return write(Durability::kFull, "catalog.insert_client", [&](SqliteSession& session) -> Result<void> {
    ADIT_CHECK(check_room(session, "SELECT count(*) FROM oauth_clients WHERE team_id = :team", client.team,
                          OauthBounds::kClientsMax, "OAuth clients"));
    if (made) ADIT_CHECK(insert_application_row(session, *made));
    ADIT_CHECK(check_application(session, client));
    session
        .query("INSERT INTO oauth_clients (" + kClientColumns +
               ") VALUES (:id, :team, :application, :name, :confidential, :uris, :types, :scopes, :creator, "
               ":active, :created, :secret, :old_secret, :old_secret_ends)")
        .with(client.id.to_string())
        .with(client.team.to_string())
        .with(client.application.to_string())
        .with(client.name)
        .with(client.confidential)
        .with(strings_to_json(client.redirect_uris))
        .with(grant_type_words(client.grant_types))
        .with(scope_words(client.scopes))
        .with(client.creator.to_string())
        .with(client.active)
        .with(to_epoch_ms(client.created))
        .with(encode(client.secret))
        .with(encode(client.old_secret))
        .with(adit::encode(client.old_secret_ends))
        .run();
    return {};
  });
}

Result<std::optional<OauthClient>> SqliteCatalog::find_client(ClientId client) {
  static const std::string kSql = "SELECT " + kClientColumns + " FROM oauth_clients WHERE id = :id";
  return read([&](SqliteSession& session) -> std::optional<OauthClient> {
    auto query = session.query(kSql);
    auto found = fetch_clients(query.with(client.to_string()));
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
  });
}

Result<std::vector<OauthClient>> SqliteCatalog::list_clients(TeamId team) {
  static const std::string kSql =
      "SELECT " + kClientColumns + " FROM oauth_clients WHERE team_id = :team ORDER BY number";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_clients(query.with(team.to_string()));
  });
}

Result<bool> SqliteCatalog::update_client(const OauthClient& client) {
  return write(Durability::kFull, "catalog.update_client", [&](SqliteSession& session) -> Result<bool> {
    const auto updated =
        session
            .query(
                "UPDATE oauth_clients SET name = :name, redirect_uris = :uris, grant_types = :types, scopes "
                "= :scopes, active = :active, secret_digest = :secret, old_secret_digest = :old_secret, "
                "old_secret_ends = :old_secret_ends WHERE id = :id AND team_id = :team")
            .with(client.name)
            .with(strings_to_json(client.redirect_uris))
            .with(grant_type_words(client.grant_types))
            .with(scope_words(client.scopes))
            .with(client.active)
            .with(encode(client.secret))
            .with(encode(client.old_secret))
            .with(adit::encode(client.old_secret_ends))
            .with(client.id.to_string())
            .with(client.team.to_string())
            .run();
    if (updated > 0) raise_access_version(session);
    return updated > 0;
  });
}

Result<bool> SqliteCatalog::delete_client(TeamId team, ClientId client) {
  return write(Durability::kFull, "catalog.delete_client", [&](SqliteSession& session) -> Result<bool> {
    int found = 0;
    session.query("SELECT count(*) FROM oauth_clients WHERE id = :id AND team_id = :team")
        .with(client.to_string())
        .with(team.to_string())
        .into(found)
        .next();
    if (found == 0) return false;
    forget_of_client(session, client);
    session.query("DELETE FROM oauth_clients WHERE id = :id").with(client.to_string()).run();
    raise_access_version(session);
    return true;
  });
}

Result<std::uint64_t> SqliteCatalog::revoke_client(TeamId team, ClientId client) {
  return write(Durability::kFull, "catalog.revoke_client",
               [&](SqliteSession& session) -> Result<std::uint64_t> {
                 int found = 0;
                 session.query("SELECT count(*) FROM oauth_clients WHERE id = :id AND team_id = :team")
                     .with(client.to_string())
                     .with(team.to_string())
                     .into(found)
                     .next();
                 if (found == 0)
                   return not_found("There is no OAuth client " + client.to_string() + " in your team.");
                 const auto forgotten = forget_of_client(session, client);
                 raise_access_version(session);
                 return forgotten;
               });
}

}  // namespace adit
