// Applications and groups in the SQLite catalog.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

std::vector<Application> fetch_applications(Query& query) {
  std::string id, team_id, name, creator_id;
  int active = 0;
  long long created = 0;
  query.into(id).into(team_id).into(name).into(creator_id).into(active).into(created);
  std::vector<Application> applications;
  while (query.next()) {
    applications.push_back({decode_id<ApplicationId>(id), decode_id<TeamId>(team_id), name,
                            decode_id<UserId>(creator_id), active != 0, from_epoch_ms(created)});
  }
  return applications;
}

std::vector<Group> fetch_groups(Query& query) {
  std::string id, team_id, name;
  long long created = 0;
  query.into(id).into(team_id).into(name).into(created);
  std::vector<Group> groups;
  while (query.next()) {
    groups.push_back({decode_id<GroupId>(id), decode_id<TeamId>(team_id), name, from_epoch_ms(created)});
  }
  return groups;
}

/// The name is the team's only one.
Result<void> check_group_name(SqliteSession& session, const Group& group) {
  int others = 0;
  session
      .query(
          "SELECT count(*) FROM user_groups WHERE team_id = :team AND name = :name COLLATE NOCASE AND id <> "
          ":id")
      .with(group.team.to_string())
      .with(group.name)
      .with(group.id.to_string())
      .into(others)
      .next();
  if (others == 0) return {};
  return conflict("The team has a group of this name already.");
}

}  // namespace

Result<void> insert_application_row(SqliteSession& session, const Application& application) {
  ADIT_CHECK(check_room(session, "SELECT count(*) FROM applications WHERE team_id = :team", application.team,
                        TeamBounds::kApplicationsMax, "applications"));
  const auto inserted =
      session
          .query(
              "INSERT INTO applications (id, team_id, name, creator_id, active, created) VALUES (:id, :team, "
              ":name, :creator, :active, :created) ON CONFLICT (id) DO NOTHING")
          .with(application.id.to_string())
          .with(application.team.to_string())
          .with(application.name)
          .with(application.creator.to_string())
          .with(application.active)
          .with(to_epoch_ms(application.created))
          .run();
  if (inserted == 0) return conflict("There is already an application with this id.");
  return {};
}

void forget_subject(SqliteSession& session, const Subject& subject) {
  session.query("DELETE FROM grants WHERE subject_kind = :kind AND subject_id = :id")
      .with(to_string(subject.kind))
      .with(subject.id.to_string())
      .run();
  session.query("DELETE FROM api_keys WHERE owner_kind = :kind AND owner_id = :id")
      .with(to_string(subject.kind))
      .with(subject.id.to_string())
      .run();
  if (subject.kind == SubjectKind::kUser) forget_oauth_of_user(session, UserId(subject.id));
  if (subject.kind == SubjectKind::kApplication) {
    forget_oauth_of_application(session, ApplicationId(subject.id));
  }
}

Result<void> SqliteCatalog::insert_application(const Application& application) {
  return write(Durability::kFull, "catalog.insert_application", [&](SqliteSession& session) -> Result<void> {
    return insert_application_row(session, application);
  });
}

Result<std::optional<Application>> SqliteCatalog::find_application(TeamId team, ApplicationId application) {
  return read([&](SqliteSession& session) -> std::optional<Application> {
    auto query = session.query(
        "SELECT id, team_id, name, creator_id, active, created FROM applications WHERE id = :id AND team_id "
        "= "
        ":team");
    auto found = fetch_applications(query.with(application.to_string()).with(team.to_string()));
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
  });
}

Result<std::vector<Application>> SqliteCatalog::list_applications(TeamId team) {
  return read([&](SqliteSession& session) {
    auto query = session.query(
        "SELECT id, team_id, name, creator_id, active, created FROM applications WHERE team_id = :team ORDER "
        "BY number");
    return fetch_applications(query.with(team.to_string()));
  });
}

Result<bool> SqliteCatalog::update_application(const Application& application) {
  return write(Durability::kFull, "catalog.update_application", [&](SqliteSession& session) -> Result<bool> {
    const auto updated =
        session
            .query(
                "UPDATE applications SET name = :name, active = :active WHERE id = :id AND team_id = :team")
            .with(application.name)
            .with(application.active)
            .with(application.id.to_string())
            .with(application.team.to_string())
            .run();
    if (updated > 0) raise_access_version(session);
    return updated > 0;
  });
}

Result<bool> SqliteCatalog::delete_application(TeamId team, ApplicationId application) {
  return write(Durability::kFull, "catalog.delete_application", [&](SqliteSession& session) -> Result<bool> {
    const auto deleted = session.query("DELETE FROM applications WHERE id = :id AND team_id = :team")
                             .with(application.to_string())
                             .with(team.to_string())
                             .run();
    if (deleted == 0) return false;
    forget_subject(session, subject_of(application));
    raise_access_version(session);
    return true;
  });
}

