// The names of what somebody may do: permissions, scopes, roles.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_set.h"

namespace adit {

/// What a user, a group or an application is granted, on a pool or in the team.
enum class Permission {
  kUseAllDataModels,  ///< kept and returned; adit has no data models, so it opens nothing
  // In the team.
  kViewAllDataPools,
  kEditAllDataPools,
  kCreateDataPool,
  kManageAllDataPools,
  kViewAuditLog,
  kViewUsersAndGroups,
  kViewPermissions,
  kViewMetrics,  ///< the whole server's: of use in its first team only
  // On a pool.
  kViewDataPool,
  kEditDataPool,
  kManageDataPool,
  kDataPushApi,
  kContinuousDataPushApi,  ///< kept and returned; adit has no continuous push, so it opens nothing
};
using PermissionSet = EnumSet<Permission>;

std::string_view to_string(Permission permission);
std::optional<Permission> parse_permission(std::string_view word);

/// Which of them can be granted, in the order in which they are listed.
std::span<const Permission> team_permissions();
std::span<const Permission> pool_permissions();
bool is_team_permission(Permission permission);
bool is_pool_permission(Permission permission);
/// The name of the service under which clients look for a permission: `event-collection`, or `team`.
std::string_view service_of(Permission permission);

/// Which APIs a credential opens. The permission is needed as well.
enum class Scope {
  kDataPools,
  kDataPush,
  kRead,
  kQuery,
  kContinuousDataPush,
  kAuditLogRead,
  kUserGroupInfoRead,
  kPermissionsRead,
  kMetricsRead,
};
using ScopeSet = EnumSet<Scope>;

std::string_view to_string(Scope scope);
/// Also the other spellings of `integration.data-pools:data_push`.
std::optional<Scope> parse_scope(std::string_view word);
std::span<const Scope> all_scopes();
/// Their names with a space between each (RFC 6749 §3.3).
std::string scope_words(ScopeSet scopes);

/// What somebody is in the team, whatever they are granted.
enum class Role {
  kMember,         ///< may what is granted
  kAnalyst,        ///< the same; a word that clients know
  kAdministrator,  ///< may everything in the team
};
std::string_view to_string(Role role);  ///< MEMBER, ANALYST, ADMIN
std::optional<Role> parse_role(std::string_view word);

}  // namespace adit
