// Requests that carry an Idempotency-Key, as the catalog keeps them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "model/idempotency.h"

namespace adit {

/// How long what is known of an Idempotency-Key counts.
struct RequestTimes {
  std::chrono::milliseconds remembered{std::chrono::hours{24}};
  /// After this time a request that has no outcome is taken for dead.
  std::chrono::milliseconds under_way_max{std::chrono::hours{1}};
};

/// Requests with an Idempotency-Key. Where a call takes a `completion`, its transaction also writes the
/// answer down; kConflict, and no effect, if the claim was lost meanwhile. For calls, threads and errors see
/// Catalog.
class RequestCatalog {
 public:
  virtual ~RequestCatalog() = default;

  /// Claims a key, or returns the answer that it stands for. kConflict if another request of that key is
  /// under way. Relaxed durability: what matters is the completion.
  virtual Result<std::optional<RememberedAnswer>> claim_request(const RequestClaim& claim,
                                                                const RequestTimes& times) = 0;
  /// Gives a claim back whose request failed. One that is completed stays.
  virtual Result<void> release_request(const RequestClaim& claim) = 0;
  /// Gives back what a dead process left. For recovery.
  virtual Result<void> release_all_requests() = 0;
  /// Forgets keys claimed before that time; returns how many.
  virtual Result<std::uint64_t> forget_requests(Timestamp before) = 0;
};

}  // namespace adit
