// OAuth's consents and tokens in the SQLite catalog.
#include "catalog/oauth_codecs.h"
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

/// Expired tokens go as new ones come, so that their number stays that of a token's lifetime.
void forget_some(SqliteSession& session, Timestamp before, std::int64_t limit) {
  session
      .query(
          "DELETE FROM oauth_tokens WHERE digest IN (SELECT digest FROM oauth_tokens WHERE expires < :before "
          "LIMIT :limit)")
      .with(to_epoch_ms(before))
      .with(limit)
      .run();
}

/// Makes room for one more token of a consent, or of a client that acts for itself. True: some went, which
/// may have been alive.
bool bound_tokens(SqliteSession& session, const OauthToken& token) {
  const std::string whose =
      token.consent ? "consent_id = :owner" : "client_id = :owner AND consent_id IS NULL";
  const auto owner = token.consent ? token.consent->to_string() : token.client.to_string();
  const auto max = token.consent ? OauthBounds::kTokensOfConsentMax : OauthBounds::kTokensOfClientMax;
  long long count = 0;
  session.query("SELECT count(*) FROM oauth_tokens WHERE " + whose).with(owner).into(count).next();
  if (count < max) return false;
  // A hundredth at once: finding the oldest means sorting them all.
  session
      .query("DELETE FROM oauth_tokens WHERE digest IN (SELECT digest FROM oauth_tokens WHERE " + whose +
             " ORDER BY created LIMIT :limit)")
      .with(owner)
      .with(std::int64_t{count} - max + max / 100)
      .run();
  return true;
}

void insert(SqliteSession& session, const OauthToken& token) {
  if (bound_tokens(session, token)) raise_access_version(session);
  session
      .query(
          "INSERT INTO oauth_tokens (digest, kind, team_id, client_id, consent_id, user_id, scopes, created, "
          "expires, spent, redirect_uri, challenge) VALUES (:digest, :kind, :team, :client, :consent, :user, "
          ":scopes, :created, :expires, 0, :redirect_uri, :challenge)")
      .with(to_hex(token.digest))
      .with(to_string(token.kind))
      .with(token.team.to_string())
      .with(token.client.to_string())
      .with(token.consent ? std::optional(token.consent->to_string()) : std::nullopt)
      .with(token.user ? std::optional(token.user->to_string()) : std::nullopt)
      .with(scope_words(token.limits.scopes.value_or(ScopeSet())))
      .with(to_epoch_ms(token.created))
      .with(to_epoch_ms(token.expires))
      .with(token.redirect_uri)
      .with(token.challenge)
      .run();
}

std::uint64_t remove_consent(SqliteSession& session, ConsentId consent) {
  session.query("DELETE FROM oauth_tokens WHERE consent_id = :consent").with(consent.to_string()).run();
  return session.query("DELETE FROM oauth_consents WHERE id = :consent").with(consent.to_string()).run();
}

}  // namespace

Result<void> SqliteCatalog::insert_consent(const OauthConsent& consent, const OauthToken& code) {
  return write(Durability::kFull, "catalog.insert_consent", [&](SqliteSession& session) -> Result<void> {
    long long count = 0;
    session.query("SELECT count(*) FROM oauth_consents WHERE user_id = :user AND expires > :now")
        .with(consent.user.to_string())
        .with(to_epoch_ms(consent.created))
        .into(count)
        .next();
    if (count >= OauthBounds::kConsentsOfUserMax) {
      return conflict("You have allowed too much already; revoke some of it first.");
    }
    session
        .query(
            "INSERT INTO oauth_consents (id, team_id, client_id, user_id, scopes, created, expires) VALUES "
            "(:id, :team, :client, :user, :scopes, :created, :expires)")
        .with(consent.id.to_string())
        .with(consent.team.to_string())
        .with(consent.client.to_string())
        .with(consent.user.to_string())
        .with(scope_words(consent.scopes))
        .with(to_epoch_ms(consent.created))
        .with(to_epoch_ms(consent.expires))
        .run();
    insert(session, code);
    return {};
  });
}

Result<std::vector<OauthConsent>> SqliteCatalog::list_consents(TeamId team, UserId user) {
  return read([&](SqliteSession& session) {
    std::string id, client, scopes, name;
    long long created = 0, expires = 0;
    auto query = session.query(
        "SELECT o.id, o.client_id, o.scopes, o.created, o.expires, c.name FROM oauth_consents o JOIN "
        "oauth_clients c ON c.id = o.client_id WHERE o.user_id = :user AND o.team_id = :team ORDER BY "
        "o.number");
    query.with(user.to_string()).with(team.to_string());
    query.into(id).into(client).into(scopes).into(created).into(expires).into(name);
    std::vector<OauthConsent> consents;
    while (query.next()) {
      consents.push_back({decode_id<ConsentId>(id), team, decode_id<ClientId>(client), user,
                          decode_scopes(scopes), from_epoch_ms(created), from_epoch_ms(expires), name});
    }
    return consents;
  });
}