Result<void> SqliteCatalog::insert_group(const Group& group) {
  return write(Durability::kFull, "catalog.insert_group", [&](SqliteSession& session) -> Result<void> {
    ADIT_CHECK(check_room(session, "SELECT count(*) FROM user_groups WHERE team_id = :team", group.team,
                          TeamBounds::kGroupsMax, "groups"));
    ADIT_CHECK(check_group_name(session, group));
    session.query("INSERT INTO user_groups (id, team_id, name, created) VALUES (:id, :team, :name, :created)")
        .with(group.id.to_string())
        .with(group.team.to_string())
        .with(group.name)
        .with(to_epoch_ms(group.created))
        .run();
    return {};
  });
}

Result<std::optional<Group>> SqliteCatalog::find_group(TeamId team, GroupId group) {
  return read([&](SqliteSession& session) -> std::optional<Group> {
    auto query = session.query(
        "SELECT id, team_id, name, created FROM user_groups WHERE id = :id AND team_id = :team");
    auto found = fetch_groups(query.with(group.to_string()).with(team.to_string()));
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
  });
}

Result<std::vector<Group>> SqliteCatalog::list_groups(TeamId team) {
  return read([&](SqliteSession& session) {
    auto query = session.query(
        "SELECT id, team_id, name, created FROM user_groups WHERE team_id = :team ORDER BY number");
    return fetch_groups(query.with(team.to_string()));
  });
}

Result<bool> SqliteCatalog::rename_group(const Group& group) {
  return write(Durability::kFull, "catalog.rename_group", [&](SqliteSession& session) -> Result<bool> {
    ADIT_CHECK(check_group_name(session, group));
    return session.query("UPDATE user_groups SET name = :name WHERE id = :id AND team_id = :team")
               .with(group.name)
               .with(group.id.to_string())
               .with(group.team.to_string())
               .run() > 0;
  });
}

Result<bool> SqliteCatalog::delete_group(TeamId team, GroupId group) {
  return write(Durability::kFull, "catalog.delete_group", [&](SqliteSession& session) -> Result<bool> {
    session
        .query(
            "DELETE FROM group_members WHERE group_id IN (SELECT id FROM user_groups WHERE id = :id AND "
            "team_id = :team)")
        .with(group.to_string())
        .with(team.to_string())
        .run();
    const auto deleted = session.query("DELETE FROM user_groups WHERE id = :id AND team_id = :team")
                             .with(group.to_string())
                             .with(team.to_string())
                             .run();
    if (deleted == 0) return false;
    forget_subject(session, subject_of(group));
    raise_access_version(session);
    return true;
  });
}

Result<std::vector<UserId>> SqliteCatalog::list_members(GroupId group) {
  return read([&](SqliteSession& session) {
    std::vector<UserId> members;
    std::string id;
    auto query = session.query("SELECT user_id FROM group_members WHERE group_id = :group ORDER BY user_id");
    query.with(group.to_string()).into(id);
    while (query.next()) members.push_back(decode_id<UserId>(id));
    return members;
  });
}

Result<void> SqliteCatalog::add_member(TeamId team, GroupId group, UserId user) {
  return write(Durability::kFull, "catalog.add_member", [&](SqliteSession& session) -> Result<void> {
    int both = 0;
    session
        .query(
            "SELECT count(*) FROM user_groups g JOIN users u ON u.team_id = g.team_id WHERE g.id = :group "
            "AND "
            "u.id = :user AND g.team_id = :team")
        .with(group.to_string())
        .with(user.to_string())
        .with(team.to_string())
        .into(both)
        .next();
    if (both == 0) return not_found("There is no such group or no such user in your team.");
    session
        .query("INSERT INTO group_members (group_id, user_id) VALUES (:group, :user) ON CONFLICT DO NOTHING")
        .with(group.to_string())
        .with(user.to_string())
        .run();
    raise_access_version(session);
    return {};
  });
}

Result<bool> SqliteCatalog::remove_member(TeamId team, GroupId group, UserId user) {
  return write(Durability::kFull, "catalog.remove_member", [&](SqliteSession& session) -> Result<bool> {
    const auto removed =
        session
            .query(
                "DELETE FROM group_members WHERE user_id = :user AND group_id IN (SELECT id FROM user_groups "
                "WHERE id = :group AND team_id = :team)")
            .with(user.to_string())
            .with(group.to_string())
            .with(team.to_string())
            .run();
    if (removed > 0) raise_access_version(session);
    return removed > 0;
  });
}

}  // namespace adit
