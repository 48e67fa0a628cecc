// How an engine's process shuts itself in, before it opens anything and while it has one thread.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "warehouse/host/messages.h"

namespace adit {

struct ConfinedFolders {
  std::vector<std::filesystem::path> writable;
  std::vector<std::filesystem::path> readable;
};

/// No new privileges, no core file, few descriptors, first in the kernel's choice when memory ends; then the
/// folders (Landlock) and the system calls (seccomp). For good, for this process and all that it might start.
/// True when files are confined: a kernel without Landlock lets everything else hold. Errors are of a machine
/// that refuses the rest.
Result<bool> confine(const HostConfinement& confinement, const ConfinedFolders& folders);

/// Leaves nothing of the file system but these folders, and what tells the engine its limits. False when the
/// kernel has no Landlock. Files that are open already stay usable. Source: landlock(7),
/// include/uapi/linux/landlock.h.
Result<bool> confine_files(const ConfinedFolders& folders);

/// Refuses, with EPERM, the system calls by which a process reaches others, the network or the machine: new
/// sockets, new programs and processes, signals to others, tracing, mounts, namespaces, keys, modules.
/// Source: seccomp(2).
Result<void> confine_calls();

}  // namespace adit
