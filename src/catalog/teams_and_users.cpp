// Teams and users in the SQLite catalog.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

const std::string kTeamColumns =
    "id, name, domain, executes_per_second, executes_per_hour, executes_unlimited";
const std::string kUserColumns = "id, team_id, name, email, role, active, created";

std::vector<User> fetch_users(Query& query) {
  std::string id, team_id, name, email, role;
  int active = 0;
  long long created = 0;
  query.into(id).into(team_id).into(name).into(email).into(role).into(active).into(created);
  std::vector<User> users;
  while (query.next()) {
    const auto known = parse_role(role);
    if (!known) throw CorruptRow("no role: " + role);
    users.push_back({decode_id<UserId>(id), decode_id<TeamId>(team_id), name, email, *known, active != 0,
                     from_epoch_ms(created)});
  }
  return users;
}

std::optional<User> first_of(std::vector<User> users) {
  return users.empty() ? std::nullopt : std::optional(std::move(users.front()));
}

std::vector<Team> fetch_teams(Query& query) {
  std::string id;
  Team team;
  long long per_second = 0, per_hour = 0;
  int unlimited = 0;
  query.into(id).into(team.name).into(team.domain).into(per_second).into(per_hour).into(unlimited);
  std::vector<Team> teams;
  while (query.next()) {
    team.id = decode_id<TeamId>(id);
    team.limits = {per_second, per_hour, unlimited != 0};
    teams.push_back(team);
  }
  return teams;
}

/// The email is the team's only one.
Result<void> check_email(SqliteSession& session, const User& user) {
  int others = 0;
  session
      .query(
          "SELECT count(*) FROM users WHERE team_id = :team AND email = :email COLLATE NOCASE AND id <> :id")
      .with(user.team.to_string())
      .with(user.email)
      .with(user.id.to_string())
      .into(others)
      .next();
  if (others == 0) return {};
  return conflict("The team has a user of this email address already.");
}

Result<void> insert(SqliteSession& session, const User& user, const Password& password) {
  ADIT_CHECK(check_room(session, "SELECT count(*) FROM users WHERE team_id = :team", user.team,
                        TeamBounds::kUsersMax, "users"));
  ADIT_CHECK(check_email(session, user));
  const auto inserted = session
                            .query(
                                "INSERT INTO users (id, team_id, name, email, role, active, password_hash, "
                                "password_one_time, created) VALUES (:id, :team, :name, :email, :role, "
                                ":active, :hash, :one_time, :created) ON CONFLICT (id) DO NOTHING")
                            .with(user.id.to_string())
                            .with(user.team.to_string())
                            .with(user.name)
                            .with(user.email)
                            .with(to_string(user.role))
                            .with(user.active)
                            .with(password.hash)
                            .with(password.one_time)
                            .with(to_epoch_ms(user.created))
                            .run();
  if (inserted == 0) return conflict("There is already a user with this id.");
  return {};
}

/// Somebody must be left who can let others in again.
Result<void> check_administrators(SqliteSession& session, TeamId team) {
  int administrators = 0;
  session.query("SELECT count(*) FROM users WHERE team_id = :team AND role = 'ADMIN' AND active = 1")
      .with(team.to_string())
      .into(administrators)
      .next();
  if (administrators > 0) return {};
  return conflict("The team would have no active administrator. Make another user one first.");
}

}  // namespace

void raise_access_version(SqliteSession& session) {
  session.query("UPDATE counters SET value = value + 1 WHERE name = 'access_version'").run();
}

Result<void> check_room(SqliteSession& session, std::string_view count_sql, TeamId team, std::int64_t max,
                        std::string_view what) {
  long long present = 0;
  session.query(count_sql).with(team.to_string()).into(present).next();
  if (present < max) return {};
  return conflict("The team has " + std::to_string(max) + " " + std::string(what) +
                  ", which is as many as it can have. Delete some that nobody needs.");
}

Result<std::uint64_t> SqliteCatalog::access_version() {
  return read([](SqliteSession& session) {
    long long version = 0;
    session.query("SELECT value FROM counters WHERE name = 'access_version'").into(version).next();
    return static_cast<std::uint64_t>(version);
  });
}

Result<std::optional<Team>> SqliteCatalog::find_team() {
  static const std::string kSql = "SELECT " + kTeamColumns + " FROM teams ORDER BY number LIMIT 1";
  return read([](SqliteSession& session) -> std::optional<Team> {
    auto query = session.query(kSql);
    auto teams = fetch_teams(query);
    return teams.empty() ? std::nullopt : std::optional(std::move(teams.front()));
  });
}

Result<std::optional<Team>> SqliteCatalog::find_team(TeamId team) {
  static const std::string kSql = "SELECT " + kTeamColumns + " FROM teams WHERE id = :id";
  return read([&](SqliteSession& session) -> std::optional<Team> {
    auto query = session.query(kSql);
    auto teams = fetch_teams(query.with(team.to_string()));
    return teams.empty() ? std::nullopt : std::optional(std::move(teams.front()));
  });
}

