#include "model/permission.h"

#include <algorithm>
#include <array>
#include <utility>

namespace adit {
namespace {

constexpr std::array kTeamPermissions{
    Permission::kUseAllDataModels,   Permission::kViewAllDataPools,   Permission::kEditAllDataPools,
    Permission::kCreateDataPool,     Permission::kManageAllDataPools, Permission::kViewAuditLog,
    Permission::kViewUsersAndGroups, Permission::kViewPermissions,    Permission::kViewMetrics};

constexpr std::array kPoolPermissions{Permission::kUseAllDataModels, Permission::kViewDataPool,
                                      Permission::kEditDataPool,     Permission::kManageDataPool,
                                      Permission::kDataPushApi,      Permission::kContinuousDataPushApi};

constexpr std::array kScopes{Scope::kDataPools,
                             Scope::kDataPush,
                             Scope::kRead,
                             Scope::kQuery,
                             Scope::kContinuousDataPush,
                             Scope::kAuditLogRead,
                             Scope::kUserGroupInfoRead,
                             Scope::kPermissionsRead,
                             Scope::kMetricsRead};

template <class Enum>
std::optional<Enum> find_word(std::span<const Enum> values, std::string_view word) {
  const auto found = std::ranges::find_if(values, [&](auto value) { return to_string(value) == word; });
  return found == values.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::string_view to_string(Permission permission) {
  switch (permission) {
    case Permission::kUseAllDataModels:
      return "USE_ALL_DATA_MODELS";
    case Permission::kViewAllDataPools:
      return "VIEW_ALL_DATA_POOLS";
    case Permission::kEditAllDataPools:
      return "EDIT_ALL_DATA_POOLS";
    case Permission::kCreateDataPool:
      return "CREATE_DATA_POOL";
    case Permission::kManageAllDataPools:
      return "MANAGE_ALL_DATA_POOLS";
    case Permission::kViewAuditLog:
      return "VIEW_AUDIT_LOG";
    case Permission::kViewUsersAndGroups:
      return "VIEW_USERS_AND_GROUPS";
    case Permission::kViewPermissions:
      return "VIEW_PERMISSIONS";
    case Permission::kViewMetrics:
      return "VIEW_METRICS";
    case Permission::kViewDataPool:
      return "VIEW_DATA_POOL";
    case Permission::kEditDataPool:
      return "EDIT_DATA_POOL";
    case Permission::kManageDataPool:
      return "MANAGE_DATA_POOL";
    case Permission::kDataPushApi:
      return "DATA_PUSH_API";
    case Permission::kContinuousDataPushApi:
      return "CONTINUOUS_DATA_PUSH_API";
  }
  std::unreachable();
}

std::optional<Permission> parse_permission(std::string_view word) {
  const auto found = find_word(team_permissions(), word);
  return found ? found : find_word(pool_permissions(), word);
}

std::span<const Permission> team_permissions() { return kTeamPermissions; }
std::span<const Permission> pool_permissions() { return kPoolPermissions; }

bool is_team_permission(Permission permission) {
  return std::ranges::find(kTeamPermissions, permission) != kTeamPermissions.end();
}

bool is_pool_permission(Permission permission) {
  return std::ranges::find(kPoolPermissions, permission) != kPoolPermissions.end();
}

std::string_view service_of(Permission permission) {
  constexpr PermissionSet kOfTheTeam{Permission::kViewAuditLog, Permission::kViewUsersAndGroups,
                                     Permission::kViewPermissions, Permission::kViewMetrics};
  return kOfTheTeam.has(permission) ? "team" : "event-collection";
}

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::kDataPools:
      return "integration.data-pools";
    case Scope::kDataPush:
      return "integration.data-pools:data_push";
    case Scope::kRead:
      return "integration.data-pools:read";
    case Scope::kQuery:
      return "integration.data-pools:query";
    case Scope::kContinuousDataPush:
      return "integration.data-pools:continuous_data_push";
    case Scope::kAuditLogRead:
      return "audit.log:read";
    case Scope::kUserGroupInfoRead:
      return "team.user-group-info:read";
    case Scope::kPermissionsRead:
      return "authorization.permissions:read";
    case Scope::kMetricsRead:
      return "metrics:read";
  }
  std::unreachable();
}

std::optional<Scope> parse_scope(std::string_view word) {
  if (word == "integration.data-pools:data-push" || word == "integration.data-pools:datapush") {
    return Scope::kDataPush;
  }
  return find_word(all_scopes(), word);
}

std::span<const Scope> all_scopes() { return kScopes; }

std::string scope_words(ScopeSet scopes) {
  std::string words;
  for (const auto scope : kScopes) {
    if (scopes.has(scope)) words += (words.empty() ? "" : " ") + std::string(to_string(scope));
  }
  return words;
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kMember:
      return "MEMBER";
    case Role::kAnalyst:
      return "ANALYST";
    case Role::kAdministrator:
      return "ADMIN";
  }
  std::unreachable();
}

std::optional<Role> parse_role(std::string_view word) {
  static constexpr std::array kRoles{Role::kMember, Role::kAnalyst, Role::kAdministrator};
  return find_word(std::span<const Role>(kRoles), word);
}

}  // namespace adit
