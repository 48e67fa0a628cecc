// The routes of adit, made of services.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <semaphore>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "access/audit_log.h"
#include "access/authenticator.h"
#include "access/failed_attempts.h"
#include "access/logins.h"
#include "access/passwords.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "http/message.h"
#include "push/disk_quotas.h"
#include "push/event_feed.h"
#include "push/pool_removal.h"
#include "push/push_service.h"
#include "push/table_changes.h"
#include "warehouse/warehouse.h"

namespace adit {

class BackupService;

struct ApiLimits {
  std::uint64_t query_rows_max = 1'000'000;
  std::chrono::milliseconds query_timeout_max{600'000};
  std::ptrdiff_t queries_max = 4;                       ///< running side by side; more are 503
  bool metrics_public = false;                          ///< whether GET /metrics needs no key
  std::chrono::milliseconds event_silence_max{15'000};  ///< then a stream of events sends a comment
};

/// What the handlers of users, keys and permissions call. Everything outlives them.
struct AccessServices {
  Catalog& catalog;
  Authenticator& authenticator;
  Passwords& passwords;
  const Clock& clock;
  FailedAttempts* attempts = nullptr;  ///< null: nobody is slowed, as there is no network
  Logins* logins = nullptr;            ///< null on the command line, which has no pages
  std::string_view public_url{};       ///< see Services
};

/// What the handlers call. Everything outlives the server.
struct Services {
  Catalog& catalog;
  Authenticator& authenticator;
  Passwords& passwords;
  Logins& logins;
  FailedAttempts& attempts;
  AuditLog& audit;
  PushService& push;
  DiskQuotas& quotas;
  PoolRemoval& removal;
  TableChanges& changes;
  EventFeed& events;
  BackupService& backups;
  Warehouse& warehouse;
  const Clock& clock;
  Metrics& metrics;
  ApiLimits limits;
  std::string public_url;  ///< what links begin with: `https://adit.example`; empty: they are paths
  std::stop_token stop;    ///< requested when the server shuts down: running queries end

  AccessServices access() const {
    return {catalog, authenticator, passwords, clock, &attempts, &logins, public_url};
  }
};

/// Every route of the server: method, pattern, how the body is taken, and what the caller needs, from one
/// table. kInternal if the routes and their descriptions for the OpenAPI document do not fit together.
Result<std::vector<http::Route>> make_routes(const Services& services);

}  // namespace adit
