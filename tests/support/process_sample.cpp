#include "support/process_sample.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "support/files_below.h"

namespace adit::test {

ProcessSample sample_process(pid_t process) {
  const std::filesystem::path folder = "/proc/" + std::to_string(process);
  ProcessSample sample;
  std::ifstream status(folder / "status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kResident = "VmRSS:";
    constexpr std::string_view kThreads = "Threads:";
    if (line.starts_with(kResident)) sample.resident_bytes = std::stoul(line.substr(kResident.size())) * 1024;
    if (line.starts_with(kThreads)) sample.threads = std::stoul(line.substr(kThreads.size()));
  }
  std::error_code gone;
  const std::filesystem::directory_iterator descriptors(folder / "fd", gone);
  if (gone || sample.threads == 0) {
    throw std::runtime_error("process " + std::to_string(process) + " can't be looked at");
  }
  sample.descriptors = static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
  return sample;
}

namespace {

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  std::error_code gone;
  const std::filesystem::path tasks = "/proc/" + std::to_string(process) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
    std::ifstream file(task.path() / "children");
    for (pid_t child = 0; file >> child;) children.push_back(child);
  }
  return children;
}

}  // namespace

ProcessSample sample_process_tree(pid_t process) {
  auto sum = sample_process(process);
  for (const auto child : children_of(process)) {
    try {
      const auto sample = sample_process_tree(child);
      sum.resident_bytes += sample.resident_bytes;
      sum.descriptors += sample.descriptors;
      sum.threads += sample.threads;
    } catch (const std::runtime_error&) {
      continue;  // it has ended
    }
  }
  return sum;
}

std::uint64_t disk_bytes_below(const std::filesystem::path& folder) {
  constexpr std::uint64_t kBlockBytes = 512;  // the unit of st_blocks, whatever the file system's
  std::uint64_t bytes = 0;
  for (const auto& file : files_below(folder)) {
    struct stat found{};
    if (::stat(file.c_str(), &found) == 0) bytes += static_cast<std::uint64_t>(found.st_blocks) * kBlockBytes;
  }
  return bytes;
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) throw std::runtime_error("the descriptor limit can't be read");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    throw std::runtime_error("the descriptor limit can't be raised");
  return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace adit::test
