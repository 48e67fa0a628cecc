// Server: a real adit on a data folder of its own, or on one that is given.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/http_client.h"
#include "support/process.h"
#include "support/temp_folder.h"

namespace adit::test {

struct ServerOptions {
  std::vector<std::string> flags{};
  std::map<std::string, std::string> environment{};
  /// The folder to serve; it stays, as does the log beside it, `<data>.log`. Absent: a temporary one, removed
  /// in the end.
  std::optional<std::filesystem::path> data{};
  std::size_t descriptors_max = 0;  ///< hard limit of the process; 0 is that of the test
};

/// Environment of a server whose memory is measured: what AddressSanitizer holds back of freed memory, up to
/// 256 MiB of it otherwise, and the second stacks that it gives to threads are not what the server needs.
/// Nothing to other builds.
inline const std::map<std::string, std::string> kLittleHeldBack{
    {"ASAN_OPTIONS",
     "quarantine_size_mb=1:thread_local_quarantine_size_kb=16:detect_stack_use_after_return=0"}};

/// The server did not become ready; what() holds the end of its log.
class StartFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `start (kill | terminate)` any number of times on one folder. Any ports, found in listen.json. Not
/// thread-safe but for signal_kill(), which any thread may call while the server runs.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  /// Ends the process with SIGKILL. What ThreadSanitizer found in the engines' processes stands in the log:
  /// it is written to standard error, where ctest looks for it.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts the process and waits until /readyz says 200. Throws StartFailure. `environment` counts for this
  /// start only.
  void start(const std::map<std::string, std::string>& environment = {});
  /// SIGKILL, and waits for the end.
  void kill();
  /// SIGKILL without waiting.
  void signal_kill();
  /// SIGTERM, and the end that follows; throws std::runtime_error when none comes within 60 s.
  ExitStatus terminate();
  /// SIGTERM or SIGINT without waiting.
  void signal_terminate();
  void signal_interrupt();
  /// terminate() and start().
  void restart();
  bool running() { return process_ && process_->running(); }
  /// Of the process last started.
  pid_t pid() const { return process_->pid(); }
  /// How the process ended, if it does within `timeout`.
  std::optional<ExitStatus> wait(std::chrono::milliseconds timeout);

  const std::filesystem::path& data() const { return data_; }
  const std::string& address() const { return address_; }
  const std::string& tls_address() const { return tls_address_; }
  /// The administrator's key, from the first line of admin.key.
  std::string admin_key() const;
  Http http() const { return Http(address_, admin_key()); }

  /// The most memory that the process has had at one time. Under ThreadSanitizer a fifth of that: it keeps
  /// four bytes beside each that was used.
  std::size_t resident_bytes_peak() const;
  /// The files of a pool's chunks, kept or being received.
  std::vector<std::filesystem::path> chunk_files(const std::string& pool) const;

  const std::filesystem::path& log_path() const { return log_path_; }
  /// Everything the server has said from byte `from` on, at most the last `bytes_max` bytes.
  std::string log(std::size_t from = 0, std::size_t bytes_max = 1 << 16) const;
  std::size_t log_bytes() const;

 private:
  bool is_ready();

  ServerOptions options_;
  TempFolder folder_;
  std::filesystem::path data_;
  std::filesystem::path log_path_;
  std::unique_ptr<ChildProcess> process_;
  std::string address_;
  std::string tls_address_;
};

/// Runs `adit ARGUMENTS…` to its end. Throws std::runtime_error after `timeout`.
struct CommandResult {
  ExitStatus status;
  std::string output;
};
CommandResult run_adit(const std::vector<std::string>& arguments,
                       std::chrono::milliseconds timeout = std::chrono::seconds{30});

}  // namespace adit::test
