// Holders: what users and applications may do, remembered.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "access/change_watch.h"
#include "base/guarded.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "model/team.h"

namespace adit {

/// A user or an application with all that was granted to it, itself and by its groups. Immutable.
struct Holder {
  explicit Holder(const SubjectAccess& access);

  /// What was granted on one pool; what holds for all pools stands in `in_team`.
  PermissionSet on_pool(PoolId pool) const {
    const auto found = pools.find(pool);
    return found == pools.end() ? PermissionSet() : found->second;
  }

  TeamId team;
  std::string name;
  UserId user;  ///< the user, or who made the application
  Role role = Role::kMember;
  bool active = true;
  PermissionSet in_team;
  std::unordered_map<PoolId, PermissionSet> pools;
};

/// Thread-safe. Right up to what ChangeWatch has noticed.
class Holders {
 public:
  Holders(Catalog& catalog, ChangeWatch& watch) : catalog_(catalog), watch_(watch) {}

  /// Null: there is no such user or application.
  Result<std::shared_ptr<const Holder>> find(const Subject& subject);

 private:
  struct Remembered {
    std::shared_ptr<const Holder> holder;
    std::uint64_t version = 0;
  };

  Catalog& catalog_;
  ChangeWatch& watch_;
  Guarded<std::unordered_map<Subject, Remembered>> remembered_;
};

}  // namespace adit
