// Applications, groups and grants, as the catalog keeps them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/team.h"

namespace adit {

/// Who may do what; for calls, threads and errors see Catalog.
class AccessCatalog {
 public:
  virtual ~AccessCatalog() = default;

  /// Rises with every change of a team, a user, an application, a group, a grant or a key that takes
  /// something away or gives it. What was read before is right as long as it is the same.
  virtual Result<std::uint64_t> access_version() = 0;
  /// All that decides what a user or an application may do. Nothing: there is none of that id.
  virtual Result<std::optional<SubjectAccess>> find_access(const Subject& subject) = 0;

  // Applications.
  virtual Result<void> insert_application(const Application& application) = 0;
  virtual Result<std::optional<Application>> find_application(TeamId team, ApplicationId application) = 0;
  virtual Result<std::vector<Application>> list_applications(TeamId team) = 0;  ///< oldest first
  /// Writes name and whether it is active. False: there is no such application.
  virtual Result<bool> update_application(const Application& application) = 0;
  /// With its keys and grants. False: there was none.
  virtual Result<bool> delete_application(TeamId team, ApplicationId application) = 0;

  // Groups.
  /// kConflict: the name, whatever its case, is taken.
  virtual Result<void> insert_group(const Group& group) = 0;
  virtual Result<std::optional<Group>> find_group(TeamId team, GroupId group) = 0;
  virtual Result<std::vector<Group>> list_groups(TeamId team) = 0;  ///< oldest first
  virtual Result<bool> rename_group(const Group& group) = 0;
  virtual Result<bool> delete_group(TeamId team, GroupId group) = 0;
  virtual Result<std::vector<UserId>> list_members(GroupId group) = 0;
  /// Who is in it already stays. kNotFound: group or user are not the team's.
  virtual Result<void> add_member(TeamId team, GroupId group, UserId user) = 0;
  virtual Result<bool> remove_member(TeamId team, GroupId group, UserId user) = 0;

  // Grants.
  /// What was granted already stays. kNotFound: subject or pool are not the team's.
  virtual Result<void> insert_grant(const Grant& grant) = 0;
  virtual Result<bool> delete_grant(const Grant& grant) = 0;
  /// Those on one pool, or in the team and on all of its pools; by subject.
  virtual Result<std::vector<Grant>> list_grants(TeamId team, std::optional<PoolId> pool) = 0;
};

}  // namespace adit