Result<bool> SqliteCatalog::delete_consent(TeamId team, UserId user, ConsentId consent) {
  return write(Durability::kFull, "catalog.delete_consent", [&](SqliteSession& session) -> Result<bool> {
    int found = 0;
    session
        .query("SELECT count(*) FROM oauth_consents WHERE id = :id AND team_id = :team AND user_id = :user")
        .with(consent.to_string())
        .with(team.to_string())
        .with(user.to_string())
        .into(found)
        .next();
    if (found == 0) return false;
    remove_consent(session, consent);
    raise_access_version(session);
    return true;
  });
}

Result<void> SqliteCatalog::insert_token(const OauthToken& token) {
  return write(Durability::kRelaxed, "catalog.insert_token", [&](SqliteSession& session) -> Result<void> {
    forget_some(session, token.created - kTokenTraces, OauthBounds::kForgottenAtOnce);
    insert(session, token);
    return {};
  });
}

Result<std::optional<OauthToken>> SqliteCatalog::find_token(const Sha256Digest& digest) {
  return read([&](SqliteSession& session) -> std::optional<OauthToken> {
    std::string kind, team, client, scopes, application, client_scopes;
    OauthToken token;
    Nullable<std::string> consent, user;
    Nullable<long long> consent_expires;
    long long created = 0, expires = 0;
    int spent = 0, active = 0;
    auto query = session.query(
        "SELECT t.kind, t.team_id, t.client_id, t.consent_id, t.user_id, t.scopes, t.created, t.expires, "
        "t.spent, t.redirect_uri, t.challenge, c.application_id, c.active, c.scopes, o.expires FROM "
        "oauth_tokens t "
        "JOIN oauth_clients c ON c.id = t.client_id LEFT JOIN oauth_consents o ON o.id = t.consent_id WHERE "
        "t.digest = :digest");
    query.with(to_hex(digest)).into(kind).into(team).into(client).into(consent).into(user).into(scopes);
    query.into(created).into(expires).into(spent).into(token.redirect_uri).into(token.challenge);
    query.into(application).into(active).into(client_scopes);
    if (!query.into(consent_expires).next()) return std::nullopt;
    const auto known = parse_token_kind(kind);
    if (!known) throw CorruptRow("no kind of token: " + kind);
    token.digest = digest;
    token.kind = *known;
    token.team = decode_id<TeamId>(team);
    token.client = decode_id<ClientId>(client);
    if (consent.has_value()) token.consent = decode_id<ConsentId>(consent.value);
    if (user.has_value()) token.user = decode_id<UserId>(user.value);
    // What was taken away from the client since is taken away from its tokens.
    token.limits.scopes = decode_scopes(scopes) & decode_scopes(client_scopes);
    token.created = from_epoch_ms(created);
    token.expires = from_epoch_ms(expires);
    token.application = decode_id<ApplicationId>(application);
    token.client_active = active != 0;
    token.spent = spent != 0;
    token.consent_expires = decode_time(consent_expires).value_or(Timestamp{});
    return token;
  });
}

Result<bool> SqliteCatalog::exchange_token(const OauthToken& spent, const std::vector<OauthToken>& given) {
  return write(Durability::kFull, "catalog.exchange_token", [&](SqliteSession& session) -> Result<bool> {
    const auto marked =
        session.query("UPDATE oauth_tokens SET spent = 1 WHERE digest = :digest AND spent = 0")
            .with(to_hex(spent.digest))
            .run();
    if (marked == 0) {
      if (spent.consent && remove_consent(session, *spent.consent) > 0) raise_access_version(session);
      return false;
    }
    for (const auto& token : given) {
      forget_some(session, token.created - kTokenTraces, OauthBounds::kForgottenAtOnce);
      insert(session, token);
    }
    return true;
  });
}

Result<void> SqliteCatalog::delete_token(const OauthToken& token) {
  return write(Durability::kFull, "catalog.delete_token", [&](SqliteSession& session) -> Result<void> {
    if (token.kind != TokenKind::kAccess && token.consent) {
      remove_consent(session, *token.consent);
    } else {
      session.query("DELETE FROM oauth_tokens WHERE digest = :digest").with(to_hex(token.digest)).run();
    }
    raise_access_version(session);
    return {};
  });
}

Result<std::uint64_t> SqliteCatalog::forget_tokens(Timestamp before, std::uint64_t limit) {
  return write(
      Durability::kRelaxed, "catalog.forget_tokens", [&](SqliteSession& session) -> Result<std::uint64_t> {
        std::uint64_t forgotten = 0;
        for (const auto* sql :
             {"DELETE FROM oauth_tokens WHERE digest IN (SELECT digest FROM oauth_tokens WHERE expires < "
              ":before "
              "LIMIT :limit)",
              "DELETE FROM oauth_consents WHERE id IN (SELECT id FROM oauth_consents WHERE created < :before "
              "AND "
              "NOT EXISTS (SELECT 1 FROM oauth_tokens t WHERE t.consent_id = oauth_consents.id) LIMIT "
              ":limit)",
              "DELETE FROM logins WHERE digest IN (SELECT digest FROM logins WHERE expires < :before LIMIT "
              ":limit)"}) {
          forgotten +=
              session.query(sql).with(to_epoch_ms(before)).with(static_cast<std::int64_t>(limit)).run();
        }
        return forgotten;
      });
}

}  // namespace adit
