// What measurements need to know of the disk and of processes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

namespace adit::bench {

/// Writes everything that waits for the volume of `folder`, so that one measurement does not pay for the one
/// before.
void flush_volume(const std::filesystem::path& folder);
/// fsync of a file and of the folder that names it.
void make_durable(const std::filesystem::path& file);
/// Reads a file once, so that each measurement finds it in memory.
void read_into_cache(const std::filesystem::path& file);

/// Resident memory of a process.
std::uint64_t resident_bytes(pid_t process);
/// The most that a server and each of its engines' processes had, added up, be it at different times.
std::uint64_t resident_bytes_at_most(pid_t server);
/// Waits until a server and its engines' processes have used no processor for a while: what they do after an
/// answer (checkpoints, removal of files) does not fall into the next measurement. Goes on after 60 s in any
/// case.
void wait_until_idle(pid_t server);

std::uint64_t memory_bytes_of_machine();
/// Touches as much free memory as a load of `input` takes (its copy, the engine's memory and file) and gives
/// it back. A virtual machine returns memory that is free for seconds to its host and pays for it again at
/// the next touch, per page and more than a copy of a file costs: whoever writes into memory that was used a
/// moment ago is spared that, so both sides of a pair get such memory. Not more than that: what is left over
/// goes back to the host two seconds later, at the load's expense.
void touch_memory_for_load(const std::filesystem::path& input);

}  // namespace adit::bench
