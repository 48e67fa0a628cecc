// Teams, users and keys, as the catalog keeps them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/key.h"
#include "model/team.h"

namespace adit {

/// So many of each a team may have; more are kConflict.
struct TeamBounds {
  static constexpr std::int64_t kUsersMax = 10'000;
  static constexpr std::int64_t kApplicationsMax = 10'000;
  static constexpr std::int64_t kGroupsMax = 1'000;
  static constexpr std::int64_t kGrantsMax = 100'000;
  static constexpr std::int64_t kKeysMax = 20'000;
};

/// Who there is; for calls, threads and errors see Catalog.
class TeamCatalog {
 public:
  virtual ~TeamCatalog() = default;

  // Teams.
  virtual Result<std::optional<Team>> find_team() = 0;  ///< the first team; nothing on an empty catalog
  virtual Result<std::optional<Team>> find_team(TeamId team) = 0;
  virtual Result<std::vector<Team>> list_teams() = 0;  ///< oldest first
  /// Creates team, administrator, their password and key in one transaction. kConflict: the domain is taken.
  virtual Result<void> found_team(const Team& team, const User& administrator, const Key& key,
                                  const Password& password = {}) = 0;
  /// False: there is no such team.
  virtual Result<bool> set_execute_limits(TeamId team, const ExecuteLimits& limits) = 0;
  /// The teams whose domain is this one, compared without case.
  virtual Result<std::vector<TeamId>> find_teams_by_domain(const std::string& domain) = 0;

  // Users.
  virtual Result<std::optional<User>> find_user(UserId user) = 0;
  virtual Result<std::optional<User>> find_user_by_email(TeamId team, const std::string& email) = 0;
  virtual Result<std::vector<User>> list_users(TeamId team) = 0;  ///< oldest first
  /// The first active one.
  virtual Result<std::optional<User>> find_administrator(TeamId team) = 0;
  /// kConflict: the email is taken.
  virtual Result<void> insert_user(const User& user, const Password& password) = 0;
  /// Writes name, email, role and whether the user is active. False: there is no such user. kConflict: the
  /// email is taken, or the team would have no active administrator.
  virtual Result<bool> update_user(const User& user) = 0;
  /// With their keys, grants and memberships. False: there was none. kConflict as above.
  virtual Result<bool> delete_user(TeamId team, UserId user) = 0;
  virtual Result<std::optional<Password>> find_password(UserId user) = 0;
  /// Ends the user's sessions in the browser and what they allowed OAuth clients. False: there is no such
  /// user.
  virtual Result<bool> set_password(TeamId team, UserId user, const Password& password) = 0;

  // Keys.
  virtual Result<void> insert_key(const Key& key) = 0;  ///< kConflict: the id is taken
  /// Enters a new application together with its first key.
  virtual Result<void> insert_key(const Key& key, const Application& application) = 0;
  virtual Result<std::optional<Key>> find_key(KeyId key) = 0;
  virtual Result<std::vector<Key>> list_keys(TeamId team) = 0;  ///< oldest first
  virtual Result<bool> delete_key(TeamId team, KeyId key) = 0;  ///< false: there was none
  /// Enters `next` and writes the end of `old` and by what it was replaced. kConflict: it has been replaced
  /// before; kNotFound: it is gone.
  virtual Result<void> replace_key(const Key& old, const Key& next) = 0;
  virtual Result<void> touch_key(KeyId key, Timestamp used) = 0;
};

}  // namespace adit
