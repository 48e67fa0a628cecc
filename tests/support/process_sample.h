// What a running process takes of the machine.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace adit::test {

struct ProcessSample {
  std::size_t resident_bytes = 0;
  std::size_t descriptors = 0;
  std::size_t threads = 0;
};

/// Throws std::runtime_error when the process is gone.
ProcessSample sample_process(pid_t process);
/// The sum over it and the processes that it has started, those included which they have. One that ends while
/// it is looked at counts as none; memory that several share counts with each.
ProcessSample sample_process_tree(pid_t process);
/// What all files below `folder` take on the disk.
std::uint64_t disk_bytes_below(const std::filesystem::path& folder);
/// As many descriptors as this process may have at all; its children inherit it. Returns the number.
std::size_t raise_descriptor_limit();

}  // namespace adit::test
