#include "support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <thread>

namespace adit::test {
namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('=')))) result.push_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(name + "=" + value);
  return result;
}

}  // namespace

std::string to_string(const ExitStatus& status) {
  return status.code ? "exit code " + std::to_string(*status.code)
                     : "signal " + std::to_string(status.signal.value_or(0));
}

ChildProcess::ChildProcess(const Options& options) {
  auto arguments = options.arguments;
  auto environment = merged_environment(options.environment);
  const auto argument_pointers = pointers(arguments);
  const auto environment_pointers = pointers(environment);
  const int output = ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) throw std::runtime_error("no output file " + options.output.string());
  // A terminal is opened like a file; it must not become the child's controlling one.
  const int errors =
      options.errors.empty()
          ? ::dup(output)
          : ::open(options.errors.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
  const int input =
      options.input.empty() ? ::dup(STDIN_FILENO) : ::open(options.input.c_str(), O_RDONLY | O_CLOEXEC);
  // Without what libraries want done at a fork(): the engine's allocator, where a test has used it, would
  // take all of its locks, which are more than ThreadSanitizer can follow.
  pid_ = ::_Fork();
  if (pid_ == 0) {
    // Only async-signal-safe calls from here on: other threads of the parent may hold locks.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    if (input > STDERR_FILENO) ::dup2(input, STDIN_FILENO);
    if (options.descriptors_max > 0) {
      const rlimit limit{options.descriptors_max, options.descriptors_max};
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
    ::_exit(127);
  }
  for (const int descriptor : {output, errors, input}) {
    if (descriptor >= 0) ::close(descriptor);
  }
  if (pid_ < 0) throw std::runtime_error("fork failed");
}

ChildProcess::~ChildProcess() {
  if (!running()) return;
  signal(SIGKILL);
  wait(std::chrono::seconds{30});
}

void ChildProcess::signal(int number) {
  if (running()) ::kill(pid_, number);
}

std::optional<ExitStatus> ChildProcess::wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!ended_) {
    int status = 0;
    const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
    if (reaped == pid_ && WIFEXITED(status)) ended_ = ExitStatus::exited(WEXITSTATUS(status));
    if (reaped == pid_ && WIFSIGNALED(status)) ended_ = ExitStatus{std::nullopt, WTERMSIG(status)};
    if (reaped < 0 && errno != EINTR) ended_ = ExitStatus{};
    if (ended_ || std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return ended_;
}

}  // namespace adit::test
