#include "warehouse/host/host_main.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "warehouse/host/confinement.h"
#include "warehouse/host/host_loop.h"
#include "warehouse/host/process.h"

namespace adit {
namespace {

/// The server decides about the end: a signal that the terminal or the service manager sends to all processes
/// would take away its last checkpoint.
void leave_signals_to_the_server() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/// Whether the server ended before its end was asked to be told: then somebody else is the parent, and what
/// it has sent must not be acted on any more.
bool server_ended_before() {
  ucred server{};
  socklen_t size = sizeof server;
  return ::getsockopt(kHostSocket, SOL_SOCKET, SO_PEERCRED, &server, &size) == 0 && server.pid != ::getppid();
}

ConfinedFolders folders_of(const HostConfiguration& configuration) {
  ConfinedFolders folders;
  if (configuration.role == HostRole::kPool)
    folders.writable.push_back(configuration.root / configuration.pool.to_string());
  folders.readable.push_back(configuration.chunk_folder);
  return folders;
}

WarehouseOptions options_of(const HostConfiguration& configuration) {
  WarehouseOptions options;
  options.root = configuration.root;
  options.chunks_root = configuration.chunk_folder;
  options.memory_bytes_max = configuration.memory_bytes;
  options.pools_open_max = 1;
  options.threads_per_pool = configuration.threads;
  options.stages_max = configuration.stages_max;
  options.held_chunk_bytes_max = configuration.held_chunk_bytes_max;
  options.wal_bytes_max = configuration.wal_bytes_max;
  options.checkpoint_interval = configuration.checkpoint_interval;
  options.free_bytes_min = configuration.free_bytes_min;
  options.idle_max = {};  // the server ends the process
  return options;
}

/// Applies what the server said. Nothing that is worth opening is open before it returns.
Result<ConfigureRequest::Answer> apply(const HostConfiguration& configuration) {
  log::configure(configuration.log_level, configuration.log_format);
  const bool inspects = configuration.role == HostRole::kInspector;
  log::set_context("engine", inspects ? "uploads" : configuration.pool.to_string());
  if (configuration.protocol != kHostProtocol) return internal("the server is another build");
  const auto folders = folders_of(configuration);
  for (const auto& folder : folders.writable) ADIT_CHECK(create_folders(folder));
  for (const auto& folder : folders.readable) ADIT_CHECK(create_folders(folder));
  ADIT_TRY(const bool files_confined, confine(configuration.confinement, folders));
  if (configuration.confinement.files && !files_confined) {
    log::warning("engine.files_not_confined", {{"why", "this kernel has no Landlock"}});
  }
  if (!configuration.failpoint.empty()) arm_failpoint(configuration.failpoint);
  return ConfigureRequest::Answer{.files_confined = files_confined};
}

}  // namespace

bool is_engine_host(int argc, const char* const* argv) {
  return argc == 3 && std::string_view(argv[1]) == "engine";
}

int run_engine_host() {
  leave_signals_to_the_server();
  if (server_ended_before()) return 1;
  ::prctl(PR_SET_NAME, "adit-engine");
  Channel channel{FileHandle(kHostSocket)};
  const auto first = channel.receive();
  if (!first || first->kind != MessageKind::kConfigure) {
    std::fputs("adit engine: adit serve starts this for itself; it is of no use by hand\n", stderr);
    return 1;
  }
  Timestamp now;
  ConfigureRequest request;
  WireReader reader(first->payload);
  reader(now, request);
  if (!reader.done()) return 1;
  const auto& configuration = request.configuration;
  const auto applied = apply(configuration);
  if (!channel.send(MessageKind::kAnswer, first->number, answer_bytes(applied)) || !applied) return 1;

  Metrics metrics;
  const QuestionClock clock;
  HostLoop loop(channel, configuration.pool, metrics);
  const auto warehouse = open_duckdb_warehouse(options_of(configuration), loop.book(), clock, metrics);
  if (!warehouse) {
    log::error("engine.not_opened", {{"detail", warehouse.error().internal_detail}});
    return 1;
  }
  loop.run(**warehouse);
  // What still runs has nobody to answer to; the log of the engine is whole at every moment.
  ::_exit(0);
}

}  // namespace adit
