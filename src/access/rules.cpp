#include "access/rules.h"

#include <array>
#include <cstddef>

namespace adit {
namespace {

using P = Permission;
using S = Scope;

constexpr ScopeSet kToRead{S::kDataPools, S::kRead, S::kQuery};

constexpr std::array kRules{
    Rule{Needs::kNothing, "nothing", "what is open to everybody", RuleLevel::kOpen, {}, {}, {}},
    Rule{Needs::kCredentials, "credentials", "to learn who one is", RuleLevel::kCaller, {}, {}, {}},
    Rule{Needs::kListPools,
         "listPools",
         "to list the data pools that one may view",
         RuleLevel::kCaller,
         kToRead,
         {},
         {}},
    Rule{Needs::kPushData,
         "pushData",
         "to push into a data pool",
         RuleLevel::kPool,
         {S::kDataPools, S::kDataPush},
         {P::kDataPushApi, P::kManageDataPool},
         {P::kManageAllDataPools}},
    Rule{Needs::kViewPool,
         "viewPool",
         "to read a data pool's tables and settings",
         RuleLevel::kPool,
         kToRead,
         {P::kViewDataPool, P::kEditDataPool, P::kManageDataPool},
         {P::kViewAllDataPools, P::kEditAllDataPools, P::kManageAllDataPools}},
    Rule{Needs::kQueryPool,
         "queryPool",
         "to query a data pool by SQL",
         RuleLevel::kPool,
         {S::kDataPools, S::kQuery},
         {P::kViewDataPool, P::kEditDataPool, P::kManageDataPool},
         {P::kViewAllDataPools, P::kEditAllDataPools, P::kManageAllDataPools}},
    Rule{Needs::kEditPool,
         "editPool",
         "to change a data pool's settings and connections, and its data by a job's SQL",
         RuleLevel::kPool,
         {S::kDataPools},
         {P::kEditDataPool, P::kManageDataPool},
         {P::kEditAllDataPools, P::kManageAllDataPools}},
    Rule{Needs::kChangeTables,
         "changeTables",
         "to drop and empty tables and to delete their rows",
         RuleLevel::kPool,
         {S::kDataPools},
         {P::kEditDataPool, P::kManageDataPool},
         {P::kEditAllDataPools, P::kManageAllDataPools}},
    Rule{Needs::kManagePool,
         "managePool",
         "to delete a data pool and to say who may do what in it",
         RuleLevel::kPool,
         {S::kDataPools},
         {P::kManageDataPool},
         {P::kManageAllDataPools}},
    Rule{Needs::kCreatePool,
         "createPool",
         "to create data pools",
         RuleLevel::kTeam,
         {S::kDataPools},
         {},
         {P::kCreateDataPool}},
    Rule{Needs::kOwnAccount,
         "ownAccount",
         "a user to have keys and to change their name and password",
         RuleLevel::kTeam,
         {},
         {},
         {},
         RuleCallers::kUsers},
    Rule{Needs::kViewMembers,
         "viewMembers",
         "to list users, groups and applications",
         RuleLevel::kTeam,
         {S::kUserGroupInfoRead},
         {},
         {P::kViewUsersAndGroups}},
    Rule{Needs::kViewGrants,
         "viewGrants",
         "to list what everybody was granted",
         RuleLevel::kTeam,
         {S::kPermissionsRead},
         {},
         {P::kViewPermissions}},
    Rule{Needs::kViewAuditLog,
         "viewAuditLog",
         "to read the audit log",
         RuleLevel::kTeam,
         {S::kAuditLogRead},
         {},
         {P::kViewAuditLog}},
    Rule{Needs::kViewMetrics,
         "viewMetrics",
         "to read the server's metrics",
         RuleLevel::kTeam,
         {S::kMetricsRead},
         {},
         {P::kViewMetrics}},
    Rule{Needs::kAdministerTeam,
         "administerTeam",
         "to administer the team: users, groups, applications, their keys and grants, and limits",
         RuleLevel::kTeam,
         {},
         {},
         {}},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    if (static_cast<std::size_t>(kRules[i].needs) != i) return false;
  }
  return true;
}
static_assert(in_order(), "rule_of() looks a need up by its place");
static_assert(kRules.size() == static_cast<std::size_t>(Needs::kAdministerTeam) + 1);

}  // namespace

std::span<const Rule> access_rules() { return kRules; }
const Rule& rule_of(Needs needs) { return kRules[static_cast<std::size_t>(needs)]; }

PermissionSet on_each_pool(PermissionSet in_team) {
  PermissionSet each;
  if (in_team.has(P::kUseAllDataModels)) each.add(P::kUseAllDataModels);
  if (in_team.has(P::kViewAllDataPools)) each.add(P::kViewDataPool);
  if (in_team.has(P::kEditAllDataPools)) each.add(P::kEditDataPool);
  if (in_team.has(P::kManageAllDataPools)) each.add(P::kManageDataPool);
  return each;
}

PermissionSet with_implied(PermissionSet on_pool) {
  if (on_pool.has(P::kManageDataPool)) on_pool |= {P::kEditDataPool, P::kDataPushApi};
  if (on_pool.has(P::kEditDataPool)) on_pool.add(P::kViewDataPool);
  return on_pool;
}

}  // namespace adit
