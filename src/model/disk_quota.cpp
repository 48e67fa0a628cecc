#include "model/disk_quota.h"

#include <utility>

namespace adit {

std::string_view to_string(DiskQuotaKind kind) {
  switch (kind) {
    case DiskQuotaKind::kDefault:
      return "DEFAULT";
    case DiskQuotaKind::kNone:
      return "NONE";
    case DiskQuotaKind::kOwn:
      return "OWN";
  }
  std::unreachable();
}

std::optional<DiskQuotaKind> parse_disk_quota_kind(std::string_view word) {
  for (const auto kind : {DiskQuotaKind::kDefault, DiskQuotaKind::kNone, DiskQuotaKind::kOwn}) {
    if (to_string(kind) == word) return kind;
  }
  return std::nullopt;
}

std::uint64_t quota_bytes(const DiskQuota& quota, std::uint64_t default_bytes_max) {
  switch (quota.kind) {
    case DiskQuotaKind::kDefault:
      return default_bytes_max;
    case DiskQuotaKind::kNone:
      return 0;
    case DiskQuotaKind::kOwn:
      return quota.bytes_max;
  }
  std::unreachable();
}

Error over_quota(const DiskUse& use, std::uint64_t bytes_max, std::uint64_t reserved, std::uint64_t more) {
  const auto bytes = [](std::uint64_t number) { return std::to_string(number) + " bytes"; };
  auto message = "The data pool \"" + use.name + "\" has a disk quota of " + bytes(bytes_max) + " and uses " +
                 bytes(use.bytes()) + ": " + bytes(use.chunk_bytes) + " of chunks and " +
                 bytes(use.table_bytes.value_or(0)) + " of tables";
  if (reserved > 0) message += "; uploads under way have reserved " + bytes(reserved);
  message += more > 0 ? ". Another " + bytes(more) + " do not fit." : ". It is over its quota.";
  message +=
      " Truncate or drop tables, or delete push jobs that have not landed; chunks of landed jobs go by "
      "themselves when the time is over for which the server keeps them. An administrator of the team "
      "raises the quota by: adit pool quota " +
      use.pool.to_string() + " --max SIZE";
  return {ErrorKind::kStorageFull, std::move(message)};
}

}  // namespace adit
