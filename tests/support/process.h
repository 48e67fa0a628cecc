// tests/support runs the real adit from outside: processes, sockets, a small HTTP client, test data and the
// words of the push API. It knows the contract on the wire and the engine's C API (to make Parquet files); it
// knows nothing of adit's own code.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace adit::test {

/// How a process ended: by itself with a code, or by a signal.
struct ExitStatus {
  std::optional<int> code;
  std::optional<int> signal;

  bool operator==(const ExitStatus&) const = default;
  static ExitStatus exited(int code) { return {code, std::nullopt}; }
};
/// For messages: `exit code 1`, `signal 9`.
std::string to_string(const ExitStatus& status);

/// A child process whose output goes to a file. Killed and reaped by destruction, and by the kernel when the
/// starting thread ends.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> arguments;              ///< the first is the path of the program
    std::map<std::string, std::string> environment;  ///< added to the present one
    std::filesystem::path output;                    ///< standard output and error, appended
    std::filesystem::path errors{};                  ///< standard error, where it is to be apart
    std::filesystem::path input{};                   ///< standard input; the parent's without it
    std::size_t descriptors_max = 0;  ///< a limit that the child can't raise; 0 is the parent's
  };

  /// Throws std::runtime_error if there can be no process; a program that can't be run exits with code 127.
  explicit ChildProcess(const Options& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// Sends a signal; nothing if the process has ended.
  void signal(int number);
  /// Waits for the end and returns it; nothing when the time is over. Zero asks only.
  std::optional<ExitStatus> wait(std::chrono::milliseconds timeout);
  bool running() { return !wait(std::chrono::milliseconds{0}); }

 private:
  pid_t pid_ = -1;
  std::optional<ExitStatus> ended_;
};

}  // namespace adit::test
