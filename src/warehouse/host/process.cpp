#include "warehouse/host/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <future>
#include <string_view>

namespace adit {
namespace {

/// The variables that are handed on: where the engine's library is, and what the sanitizers are told.
constexpr std::array kEnvironment{"LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
                                  "UBSAN_OPTIONS"};
constexpr std::chrono::milliseconds kWaitStep{2};

class SpawnActions {
 public:
  SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
 public:
  SpawnAttributes() { ::posix_spawnattr_init(&attributes_); }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

Result<pid_t> spawn(const std::string& name, int socket) {
  SpawnActions actions;
  // Not from a descriptor to itself, which would leave its close-on-exec flag.
  const FileHandle moved(::fcntl(socket, F_DUPFD_CLOEXEC, kHostSocket + 1));
  if (!moved) return system_error(errno, "fcntl");
  int failed = ::posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  failed |= ::posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  failed |= ::posix_spawn_file_actions_adddup2(actions.get(), moved.get(), kHostSocket);
  failed |= ::posix_spawn_file_actions_addclosefrom_np(actions.get(), kHostSocket + 1);
  SpawnAttributes attributes;
  sigset_t none;
  sigemptyset(&none);
  failed |= ::posix_spawnattr_setsigmask(attributes.get(), &none);
  failed |= ::posix_spawnattr_setflags(attributes.get(), POSIX_SPAWN_SETSIGMASK);
  if (failed != 0) return system_error(ENOMEM, "posix_spawn");

  std::string program = "adit";
  std::string command = "engine";
  std::string last = name;
  std::array arguments{program.data(), command.data(), last.data(), static_cast<char*>(nullptr)};
  std::vector<std::string> kept;
  for (const auto* variable : kEnvironment) {
    const char* value = std::getenv(variable);
    if (value == nullptr) continue;
    kept.push_back(std::string(variable) + "=" + value);
    // A sanitizer opens the file of its report when it has one: a confined process may not.
    if (std::string_view(variable).ends_with("SAN_OPTIONS")) kept.back() += ":log_path=stderr";
  }
  std::vector<char*> environment;
  for (auto& variable : kept) environment.push_back(variable.data());
  environment.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, "/proc/self/exe", actions.get(), attributes.get(), arguments.data(),
                                  environment.data());
  if (error != 0) return system_error(error, "posix_spawn");
  return pid;
}

}  // namespace

bool HostProcess::reap(Guarded<std::string>::Handle<std::string>& end, int options) {
  if (!end->empty()) return true;
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(pid_, &status, options);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == 0) return false;
  if (reaped < 0) {
    *end = "waitpid failed";
  } else if (WIFSIGNALED(status)) {
    *end = "signal " + std::to_string(WTERMSIG(status));
    *signal_.lock() = WTERMSIG(status);
  } else {
    *end = "exit code " + std::to_string(WEXITSTATUS(status));
  }
  return true;
}

bool HostProcess::wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    {
      auto end = end_.lock();
      if (reap(end, WNOHANG)) return true;
    }
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kWaitStep);
  }
}

void HostProcess::kill() {
  auto end = end_.lock();
  if (!end->empty()) return;
  ::kill(pid_, SIGKILL);
  reap(end, 0);
}

HostStarter::HostStarter() : thread_([this](const std::stop_token& stop) { run(stop); }) {
  ::pthread_setname_np(thread_.native_handle(), "engine-starter");
}

HostStarter::~HostStarter() {
  thread_.request_stop();
  thread_.join();
}

Result<pid_t> HostStarter::start(const std::string& name, const FileHandle& socket) {
  std::promise<Result<pid_t>> started;
  auto result = started.get_future();
  tasks_.lock()->push_back([&] { started.set_value(spawn(name, socket.get())); });
  changed_.notify_one();
  return result.get();
}

void HostStarter::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<Task> tasks;
    {
      auto waiting = tasks_.lock();
      changed_.wait(waiting.unique_lock(), stop, [&] { return !waiting->empty(); });
      std::swap(tasks, *waiting);
    }
    for (const auto& task : tasks) task();
  }
}

}  // namespace adit