Result<std::vector<Team>> SqliteCatalog::list_teams() {
  static const std::string kSql = "SELECT " + kTeamColumns + " FROM teams ORDER BY number";
  return read([](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_teams(query);
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

Result<void> SqliteCatalog::found_team(const Team& team, const User& administrator, const Key& key,
                                       const Password& password) {
  ADIT_TRY(const auto of_that_domain, find_teams_by_domain(team.domain));
  return write(Durability::kFull, "catalog.found_team", [&](SqliteSession& session) -> Result<void> {
    if (!of_that_domain.empty()) return conflict("There is a team of this domain already.");
    session
        .query(
            "INSERT INTO teams (id, name, domain, executes_per_second, executes_per_hour, "
            "executes_unlimited) "
            "VALUES (:id, :name, :domain, :second, :hour, :unlimited)")
        .with(team.id.to_string())
        .with(team.name)
        .with(team.domain)
        .with(team.limits.per_second)
        .with(team.limits.per_hour)
        .with(team.limits.unlimited)
        .run();
    ADIT_CHECK(insert(session, administrator, password));
    ADIT_CHECK(insert_key_row(session, key));
    raise_access_version(session);
    return {};
  });
}

Result<std::optional<User>> SqliteCatalog::find_user(UserId user) {
  static const std::string kSql = "SELECT " + kUserColumns + " FROM users WHERE id = :id";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return first_of(fetch_users(query.with(user.to_string())));
  });
}

Result<std::optional<User>> SqliteCatalog::find_user_by_email(TeamId team, const std::string& email) {
  static const std::string kSql =
      "SELECT " + kUserColumns + " FROM users WHERE team_id = :team AND email = :email COLLATE NOCASE";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return first_of(fetch_users(query.with(team.to_string()).with(email)));
  });
}

Result<std::vector<User>> SqliteCatalog::list_users(TeamId team) {
  static const std::string kSql =
      "SELECT " + kUserColumns + " FROM users WHERE team_id = :team ORDER BY number";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_users(query.with(team.to_string()));
  });
}

Result<std::optional<User>> SqliteCatalog::find_administrator(TeamId team) {
  static const std::string kSql = "SELECT " + kUserColumns +
                                  " FROM users WHERE team_id = :team AND role = 'ADMIN' AND active = 1 "
                                  "ORDER BY number LIMIT 1";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return first_of(fetch_users(query.with(team.to_string())));
  });
}

Result<void> SqliteCatalog::insert_user(const User& user, const Password& password) {
  return write(Durability::kFull, "catalog.insert_user",
               [&](SqliteSession& session) -> Result<void> { return insert(session, user, password); });
}

Result<bool> SqliteCatalog::update_user(const User& user) {
  return write(Durability::kFull, "catalog.update_user", [&](SqliteSession& session) -> Result<bool> {
    ADIT_CHECK(check_email(session, user));
    const auto updated = session
                             .query(
                                 "UPDATE users SET name = :name, email = :email, role = :role, active = "
                                 ":active WHERE id = :id AND team_id = :team")
                             .with(user.name)
                             .with(user.email)
                             .with(to_string(user.role))
                             .with(user.active)
                             .with(user.id.to_string())
                             .with(user.team.to_string())
                             .run();
    if (updated == 0) return false;
    ADIT_CHECK(check_administrators(session, user.team));
    raise_access_version(session);
    return true;
  });
}

Result<bool> SqliteCatalog::delete_user(TeamId team, UserId user) {
  return write(Durability::kFull, "catalog.delete_user", [&](SqliteSession& session) -> Result<bool> {
    session
        .query(
            "DELETE FROM group_members WHERE user_id IN (SELECT id FROM users WHERE id = :id AND team_id = "
            ":team)")
        .with(user.to_string())
        .with(team.to_string())
        .run();
    const auto deleted = session.query("DELETE FROM users WHERE id = :id AND team_id = :team")
                             .with(user.to_string())
                             .with(team.to_string())
                             .run();
    if (deleted == 0) return false;
    forget_subject(session, subject_of(user));
    ADIT_CHECK(check_administrators(session, team));
    raise_access_version(session);
    return true;
  });
}

Result<std::optional<Password>> SqliteCatalog::find_password(UserId user) {
  return read([&](SqliteSession& session) -> std::optional<Password> {
    auto query = session.query("SELECT password_hash, password_one_time FROM users WHERE id = :id");
    Password password;
    int one_time = 0;
    if (!query.with(user.to_string()).into(password.hash).into(one_time).next()) return std::nullopt;
    password.one_time = one_time != 0;
    return password;
  });
}

Result<bool> SqliteCatalog::set_password(TeamId team, UserId user, const Password& password) {
  return write(Durability::kFull, "catalog.set_password", [&](SqliteSession& session) -> Result<bool> {
    const auto changed =
        session
            .query(
                "UPDATE users SET password_hash = :hash, password_one_time = :one_time WHERE id = :id AND "
                "team_id = :team")
            .with(password.hash)
            .with(password.one_time)
            .with(user.to_string())
            .with(team.to_string())
            .run();
    if (changed == 0) return false;
    // Whoever knew the old one may have logged in by it and allowed a client of theirs something.
    forget_oauth_of_user(session, user);
    raise_access_version(session);
    return true;
  });
}

}  // namespace adit
