// access/ says who is calling and whether they may. It knows keys and principals; it knows no HTTP beyond the
// text of the Authorization header, and no tables.
#pragma once

#include "model/ids.h"
#include "model/key.h"

namespace adit {

/// Who a request speaks for, as its key says.
struct Principal {
  TeamId team;
  UserId user;  ///< the owner of a user key, or who made the application
  KeyId key;
  KeyKind kind = KeyKind::kUser;
};

/// What a route asks of its caller. Every route of the table in api/ names one of these.
enum class Needs {
  kNothing,       ///< open to everyone
  kCredentials,   ///< any key that holds
  kPushData,      ///< to push into the pool
  kViewPool,      ///< to read a pool's tables, and to query them
  kEditPool,      ///< to change a pool and its data other than by a push
  kChangeTables,  ///< to drop or empty a table, and to delete rows of it
  kManagePool,    ///< to delete a pool
  kCreatePool,
  kManageKeys,
};

/// Every holder of a valid key is an administrator of the team, so any need but an unknown caller is met.
bool may(const Principal& principal, Needs needs);

}  // namespace adit
