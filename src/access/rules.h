// The table of rules: what each need asks of a caller. Admission, OpenAPI and the documentation are made of
// it.
#pragma once

#include <span>
#include <string_view>

#include "model/permission.h"

namespace adit {

/// What a route asks of its caller. Every route of the table in api/ names one of these.
enum class Needs {
  kNothing,
  kCredentials,
  kListPools,
  kPushData,
  kViewPool,
  kQueryPool,
  kEditPool,
  kChangeTables,
  kManagePool,
  kCreatePool,
  kOwnAccount,
  kViewMembers,
  kViewGrants,
  kViewAuditLog,
  kViewMetrics,
  kAdministerTeam,
};

/// What a need is about.
enum class RuleLevel {
  kOpen,    ///< nobody is asked who they are
  kCaller,  ///< any credential that holds
  kTeam,    ///< the team; a key that is restricted to pools never meets it
  kPool,    ///< the pool that the path names
};

enum class RuleCallers { kAll, kUsers };

/// One line. Met by an administrator of the team, by who has one of `on_pool` on the pool or one of `in_team`
/// in the team; at kCaller by everybody. A credential that is restricted to scopes must have one of `scopes`
/// besides: none listed at kTeam or kPool means that no restricted credential will do.
struct Rule {
  Needs needs;
  std::string_view name;  ///< for documents: `pushData`
  std::string_view what;  ///< continues "permits"
  RuleLevel level;
  ScopeSet scopes;
  PermissionSet on_pool;
  PermissionSet in_team;
  RuleCallers callers = RuleCallers::kAll;
};

/// In the order of the enum.
std::span<const Rule> access_rules();
const Rule& rule_of(Needs needs);

/// What a permission brings with it on a pool: to manage is to edit and to push, to edit is to view. A
/// team's permission is taken as what it is on each pool.
PermissionSet on_each_pool(PermissionSet in_team);
PermissionSet with_implied(PermissionSet on_pool);

}  // namespace adit
