// How much disk a data pool may use, and what it uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/ids.h"

namespace adit {

/// Whose bound holds for a pool.
enum class DiskQuotaKind {
  kDefault,  ///< the server's setting, which may be none
  kNone,
  kOwn,
};
std::string_view to_string(DiskQuotaKind kind);
std::optional<DiskQuotaKind> parse_disk_quota_kind(std::string_view word);

/// A setting of a pool.
struct DiskQuota {
  static constexpr std::uint64_t kBytesMax = 1ULL << 53;  ///< what every client can hold

  DiskQuotaKind kind = DiskQuotaKind::kDefault;
  std::uint64_t bytes_max = 0;  ///< of kOwn: 1 to kBytesMax

  bool operator==(const DiskQuota&) const = default;
};

/// The bytes that a pool may use, where the server's setting is `default_bytes_max`; 0 is no bound, in both.
std::uint64_t quota_bytes(const DiskQuota& quota, std::uint64_t default_bytes_max);

/// What a pool uses, as the catalog knows it.
struct DiskUse {
  PoolId pool{};
  std::string name{};  ///< of the pool
  DiskQuota quota{};
  std::uint64_t chunk_bytes = 0;  ///< of all chunk files that are kept; exact
  std::optional<std::uint64_t>
      table_bytes;                 ///< of the engine's files at the last look; none: nobody has looked
  std::int64_t table_changes = 0;  ///< rises with whatever may have changed table_bytes
  bool changed_since = false;      ///< since the last look

  std::uint64_t bytes() const { return chunk_bytes + table_bytes.value_or(0); }
};

/// kStorageFull for `more` bytes that do not fit beside what is used and what uploads under way have
/// reserved; 0: the pool is over its quota as it is. Says how to mend it.
Error over_quota(const DiskUse& use, std::uint64_t bytes_max, std::uint64_t reserved, std::uint64_t more);

}  // namespace adit
