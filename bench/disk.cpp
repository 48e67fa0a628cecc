#include "disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "base/file.h"
#include "support/engine_processes.h"

namespace adit::bench {
namespace {

FileHandle open_to_read(const std::filesystem::path& path) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw std::system_error(errno, std::generic_category(), path.string());
  return file;
}

/// Ticks of user and system time; 0 for a process that is gone.
std::uint64_t processor_ticks(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(file, text);
  // The second field is the program's name in parentheses and may hold spaces; user time is the 12th after
  // it.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  fields >> user >> system;
  return user + system;
}

std::uint64_t ticks_with_engines(pid_t server) {
  auto ticks = processor_ticks(server);
  for (const auto& [name, engine] : test::engine_processes(server)) ticks += processor_ticks(engine);
  return ticks;
}

std::uint64_t greatest_resident_bytes(pid_t process) {
  constexpr std::string_view kName = "VmHWM:";
  std::ifstream file("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kName)) return std::stoull(line.substr(kName.size())) * 1024;
  }
  throw std::runtime_error("no VmHWM of process " + std::to_string(process));
}

}  // namespace

void flush_volume(const std::filesystem::path& folder) {
  const auto handle = open_to_read(folder);
  if (::syncfs(handle.get()) != 0) throw std::system_error(errno, std::generic_category(), "syncfs");
}

void make_durable(const std::filesystem::path& file) {
  for (const auto& path : {file, file.parent_path()}) {
    const auto handle = open_to_read(path);
    if (::fsync(handle.get()) != 0) throw std::system_error(errno, std::generic_category(), "fsync");
  }
}

void read_into_cache(const std::filesystem::path& file) {
  const auto handle = open_to_read(file);
  std::vector<char> block(1 << 20);
  while (::read(handle.get(), block.data(), block.size()) > 0) {
  }
}

std::uint64_t resident_bytes(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t resident_bytes_at_most(pid_t server) {
  auto bytes = greatest_resident_bytes(server);
  for (const auto& [name, engine] : test::engine_processes(server)) bytes += greatest_resident_bytes(engine);
  return bytes;
}

void wait_until_idle(pid_t server) {
  constexpr std::chrono::milliseconds kStep{50};
  constexpr int kQuietSteps = 8;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  auto before = ticks_with_engines(server);
  for (int quiet = 0; quiet < kQuietSteps && std::chrono::steady_clock::now() < deadline;) {
    std::this_thread::sleep_for(kStep);
    const auto now = ticks_with_engines(server);
    quiet = now == before ? quiet + 1 : 0;
    before = now;
  }
}

std::uint64_t memory_bytes_of_machine() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void touch_memory_for_load(const std::filesystem::path& input) {
  constexpr std::size_t kEngineBytes = std::size_t{1} << 30;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto bytes = std::min(kEngineBytes + static_cast<std::size_t>(std::filesystem::file_size(input)),
                              static_cast<std::size_t>(memory_bytes_of_machine()) / 4);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  ::madvise(memory, bytes, MADV_HUGEPAGE);  // quicker where there are such pages
  for (std::size_t at = 0; at < bytes; at += page) static_cast<volatile char*>(memory)[at] = 1;
  ::munmap(memory, bytes);
}

}  // namespace adit::bench
