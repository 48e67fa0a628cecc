// The audit log, as the catalog keeps it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/result.h"
#include "catalog/durability.h"
#include "model/audit.h"

namespace adit {

/// Entries are added and expire; nothing changes them. For calls, threads and errors see Catalog.
class AuditCatalog {
 public:
  virtual ~AuditCatalog() = default;

  static constexpr auto kFromTheLatest = std::numeric_limits<std::int64_t>::max();

  /// All or none.
  virtual Result<void> insert_audit(std::span<const AuditEntry> entries, Durability durability) = 0;
  /// Latest first: those with numbers below `before`.
  virtual Result<std::vector<AuditEntry>> list_audit(TeamId team, const AuditFilter& filter,
                                                     std::int64_t before, std::size_t limit) = 0;
  /// Removes entries that are older, at most `limit`; returns how many.
  virtual Result<std::uint64_t> forget_audit(Timestamp before, std::uint64_t limit) = 0;
};

}  // namespace adit
