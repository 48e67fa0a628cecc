// EngineProcess: a warehouse whose engines are processes, and ways to find, stop and kill those.
#pragma once

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "warehouse/warehouse_fixture.h"

namespace adit {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The engines' processes that this process has started, by what they are for.
inline std::map<std::string, pid_t> engine_processes() {
  std::map<std::string, pid_t> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto status = read_text(entry.path() / "status");
    if (!status.contains("PPid:\t" + std::to_string(::getpid()) + "\n")) continue;
    const auto command = read_text(entry.path() / "cmdline");
    const std::string begin("adit\0engine\0", 12);
    if (!command.starts_with(begin)) continue;
    found[command.substr(begin.size(), command.size() - begin.size() - 1)] = std::stoi(name);
  }
  return found;
}

class EngineProcess : public WarehouseTest {
 protected:
  bool in_processes_of_their_own() const override { return true; }
  HostOptions hosts() const override { return hosts_; }

  pid_t process_of(PoolId pool) { return engine_processes()[pool.to_string()]; }
  void kill_process_of(PoolId pool) {
    const auto process = process_of(pool);
    ASSERT_GT(process, 0);
    ASSERT_EQ(::kill(process, SIGKILL), 0);
  }
  /// Arms a failpoint in the first `processes` of the pool.
  void arm(const std::string& failpoint, int processes = 1) {
    hosts_.failpoint = [=, this, left = std::make_shared<std::atomic<int>>(processes)](PoolId pool) {
      return pool == pool_ && (*left)-- > 0 ? failpoint : std::string();
    };
    open();
  }
  /// Looks often at what the processes take; each may have 64 MiB that the engine counts, and next to nothing
  /// beside them.
  void open_with_little_memory() {
#ifdef __SANITIZE_ADDRESS__
    hosts_.memory_reserve_bytes = 16 << 20;  // what the sanitizer itself takes in an engine that does little
#else
    hosts_.memory_reserve_bytes = 1;
#endif
    hosts_.life_interval = 5ms;
    auto with = options();
    with.memory_bytes_max = 128 << 20;
    open(with);
  }
  /// What the engine counts of it stays within 64 MiB; with all else it is above them.
  LandPlan job_of_much_memory() {
    return job("t").parquet("SELECT range AS a, md5(range::VARCHAR) AS b FROM range(3000000)").plan();
  }
  /// A table `t` with one row in a pool.
  void fill(PoolId pool) {
    auto plan = job("t").csv("a\n1\n").plan();
    plan.stage.pool = pool;
    const auto landed = warehouse_->land(plan, {});
    ASSERT_TRUE(landed) << landed.error().public_message << landed.error().internal_detail;
  }
  Result<AllRows> count(PoolId pool) {
    return all_rows(*warehouse_, pool, {.sql = "SELECT count(*) FROM t"});
  }

  HostOptions hosts_;
  const PoolId other_ = PoolId::random();
};

/// Whether all of a killed process is gone: its first thread may be a zombie while others hold the socket
/// yet.
inline bool has_ended(pid_t process) {
  const auto proc = "/proc/" + std::to_string(process);
  std::error_code error;
  const std::filesystem::directory_iterator threads(proc + "/task", error);
  if (error) return true;
  return std::distance(begin(threads), end(threads)) <= 1 && read_text(proc + "/status").contains("zombie");
}

/// Stops a process and returns when none of its threads runs any more: one of them may answer yet after
/// kill() has returned.
inline void stop_process(pid_t process) {
  ASSERT_EQ(::kill(process, SIGSTOP), 0);
  const auto all_stand = [&] {
    for (const auto& thread :
         std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
      if (!read_text(thread.path() / "status").contains("State:\tT")) return false;
    }
    return true;
  };
  while (!all_stand()) std::this_thread::sleep_for(1ms);
}

}  // namespace adit
