// BackupService: backups of a running server, one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "backup/backup.h"
#include "base/guarded.h"

namespace adit {

enum class BackupState { kRunning, kComplete, kFailed };
std::string_view to_string(BackupState state);

struct BackupStatus {
  std::string name;  ///< of its folder in the folder of backups
  BackupState state = BackupState::kRunning;
  BackupProgress progress;  ///< once complete: what it holds
  std::uint64_t pools = 0;
  std::uint64_t chunks = 0;
  Timestamp begun{};
  std::optional<Timestamp> finished{};
  std::string message;  ///< kFailed: why, for the client
};

/// Lifecycle: works from construction to stop(), which ends a backup under way and removes it. Threads: all
/// calls from any; a backup runs on a thread of its own. What is known of a backup that failed is forgotten
/// with the next one and with the process; one that is complete is known by its manifest.
class BackupService {
 public:
  /// `folder` is where backups go, and nowhere else; without it there are none.
  BackupService(BackupSource source, std::optional<std::filesystem::path> folder, const Clock& clock);
  ~BackupService();

  /// Begins one in a new folder `name`. `parent` is where the caller believes that it will lie; absent:
  /// anywhere. kConflict: there is one of that name, another one runs, the server has no folder for them, or
  /// another one than `parent`; kNotFound: a name that can be none.
  Result<BackupStatus> start(const std::string& name, const std::optional<std::filesystem::path>& parent);
  /// kNotFound.
  Result<BackupStatus> find(const std::string& name) const;
  void stop();

 private:
  struct State {
    std::optional<BackupStatus> last;
    bool stopped = false;
    std::jthread thread;
  };

  void run(const std::stop_token& stop, const std::filesystem::path& target);

  const BackupSource source_;
  const std::optional<std::filesystem::path> folder_;
  const Clock& clock_;
  mutable Guarded<State> state_;
};

}  // namespace adit
