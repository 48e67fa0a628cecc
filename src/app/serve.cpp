#include "app/serve.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include "access/authenticator.h"
#include "api/api.h"
#include "api/errors.h"
#include "api/event_text.h"
#include "app/certificate_keeper.h"
#include "app/data_folder.h"
#include "app/descriptors.h"
#include "backup/backup_service.h"
#include "base/log.h"
#include "catalog/catalog_log.h"
#include "http/server.h"
#include "push/housekeeper.h"
#include "push/push_service.h"
#include "push/recovery.h"
#include "warehouse/damage_watch.h"

namespace adit {
namespace {

/// How often somebody looks after the certificate.
constexpr std::chrono::hours kLookInterval{1};

/// SIGTERM, SIGINT and SIGHUP wait until somebody asks for them. Made before any thread, which all inherit
/// the mask.
class Signals {
 public:
  Signals() {
    sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals_, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  /// Nothing when `timeout` has passed.
  std::optional<int> wait(std::chrono::seconds timeout) const {
    const timespec time{timeout.count(), 0};
    const int received = ::sigtimedwait(&signals_, nullptr, &time);
    return received > 0 ? std::optional(received) : std::nullopt;
  }

 private:
  sigset_t signals_;
};

/// A pool that is alone has half of them: for its large chunks, and one for small chunks beside these.
std::size_t stage_places(const ServeOptions& options) { return 2 * (options.stages_max + 1); }

WarehouseOptions warehouse_options(const ServeOptions& options, const DataFolder& folder) {
  WarehouseOptions warehouse;
  warehouse.root = folder.pools();
  warehouse.chunks_root = folder.chunks();
  warehouse.memory_bytes_max = options.memory_bytes_max;
  warehouse.pools_open_max = options.pools_open_max;
  warehouse.threads_per_pool = options.engine_threads;
  warehouse.held_chunk_bytes_max = options.held_chunk_bytes_max;
  warehouse.checkpoint_interval = options.checkpoint_interval;
  warehouse.stages_max = stage_places(options);
  return warehouse;
}

Result<std::unique_ptr<Warehouse>> open_engines(const ServeOptions& options, const DataFolder& folder,
                                                Catalog& catalog, LandingBook book, const Clock& clock,
                                                Metrics& metrics) {
  auto warehouse = warehouse_options(options, folder);
  warehouse.may_open = [&catalog](PoolId pool) { return pool_may_open(catalog, pool); };
  if (options.engine_in_process)
    return open_duckdb_warehouse(std::move(warehouse), std::move(book), clock, metrics);
  HostOptions hosts;
  hosts.chunk_folder = [chunks = folder.chunks()](PoolId pool) { return local_chunk_folder(chunks, pool); };
  if (const char* failpoint = std::getenv("ADIT_ENGINE_FAILPOINT"))
    hosts.failpoint = [failpoint = std::string(failpoint)](PoolId) { return failpoint; };
  return open_hosted_warehouse(std::move(warehouse), std::move(hosts), std::move(book), clock, metrics);
}

Result<std::unique_ptr<Warehouse>> open_warehouse(const ServeOptions& options, const DataFolder& folder,
                                                  Catalog& catalog, LandingBook book, const Clock& clock,
                                                  Metrics& metrics) {
  ADIT_TRY(auto engines, open_engines(options, folder, catalog, std::move(book), clock, metrics));
  return watch_for_damage(std::move(engines), metrics);
}

/// Connections for which there are no descriptors would fail where it hurts more: at files.
std::size_t connections_max(const ServeOptions& options) {
  const auto descriptors = raise_descriptors_max();
  const auto possible = connections_for(descriptors, options.pools_open_max);
  if (possible >= options.connections_max) return options.connections_max;
  log::warning(
      "fewer connections than --connections-max: the system gives too few descriptors (ulimit -n, "
      "LimitNOFILE)",
      {{"connections", possible}, {"wanted", options.connections_max}, {"descriptors", descriptors}});
  return possible;
}

/// With the certificate to start with, where there is HTTPS.
Result<http::ServerOptions> server_options(const ServeOptions& options, CertificateKeeper& certificates) {
  http::ServerOptions server;
  server.listen = options.listen;
  server.tls_listen = options.tls_listen;
  server.io_threads = options.io_threads;
  server.workers = options.workers;
  server.drain_timeout = options.drain_timeout;
  server.cors_origins = options.cors_origins;
  server.trusted_proxies = options.trusted_proxies;
  server.hsts_age = options.hsts_age;
  server.limits.streamed_body_bytes_max = options.request_bytes_max;
  server.limits.connections_max = connections_max(options);
  server.limits.body_memory_bytes_max = options.body_memory_bytes_max;
  server.limits.head_timeout = options.head_timeout;
  server.limits.idle_timeout = options.idle_timeout;
  server.limits.read_timeout = options.read_timeout;
  server.limits.write_timeout = options.write_timeout;
  server.limits.body_bytes_per_second_min = options.body_bytes_per_second_min;
  if (options.tls_listen) {
    ADIT_TRY(server.certificate, certificates.begin());
  }
  return server;
}

StageQueueOptions stage_options(const ServeOptions& options) {
  StageQueueOptions stages;
  stages.big_stages_max = options.stages_max;
  stages.small_stages_max = stage_places(options) - options.stages_max;
  return stages;
}

LandQueueOptions land_options(const ServeOptions& options) {
  LandQueueOptions landings;
  landings.landings_max = options.landings_max;
  // Each of those who wait keeps one of the threads that all requests share.
  landings.waits_max = std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(options.workers / 4), 1);
  return landings;
}

ApiLimits api_limits(const ServeOptions& options) {
  ApiLimits limits;
  limits.query_rows_max = options.query_rows_max;
  limits.query_timeout_max = options.query_timeout_max;
  limits.queries_max = static_cast<std::ptrdiff_t>(options.queries_max);
  limits.metrics_public = options.metrics_public;
  limits.event_silence_max = options.event_heartbeat;
  return limits;
}

void log_first_start(const DataFolder& folder) {
  log::info("administrator key written", {{"file", folder.admin_key().string()}});
  log::info("administrator's one-time password written", {{"file", folder.admin_password().string()}});
}

/// The catalog, with a team in it.
Result<std::unique_ptr<Catalog>> open_catalog(const ServeOptions& options, const DataFolder& folder,
                                              const Clock& clock) {
  ADIT_TRY(auto catalog, open_sqlite_catalog(folder.catalog()));
  ADIT_TRY(const bool first_start,
           found_installation(folder, *catalog, clock, {.unlimited = !options.execute_limits}));
  if (first_start) log_first_start(folder);
  return catalog;
}

HousekeeperOptions housekeeper_options(const ServeOptions& options) {
  HousekeeperOptions housekeeper;
  housekeeper.chunk_retention = options.chunk_retention;
  housekeeper.expiry_interval = options.expiry_interval;
  housekeeper.audit_retention = options.audit_retention;
  housekeeper.abandoned_job_retention = options.abandoned_job_retention;
  housekeeper.history_retention = options.history_retention;
  housekeeper.event_retention = options.event_retention;
  housekeeper.events_kept_max = static_cast<std::int64_t>(options.events_kept_max);
  return housekeeper;
}

PushLimits push_limits(const ServeOptions& options) {
  PushLimits limits;
  limits.upload.chunk_bytes_max = options.chunk_bytes_max;
  limits.upload.default_quota_bytes = options.pool_disk_bytes_max;
  limits.stages_waiting_max = options.stages_waiting_max;
  limits.jobs_queued_max = options.jobs_queued_max;
  return limits;
}

EventFeedOptions event_options(const ServeOptions& options) {
  EventFeedOptions events;
  events.listeners_max = options.event_streams_max;
  events.listeners_per_pool_max = options.event_streams_per_pool_max;
  return events;
}

CertificateSource certificate_source(const ServeOptions& options, const DataFolder& folder) {
  if (options.tls_certificate.empty()) return {folder.tls(), false, options.tls_names};
  return {{options.tls_certificate, options.tls_key}, true};
}

/// How a running server keeps still while it is copied.
BackupSource backup_source(const DataFolder& folder, Housekeeper& housekeeper, Warehouse& warehouse,
                           ChunkStore& store, Catalog& catalog) {
  return {.layout = folder.layout(),
          .hold_expiry = [&] { return housekeeper.hold_expiry(); },
          .hold_files = [&](PoolId pool) { return warehouse.hold_files(pool); },
          .pause_removals = [&] { return store.pause_removals(); },
          .is_deleted =
              [&](PoolId pool) {
                const auto deleted = catalog.list_deleted_pools();
                return deleted && std::ranges::find(*deleted, pool) != deleted->end();
              }};
}

std::optional<std::filesystem::path> backup_folder(const ServeOptions& options) {
  if (options.backup_folder.empty()) return std::nullopt;
  return std::filesystem::absolute(options.backup_folder);
}

/// Returns the signal that asks the server to end.
int look_after(http::Server& server, CertificateKeeper& certificates, bool tls, const Signals& signals) {
  for (;;) {
    const auto received = signals.wait(kLookInterval);
    if (received && *received != SIGHUP) return *received;
    if (!tls && received) log::info("nothing to read again", {{"why", "HTTPS is off"}});
    if (!tls) continue;
    if (received) {
      certificates.reload(server);
    } else {
      certificates.look(server);
    }
  }
}

Result<void> begin_serving(http::Server& server, const DataFolder& folder, const ServeOptions& options) {
  ADIT_CHECK(server.start());
  ADIT_CHECK(write_listen_file(folder, server.address(), server.tls_address()));
  log::info("serving", {{"http", server.address()},
                        {"https", server.tls_address().value_or("off")},
                        {"public", options.public_url.empty() ? "-" : options.public_url},
                        {"version", ADIT_VERSION}});
  return {};
}

/// Requests may finish until the drain time is over; then running queries are interrupted, so that stop()
/// returns.
void drain(http::Server& server, std::stop_source& stop_queries, std::chrono::milliseconds drain_timeout) {
  const std::jthread watchdog([&](std::stop_token drained) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait_for(lock, drained, drain_timeout, [] { return false; });
    stop_queries.request_stop();
  });
  server.stop();
}

struct Installation {
  DataFolder folder;
  std::unique_ptr<Catalog> catalog;
};

Result<Installation> open_installation(const ServeOptions& options, const Clock& clock) {
  ADIT_TRY(auto folder, DataFolder::open(options.data));
  ADIT_TRY(auto catalog, open_catalog(options, folder, clock));
  ADIT_CHECK(set_unknown_pools_aside(*catalog, folder.pools(), clock));
  return Installation{std::move(folder), std::move(catalog)};
}

Result<void> serve(const ServeOptions& options, const Signals& signals, const Clock& clock,
                   const Installation& installation) {
  const auto& [folder, catalog] = installation;
  Metrics metrics;
  ADIT_TRY(const auto store, open_local_chunk_store(folder.chunks()));
  ADIT_TRY(const auto warehouse,
           open_warehouse(options, folder, *catalog, landing_book(*catalog, *store), clock, metrics));
  StageQueue stages(*catalog, *store, *warehouse, clock, stage_options(options));
  LandQueue landings(*catalog, *store, *warehouse, stages, clock, metrics, land_options(options));
  ADIT_CHECK(recover(*catalog, *store, stages, clock));
  landings.start();
  PoolRemoval removal(*catalog, *store, *warehouse, stages, clock);
  DiskQuotas quotas(*catalog, *warehouse, clock, metrics, options.pool_disk_bytes_max);
  Housekeeper housekeeper(*catalog, *store, *warehouse, landings, removal, quotas, clock, metrics,
                          housekeeper_options(options));

  const auto limits = push_limits(options);
  PushService push(*catalog, *store, *warehouse, stages, landings, clock, metrics, limits);
  TableChanges changes(*catalog, *warehouse, landings, clock, limits.cancel_wait_max);
  const EventText event_text(*catalog);
  EventFeed events(*catalog, *warehouse, event_text, metrics, event_options(options));
  Authenticator authenticator(*catalog, clock);
  Passwords passwords;
  Logins logins(*catalog, passwords, clock);
  FailedAttempts attempts(clock, metrics);
  AuditLog audit(*catalog, metrics);
  BackupService backups(backup_source(folder, housekeeper, *warehouse, *store, *catalog),
                        backup_folder(options), clock);
  std::stop_source stop_queries;
  const Services services{.catalog = *catalog,
                          .authenticator = authenticator,
                          .passwords = passwords,
                          .logins = logins,
                          .attempts = attempts,
                          .audit = audit,
                          .push = push,
                          .quotas = quotas,
                          .removal = removal,
                          .changes = changes,
                          .events = events,
                          .backups = backups,
                          .warehouse = *warehouse,
                          .clock = clock,
                          .metrics = metrics,
                          .limits = api_limits(options),
                          .public_url = options.public_url,
                          .stop = stop_queries.get_token()};

  CertificateKeeper certificates(certificate_source(options, folder), clock, metrics);
  ADIT_TRY(auto server_settings, server_options(options, certificates));
  ADIT_TRY(auto routes, make_routes(services));
  ADIT_TRY(const auto server,
           http::Server::create(std::move(server_settings), std::move(routes), &error_response, metrics));
  ADIT_CHECK(begin_serving(*server, folder, options));
  const int received = look_after(*server, certificates, options.tls_listen.has_value(), signals);
  log::info("stopping", {{"signal", received == SIGINT ? "SIGINT" : "SIGTERM"}});
  remove_listen_file(folder);
  removal.stop();
  drain(*server, stop_queries, options.drain_timeout);
  backups.stop();
  audit.stop();
  events.stop();
  housekeeper.stop();
  landings.stop();
  stages.stop();
  warehouse->close();
  log::info("stopped");
  return {};
}

int failed(const Error& error, ExitCode code) {
  std::cerr << "adit serve: " << error.public_message << '\n';
  if (!error.internal_detail.empty()) std::cerr << "  " << error.internal_detail << '\n';
  return static_cast<int>(code);
}

/// It opened, and a row that is needed at the start can't be read.
int failed_by_catalog(const ServeOptions& options, const Error& error) {
  const DataLayout layout{std::filesystem::absolute(options.data)};
  return failed(catalog_damaged(layout.catalog(), error.internal_detail), ExitCode::kUnservable);
}

}  // namespace

int run_serve(const ServeOptions& options) {
  log::configure(options.log_level, options.log_format);
  const Signals signals;
  const SystemClock clock;
  const auto installation = open_installation(options, clock);
  // What is damaged or newer is so at the next start as well: a service manager need not try again.
  if (!installation && tells_catalog_damage(installation.error()))
    return failed_by_catalog(options, installation.error());
  if (!installation) {
    const bool mended_by_hand = installation.error().kind == ErrorKind::kInvalid;
    return failed(installation.error(), mended_by_hand ? ExitCode::kUnservable : ExitCode::kFailed);
  }
  const auto served = serve(options, signals, clock, *installation);
  if (!served && tells_catalog_damage(served.error())) return failed_by_catalog(options, served.error());
  return served ? 0 : failed(served.error(), ExitCode::kFailed);
}

}  // namespace adit
