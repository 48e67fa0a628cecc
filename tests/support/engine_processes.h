// The processes in which a server has its engines.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

#include "support/server.h"

namespace adit::test {

/// By what they are for: a pool's id, or `uploads`. Those of one server, or with 0 of any.
inline std::map<std::string, pid_t> engine_processes(pid_t server) {
  // A process that ends meanwhile can't be read any more, which only this way of reading does not throw.
  const auto read = [](const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  };
  const std::string command("adit\0engine\0", 12);
  std::map<std::string, pid_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto words = read(entry.path() / "cmdline");
    if (!words.starts_with(command)) continue;
    const auto status = read(entry.path() / "status");
    if (server != 0 && !status.contains("PPid:\t" + std::to_string(server) + "\n")) continue;
    found[words.substr(command.size(), words.size() - command.size() - 1)] = std::stoi(name);
  }
  return found;
}

/// Kills the one that is named. False when there is none.
inline bool kill_engine_process(pid_t server, const std::string& name) {
  const auto found = engine_processes(server);
  const auto process = found.find(name);
  return process != found.end() && ::kill(process->second, SIGKILL) == 0;
}

/// Whether some process has the file as its standard error. One that has ended has none, whether or not
/// somebody has asked how.
inline bool is_somebodys_log(const std::filesystem::path& file) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    if (std::filesystem::read_symlink(entry.path() / "fd" / "2", error) == file) return true;
  }
  return false;
}

/// SIGKILL to the server, and waits until its engines are gone too. False: one of them was not in time. They
/// are known by the log that they share with it: to one that was just being started the server may be no
/// parent any more.
inline bool kill_with_engines(Server& server, std::chrono::milliseconds timeout = std::chrono::seconds{10}) {
  server.kill();
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (is_somebodys_log(server.log_path())) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace adit::test
