// CommandLine: `adit` as a person or a script calls it, against a server.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/server.h"
#include "support/temp_folder.h"

namespace adit::test {

struct CommandEnd {
  ExitStatus status;
  std::string out;
  std::string err;
};

/// One call. Standard output and error go to files, or standard error to a terminal. Not thread-safe.
class CommandLine {
 public:
  struct Options {
    std::vector<std::string> arguments;
    std::optional<std::string> input{};  ///< what stands on standard input
    std::map<std::string, std::string> environment{};
    bool on_terminal = false;  ///< standard error is a terminal of 100 columns
  };

  explicit CommandLine(const Options& options);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  void signal(int number) { process_->signal(number); }
  /// What has been written so far.
  std::string out() const;
  std::string err();
  /// Waits until standard error holds `part`. Throws std::runtime_error when it does not within 30 s.
  void wait_for(const std::string& part);
  /// Waits for the end. Throws std::runtime_error when there is none within `timeout`.
  CommandEnd wait(std::chrono::milliseconds timeout = std::chrono::seconds{60});

 private:
  void read_terminal();

  TempFolder folder_;
  int terminal_ = -1;
  std::string from_terminal_;
  std::unique_ptr<ChildProcess> process_;
};

/// `adit ARGUMENTS… --data …` on the server's folder, to its end.
CommandEnd call(const Server& server, std::vector<std::string> arguments,
                std::optional<std::string> input = std::nullopt);

}  // namespace adit::test
