// The routes of adit, made of services.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <semaphore>
#include <stop_token>
#include <vector>

#include "access/keys.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "http/message.h"
#include "push/pool_removal.h"
#include "push/push_service.h"
#include "push/table_changes.h"
#include "warehouse/warehouse.h"

namespace adit {

struct ApiLimits {
  std::uint64_t query_rows_max = 1'000'000;
  std::chrono::milliseconds query_timeout_max{600'000};
  std::ptrdiff_t queries_max = 4;  ///< running side by side; more are 503
  bool metrics_public = false;     ///< whether GET /metrics needs no key
};

/// What the handlers call. Everything outlives the server.
struct Services {
  Catalog& catalog;
  Authenticator& authenticator;
  PushService& push;
  PoolRemoval& removal;
  TableChanges& changes;
  Warehouse& warehouse;
  const Clock& clock;
  Metrics& metrics;
  ApiLimits limits;
  std::stop_token stop;  ///< requested when the server shuts down: running queries end
};

/// Every route of the server: method, pattern, how the body is taken, and what the caller needs, from one
/// table.
std::vector<http::Route> make_routes(const Services& services);

}  // namespace adit
