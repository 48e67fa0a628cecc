#include "warehouse/host/confinement.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/file.h"

namespace adit {
namespace {

/// A pool's file, its log, files of chunks and what the engine spills.
constexpr rlim_t kDescriptorsMax = 1024;

Result<void> limit(decltype(RLIMIT_CORE) resource, rlim_t value, const char* what) {
  rlimit present{};
  if (::getrlimit(resource, &present) != 0) return system_error(errno, what);
  const auto bound = std::min(value, present.rlim_max);
  const rlimit wanted{bound, bound};
  if (::setrlimit(resource, &wanted) != 0) return system_error(errno, what);
  return {};
}

/// Rather a pool's engine than the server. It works for everybody; where it does not, nothing else changes.
void prefer_for_oom_kill() {
  const FileHandle score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view kScore = "500";
  if (score) static_cast<void>(::write(score.get(), kScore.data(), kScore.size()) < 0);
}

}  // namespace

Result<bool> confine(const HostConfinement& confinement, const ConfinedFolders& folders) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error(errno, "PR_SET_NO_NEW_PRIVS");
  ADIT_CHECK(limit(RLIMIT_CORE, 0, "RLIMIT_CORE"));
  ADIT_CHECK(limit(RLIMIT_NOFILE, kDescriptorsMax, "RLIMIT_NOFILE"));
  prefer_for_oom_kill();
  bool files = false;
  if (confinement.files) {
    ADIT_TRY(files, confine_files(folders));
  }
  if (confinement.calls) ADIT_CHECK(confine_calls());
  return files;
}

}  // namespace adit
