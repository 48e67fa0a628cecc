// Whether a principal may.
#pragma once

#include "access/principal.h"
#include "access/rules.h"
#include "base/result.h"
#include "model/permission.h"

namespace adit {

/// Holds a principal against the rule of a need that is about no pool. kForbidden says what is missing. A
/// need that is about a pool is refused: nobody was asked which.
Result<void> authorize(const Principal& principal, Needs needs);
/// The same for a need that may be about a pool, which must be one of the principal's team.
Result<void> authorize(const Principal& principal, Needs needs, PoolId pool);

/// Whether the scopes of the principal's credential do not open a need, whatever was granted.
bool lacks_scope(const Principal& principal, Needs needs);

/// Whether a need that is about a pool is met on each pool of the team, those to come among them.
bool may_on_every_pool(const Principal& principal, Needs needs);

/// What the principal may do on a pool of its team, in the names of the pools' permissions, with what they
/// imply and without what its credential does not open.
PermissionSet permissions_on(const Principal& principal, PoolId pool);
/// The same in the team.
PermissionSet permissions_in_team(const Principal& principal);

bool is_administrator(const Principal& principal);

}  // namespace adit
