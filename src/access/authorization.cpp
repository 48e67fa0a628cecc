#include "access/authorization.h"

#include <algorithm>
#include <span>
#include <string>

namespace adit {
namespace {

Error forbidden(std::string message) { return {ErrorKind::kForbidden, std::move(message)}; }

template <class Enum>
std::string listed(std::span<const Enum> all, EnumSet<Enum> set) {
  std::string words;
  for (const auto member : all) {
    if (set.has(member)) words += (words.empty() ? "" : ", ") + std::string(to_string(member));
  }
  return words;
}

Result<void> check_scopes(const Principal& principal, const Rule& rule) {
  if (!principal.limits || !principal.limits->scopes) return {};
  const bool anybody = rule.level == RuleLevel::kCaller && rule.scopes.empty();
  if (anybody || principal.limits->scopes->meets(rule.scopes)) return {};
  if (rule.scopes.empty()) {
    return forbidden("The credential is restricted to scopes, and none of them opens this.");
  }
  return forbidden("The credential is restricted to scopes that do not open this. It needs one of: " +
                   listed(all_scopes(), rule.scopes) + ".");
}

bool reaches(const Principal& principal, PoolId pool) {
  if (!principal.limits || !principal.limits->pools) return true;
  return std::ranges::find(*principal.limits->pools, pool) != principal.limits->pools->end();
}

Error not_granted(const Rule& rule) {
  std::string names;
  if (!rule.on_pool.empty()) names = listed(pool_permissions(), rule.on_pool) + " on the data pool";
  if (!rule.in_team.empty()) {
    names += (names.empty() ? "" : ", or ") + listed(team_permissions(), rule.in_team) + " in the team";
  }
  if (names.empty()) return forbidden("Only an administrator of the team is permitted to do this.");
  return forbidden("This needs one of these permissions: " + names + ".");
}

/// Which of the permissions a credential with these scopes can make use of.
PermissionSet opened_by(ScopeSet scopes) {
  PermissionSet open;
  const ScopeSet to_view{Scope::kDataPools, Scope::kRead, Scope::kQuery};
  if (scopes.has(Scope::kDataPools)) {
    open |=
        {Permission::kUseAllDataModels, Permission::kViewAllDataPools,   Permission::kEditAllDataPools,
         Permission::kCreateDataPool,   Permission::kManageAllDataPools, Permission::kEditDataPool,
         Permission::kManageDataPool,   Permission::kDataPushApi,        Permission::kContinuousDataPushApi};
  }
  if (scopes.meets(to_view)) open |= {Permission::kViewDataPool, Permission::kViewAllDataPools};
  if (scopes.has(Scope::kDataPush)) open.add(Permission::kDataPushApi);
  if (scopes.has(Scope::kContinuousDataPush)) open.add(Permission::kContinuousDataPushApi);
  if (scopes.has(Scope::kAuditLogRead)) open.add(Permission::kViewAuditLog);
  if (scopes.has(Scope::kUserGroupInfoRead)) open.add(Permission::kViewUsersAndGroups);
  if (scopes.has(Scope::kPermissionsRead)) open.add(Permission::kViewPermissions);
  if (scopes.has(Scope::kMetricsRead)) open.add(Permission::kViewMetrics);
  return open;
}

PermissionSet cut(PermissionSet permissions, const Principal& principal) {
  if (!principal.limits || !principal.limits->scopes) return permissions;
  return permissions & opened_by(*principal.limits->scopes);
}

PermissionSet all_of(std::span<const Permission> permissions) {
  PermissionSet set;
  for (const auto permission : permissions) set.add(permission);
  return set;
}

}  // namespace

bool is_administrator(const Principal& principal) {
  return !principal.is_application() && principal.holder->role == Role::kAdministrator;
}

Result<void> authorize(const Principal& principal, Needs needs) {
  const auto& rule = rule_of(needs);
  if (rule.level == RuleLevel::kOpen) return {};
  ADIT_CHECK(check_scopes(principal, rule));
  if (rule.level == RuleLevel::kCaller) return {};
  if (rule.level == RuleLevel::kPool) return internal("a need of a pool was asked without one");
  if (principal.limits && principal.limits->pools) {
    return forbidden("The key is restricted to data pools, and this is not about one of them.");
  }
  if (rule.callers == RuleCallers::kUsers) {
    if (!principal.is_application()) return {};
    return forbidden("Only a user is permitted to do this, with a user's key.");
  }
  if (is_administrator(principal) || principal.holder->in_team.meets(rule.in_team)) return {};
  return not_granted(rule);
}

Result<void> authorize(const Principal& principal, Needs needs, PoolId pool) {
  const auto& rule = rule_of(needs);
  if (rule.level != RuleLevel::kPool) return authorize(principal, needs);
  ADIT_CHECK(check_scopes(principal, rule));
  if (!reaches(principal, pool)) return forbidden("The key is restricted to other data pools.");
  if (is_administrator(principal) || principal.holder->in_team.meets(rule.in_team) ||
      principal.holder->on_pool(pool).meets(rule.on_pool)) {
    return {};
  }
  return not_granted(rule);
}

bool lacks_scope(const Principal& principal, Needs needs) {
  return !check_scopes(principal, rule_of(needs)).ok();
}

bool may_on_every_pool(const Principal& principal, Needs needs) {
  const auto& rule = rule_of(needs);
  const bool reaches_all = !principal.limits || !principal.limits->pools;
  return reaches_all && check_scopes(principal, rule) &&
         (is_administrator(principal) || principal.holder->in_team.meets(rule.in_team));
}

PermissionSet permissions_on(const Principal& principal, PoolId pool) {
  if (!reaches(principal, pool)) return {};
  if (is_administrator(principal)) return cut(all_of(pool_permissions()), principal);
  const auto& holder = *principal.holder;
  return cut(with_implied(holder.on_pool(pool) | on_each_pool(holder.in_team)), principal);
}

PermissionSet permissions_in_team(const Principal& principal) {
  if (principal.limits && principal.limits->pools) return {};
  if (is_administrator(principal)) return cut(all_of(team_permissions()), principal);
  return cut(principal.holder->in_team, principal);
}

}  // namespace adit
