#include "app/serve.h"

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <iostream>
#include <mutex>
#include <thread>

#include "access/keys.h"
#include "api/api.h"
#include "api/errors.h"
#include "app/data_folder.h"
#include "base/log.h"
#include "http/server.h"
#include "push/housekeeper.h"
#include "push/push_service.h"
#include "push/recovery.h"

namespace adit {
namespace {

/// SIGTERM and SIGINT wait until somebody asks for them. Made before any thread, which all inherit the mask.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  int wait() const {
    int received = 0;
    ::sigwait(&signals_, &received);
    return received;
  }

 private:
  sigset_t signals_;
};

WarehouseOptions warehouse_options(const ServeOptions& options, const DataFolder& folder) {
  WarehouseOptions warehouse;
  warehouse.root = folder.pools();
  warehouse.chunks_root = folder.chunks();
  warehouse.memory_bytes_max = options.memory_bytes_max;
  warehouse.pools_open_max = options.pools_open_max;
  warehouse.threads_per_pool = options.engine_threads;
  warehouse.held_chunk_bytes_max = options.held_chunk_bytes_max;
  warehouse.checkpoint_interval = options.checkpoint_interval;
  // The queue in front keeps large chunks to `stages_max`; small ones have places of their own beside them.
  warehouse.stages_max = options.stages_max + StageQueueOptions().small_stages_max;
  return warehouse;
}

http::ServerOptions server_options(const ServeOptions& options, const DataFolder& folder) {
  http::ServerOptions server;
  server.listen = options.listen;
  server.tls_listen = options.tls_listen;
  server.tls_certificate = folder.tls_certificate();
  server.tls_key = folder.tls_key();
  server.io_threads = options.io_threads;
  server.workers = options.workers;
  server.drain_timeout = options.drain_timeout;
  server.cors_origins = options.cors_origins;
  server.limits.streamed_body_bytes_max = options.request_bytes_max;
  server.limits.connections_max = options.connections_max;
  server.limits.head_timeout = options.head_timeout;
  server.limits.idle_timeout = options.idle_timeout;
  server.limits.read_timeout = options.read_timeout;
  server.limits.write_timeout = options.write_timeout;
  server.limits.body_bytes_per_second_min = options.body_bytes_per_second_min;
  return server;
}

ApiLimits api_limits(const ServeOptions& options) {
  ApiLimits limits;
  limits.query_rows_max = options.query_rows_max;
  limits.query_timeout_max = options.query_timeout_max;
  limits.queries_max = static_cast<std::ptrdiff_t>(options.queries_max);
  limits.metrics_public = options.metrics_public;
  return limits;
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

Result<void> serve(const ServeOptions& options, const StopSignals& signals) {
  const SystemClock clock;
  Metrics metrics;
  ADIT_TRY(const auto folder, DataFolder::open(options.data));
  ADIT_TRY(const auto catalog, open_sqlite_catalog(folder.catalog()));
  ADIT_TRY(const auto store, open_local_chunk_store(folder.chunks()));
  ADIT_TRY(const bool first_start, found_installation(folder, *catalog, clock));
  if (first_start) log::info("administrator key written", {{"file", folder.admin_key().string()}});

  const auto missing = [&](PoolId pool, const std::unordered_set<JobId>& landed) {
    return missing_landings(*catalog, *store, pool, landed);
  };
  ADIT_TRY(const auto warehouse,
           open_duckdb_warehouse(warehouse_options(options, folder), missing, clock, metrics));
  StageQueueOptions stage_options;
  stage_options.big_stages_max = options.stages_max;
  StageQueue stages(*catalog, *store, *warehouse, stage_options);
  LandQueueOptions land_options;
  land_options.landings_max = options.landings_max;
  LandQueue landings(*catalog, *store, *warehouse, stages, clock, metrics, land_options);
  ADIT_CHECK(recover(*catalog, *store, stages, clock));
  landings.start();
  PoolRemoval removal(*catalog, *store, *warehouse, stages, clock);
  HousekeeperOptions housekeeper_options;
  housekeeper_options.chunk_retention = options.chunk_retention;
  Housekeeper housekeeper(*catalog, *store, *warehouse, landings, removal, clock, metrics,
                          housekeeper_options);

  PushLimits push_limits;
  push_limits.upload.chunk_bytes_max = options.chunk_bytes_max;
  PushService push(*catalog, *store, *warehouse, stages, landings, clock, metrics, push_limits);
  TableChanges changes(*catalog, *warehouse, landings, clock, push_limits.cancel_wait_max);
  Authenticator authenticator(*catalog, clock);
  std::stop_source stop_queries;
  const Services services{.catalog = *catalog,
                          .authenticator = authenticator,
                          .push = push,
                          .removal = removal,
                          .changes = changes,
                          .warehouse = *warehouse,
                          .clock = clock,
                          .metrics = metrics,
                          .limits = api_limits(options),
                          .stop = stop_queries.get_token()};

  if (options.tls_listen) {
    ADIT_CHECK(
        http::ensure_self_signed_certificate(folder.tls_certificate(), folder.tls_key(), options.tls_names));
  }
  ADIT_TRY(const auto server, http::Server::create(server_options(options, folder), make_routes(services),
                                                   &error_response, metrics));
  ADIT_CHECK(server->start());
  ADIT_CHECK(write_listen_file(folder, server->address(), server->tls_address()));
  log::info("serving", {{"http", server->address()},
                        {"https", server->tls_address().value_or("off")},
                        {"version", ADIT_VERSION}});
  const int received = signals.wait();
  log::info("stopping", {{"signal", received == SIGINT ? "SIGINT" : "SIGTERM"}});
  remove_listen_file(folder);
  drain(*server, stop_queries, options.drain_timeout);
  housekeeper.stop();
  landings.stop();
  stages.stop();
  warehouse->close();
  log::info("stopped");
  return {};
}

}  // namespace

int run_serve(const ServeOptions& options) {
  log::configure(options.log_level, options.log_format);
  const StopSignals signals;
  const auto served = serve(options, signals);
  if (served) return 0;
  std::cerr << "adit serve: " << served.error().public_message << '\n';
  if (!served.error().internal_detail.empty()) std::cerr << "  " << served.error().internal_detail << '\n';
  return 1;
}

}  // namespace adit
