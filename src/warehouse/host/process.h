// Starting and ending the processes of engines.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/guarded.h"
#include "base/result.h"

namespace adit {

/// The descriptor at which an engine's process finds its end of the socket.
inline constexpr int kHostSocket = 3;

/// A child process. It ends with this object. Thread-safe.
class HostProcess {
 public:
  explicit HostProcess(pid_t pid) : pid_(pid) {}
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;
  ~HostProcess() { kill(); }

  pid_t pid() const { return pid_; }
  /// Waits for the end; false when there is none in time.
  bool wait(std::chrono::milliseconds timeout);
  /// SIGKILL, and waits until the process is gone. Nothing if it has ended already.
  void kill();
  /// `signal 9`, `exit code 1`; empty while it runs.
  std::string end() const { return *end_.lock(); }
  /// The signal that ended it, if one did.
  std::optional<int> signal() const { return *signal_.lock(); }

 private:
  /// With options of waitpid(2). True once the process has ended.
  bool reap(Guarded<std::string>::Handle<std::string>& end, int options);

  const pid_t pid_;
  Guarded<std::string> end_;  ///< also guards against a signal to a number that is somebody else's by now
  Guarded<std::optional<int>> signal_;
};

/// Starts all processes from one thread that lives as long as they do: the kernel ends a process of an engine
/// with the thread that started it, so that none outlives the server. Thread-safe.
class HostStarter {
 public:
  HostStarter();
  ~HostStarter();

  /// Runs this very program as `adit engine NAME`, with `socket` as its kHostSocket. It inherits standard
  /// error and no other descriptor, and of the environment what a library needs to be found and to be
  /// debugged.
  Result<pid_t> start(const std::string& name, const FileHandle& socket);

 private:
  using Task = std::function<void()>;
  void run(const std::stop_token& stop);

  std::condition_variable_any changed_;
  Guarded<std::vector<Task>> tasks_;
  std::jthread thread_;
};

}  // namespace adit
