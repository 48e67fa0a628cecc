// Grants in the SQLite catalog, and what they come to.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

std::string pool_column(const std::optional<PoolId>& pool) {
  return pool ? pool->to_string() : std::string();
}

std::vector<Grant> fetch_grants(Query& query) {
  std::string team, kind, subject, pool, permission;
  query.into(team).into(kind).into(subject).into(pool).into(permission);
  std::vector<Grant> grants;
  while (query.next()) {
    Grant grant;
    grant.team = decode_id<TeamId>(team);
    const auto known_kind = parse_subject_kind(kind);
    const auto known_permission = parse_permission(permission);
    if (!known_kind || !known_permission) throw CorruptRow("no grant: " + kind + " " + permission);
    grant.subject = {*known_kind, decode_id<Uuid>(subject)};
    if (!pool.empty()) grant.pool = decode_id<PoolId>(pool);
    grant.permission = *known_permission;
    grants.push_back(grant);
  }
  return grants;
}

std::string_view subject_count_sql(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kUser:
      return "SELECT count(*) FROM users WHERE id = :id AND team_id = :team";
    case SubjectKind::kApplication:
      return "SELECT count(*) FROM applications WHERE id = :id AND team_id = :team";
    case SubjectKind::kGroup:
      return "SELECT count(*) FROM user_groups WHERE id = :id AND team_id = :team";
  }
  std::unreachable();
}

/// Subject and pool are the team's.
Result<void> check_ends(SqliteSession& session, const Grant& grant) {
  int found = 0;
  session.query(subject_count_sql(grant.subject.kind))
      .with(grant.subject.id.to_string())
      .with(grant.team.to_string())
      .into(found)
      .next();
  if (found == 0) {
    return not_found("There is no " + std::string(to_string(grant.subject.kind)) + " " +
                     grant.subject.id.to_string() + " in your team.");
  }
  if (!grant.pool) return {};
  session.query("SELECT count(*) FROM pools WHERE id = :id AND team_id = :team AND deleting = 0")
      .with(grant.pool->to_string())
      .with(grant.team.to_string())
      .into(found)
      .next();
  if (found == 0) return not_found("There is no data pool " + grant.pool->to_string() + " in your team.");
  return {};
}

std::optional<SubjectAccess> find_subject(SqliteSession& session, const Subject& subject) {
  std::string team, name, user, role;
  int active = 0;
  auto query =
      subject.kind == SubjectKind::kUser
          ? session.query("SELECT team_id, name, id, role, active FROM users WHERE id = :id")
          : session.query(
                "SELECT team_id, name, creator_id, 'MEMBER', active FROM applications WHERE id = :id");
  query.with(subject.id.to_string()).into(team).into(name).into(user).into(role).into(active);
  if (subject.kind == SubjectKind::kGroup || !query.next()) return std::nullopt;
  const auto known = parse_role(role);
  if (!known) throw CorruptRow("no role: " + role);
  return SubjectAccess{decode_id<TeamId>(team), name, decode_id<UserId>(user), *known, active != 0};
}

}  // namespace

void insert_grant_row(SqliteSession& session, const Grant& grant) {
  session
      .query(
          "INSERT INTO grants (team_id, subject_kind, subject_id, pool_id, permission) VALUES (:team, :kind, "
          ":subject, :pool, :permission) ON CONFLICT DO NOTHING")
      .with(grant.team.to_string())
      .with(to_string(grant.subject.kind))
      .with(grant.subject.id.to_string())
      .with(pool_column(grant.pool))
      .with(to_string(grant.permission))
      .run();
}

Result<std::optional<SubjectAccess>> SqliteCatalog::find_access(const Subject& subject) {
  return read([&](SqliteSession& session) -> std::optional<SubjectAccess> {
    auto access = find_subject(session, subject);
    if (!access) return std::nullopt;
    auto query = session.query(
        "SELECT team_id, subject_kind, subject_id, pool_id, permission FROM grants WHERE subject_kind = "
        ":kind "
        "AND subject_id = :id UNION ALL SELECT g.team_id, g.subject_kind, g.subject_id, g.pool_id, "
        "g.permission FROM group_members m JOIN grants g ON g.subject_kind = 'GROUP' AND g.subject_id = "
        "m.group_id WHERE m.user_id = :user");
    access->grants = fetch_grants(
        query.with(to_string(subject.kind)).with(subject.id.to_string()).with(subject.id.to_string()));
    return access;
  });
}

Result<void> SqliteCatalog::insert_grant(const Grant& grant) {
  return write(Durability::kFull, "catalog.insert_grant", [&](SqliteSession& session) -> Result<void> {
    ADIT_CHECK(check_ends(session, grant));
    ADIT_CHECK(check_room(session, "SELECT count(*) FROM grants WHERE team_id = :team", grant.team,
                          TeamBounds::kGrantsMax, "grants"));
    insert_grant_row(session, grant);
    raise_access_version(session);
    return {};
  });
}

Result<bool> SqliteCatalog::delete_grant(const Grant& grant) {
  return write(Durability::kFull, "catalog.delete_grant", [&](SqliteSession& session) -> Result<bool> {
    const auto deleted =
        session
            .query(
                "DELETE FROM grants WHERE team_id = :team AND subject_kind = :kind AND subject_id = :subject "
                "AND pool_id = :pool AND permission = :permission")
            .with(grant.team.to_string())
            .with(to_string(grant.subject.kind))
            .with(grant.subject.id.to_string())
            .with(pool_column(grant.pool))
            .with(to_string(grant.permission))
            .run();
    if (deleted > 0) raise_access_version(session);
    return deleted > 0;
  });
}

Result<std::vector<Grant>> SqliteCatalog::list_grants(TeamId team, std::optional<PoolId> pool) {
  return read([&](SqliteSession& session) {
    if (pool) {
      auto query = session.query(
          "SELECT team_id, subject_kind, subject_id, pool_id, permission FROM grants WHERE team_id = :team "
          "AND pool_id = :pool ORDER BY subject_kind, subject_id, permission");
      return fetch_grants(query.with(team.to_string()).with(pool->to_string()));
    }
    auto query = session.query(
        "SELECT team_id, subject_kind, subject_id, pool_id, permission FROM grants WHERE team_id = :team "
        "ORDER BY subject_kind, subject_id, pool_id, permission");
    return fetch_grants(query.with(team.to_string()));
  });
}

}  // namespace adit
