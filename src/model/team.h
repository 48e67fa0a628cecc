// Teams, who is in them, and what they were granted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/execute_limits.h"
#include "model/ids.h"
#include "model/permission.h"

namespace adit {

struct Team {
  TeamId id;
  std::string name;
  std::string domain;  ///< the first label of the host name that clients use
  ExecuteLimits limits{};
};

struct User {
  UserId id;
  TeamId team;
  std::string name;
  std::string email;  ///< unique in the team whatever its case
  Role role{Role::kMember};
  bool active{true};
  Timestamp created{};
};

/// The other side of log-in; kept apart so that nothing that shows a user can show it.
struct Password {
  std::string hash;  ///< as libsodium writes argon2id; empty: there is none
  bool one_time{};   ///< good for choosing another one only
};

/// A caller that is nobody's person: an extractor, a script.
struct Application {
  ApplicationId id;
  TeamId team;
  std::string name;
  UserId creator;
  bool active{true};
  Timestamp created{};
};

/// Users who are granted things together.
struct Group {
  GroupId id;
  TeamId team;
  std::string name;
  Timestamp created{};
};

enum class SubjectKind { kUser, kApplication, kGroup };
std::string_view to_string(SubjectKind kind);  ///< USER, APPLICATION, GROUP
std::optional<SubjectKind> parse_subject_kind(std::string_view word);

/// Whom a permission is granted to, or whom a credential speaks for (then never a group).
struct Subject {
  SubjectKind kind = SubjectKind::kUser;
  Uuid id;

  auto operator<=>(const Subject&) const = default;
};
inline Subject subject_of(UserId user) { return {SubjectKind::kUser, user.uuid()}; }
inline Subject subject_of(ApplicationId application) {
  return {SubjectKind::kApplication, application.uuid()};
}
inline Subject subject_of(GroupId group) { return {SubjectKind::kGroup, group.uuid()}; }

struct Grant {
  TeamId team;
  Subject subject;
  std::optional<PoolId> pool;  ///< absent: in the team, which for the pools' permissions means all of them
  Permission permission = Permission::kViewDataPool;

  auto operator<=>(const Grant&) const = default;
};

/// What authorization asks of a user or an application: all that stands in the catalog about it.
struct SubjectAccess {
  TeamId team;
  std::string name;
  UserId user;  ///< the user, or who made the application
  Role role = Role::kMember;
  bool active = true;
  std::vector<Grant> grants{};  ///< a user's with those of their groups
};

}  // namespace adit

template <>
struct std::hash<adit::Subject> {
  std::size_t operator()(const adit::Subject& subject) const noexcept {
    return std::hash<adit::Uuid>{}(subject.id) + static_cast<std::size_t>(subject.kind);
  }
};
