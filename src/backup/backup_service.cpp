#include "backup/backup_service.h"

#include <algorithm>
#include <cctype>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/log.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameBytesMax = 100;

bool is_name(const std::string& text) {
  const auto good = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= kNameBytesMax && std::ranges::all_of(text, good) &&
         text.front() != '.';
}

/// Both as they are, links followed.
bool is_same_folder(const fs::path& a, const fs::path& b) {
  std::error_code failure;
  return fs::equivalent(a, b, failure) && !failure;
}

void add(BackupStatus& status, const BackupManifest& manifest) {
  status.state = BackupState::kComplete;
  status.progress = {"", manifest.bytes(), manifest.files.size() + manifest.chunks};
  status.pools = manifest.pools;
  status.chunks = manifest.chunks;
  status.begun = manifest.begun;
  status.finished = manifest.finished;
}

}  // namespace

std::string_view to_string(BackupState state) {
  switch (state) {
    case BackupState::kRunning:
      return "RUNNING";
    case BackupState::kComplete:
      return "COMPLETE";
    case BackupState::kFailed:
      return "FAILED";
  }
  std::unreachable();
}

BackupService::BackupService(BackupSource source, std::optional<fs::path> folder, const Clock& clock)
    : source_(std::move(source)), folder_(std::move(folder)), clock_(clock) {}

BackupService::~BackupService() { stop(); }

void BackupService::stop() {
  std::jthread thread;
  {
    auto state = state_.lock();
    state->stopped = true;
    thread = std::move(state->thread);
  }
  // Its end: a stop is asked for, and waited for.
}

Result<BackupStatus> BackupService::start(const std::string& name, const std::optional<fs::path>& parent) {
  if (!is_name(name)) {
    return not_found("\"" + name.substr(0, kNameBytesMax) +
                     "\" can't be the name of a backup: that is 1 to " + std::to_string(kNameBytesMax) +
                     " letters, digits, '.', '-' and '_', the first no '.'.");
  }
  if (!folder_)
    return conflict("The server has no folder for backups: it is started with --backup-folder DIR.");
  if (const auto made = create_folders(*folder_); !made) {
    return Error{ErrorKind::kConflict,
                 "The server can't write into its folder for backups; its log says why.",
                 made.error().internal_detail};
  }
  if (parent && !is_same_folder(*parent, *folder_)) {
    return conflict(
        "The server writes backups into the folder of its --backup-folder and nowhere else; that is "
        "another one.");
  }
  const auto target = *folder_ / name;
  std::error_code failure;
  if (fs::symlink_status(target, failure).type() != fs::file_type::not_found)
    return conflict("There is already a backup \"" + name + "\".");
  std::jthread last;  // joined without the lock
  auto state = state_.lock();
  if (state->stopped) return Error{ErrorKind::kUnavailable, "The server is stopping."};
  if (state->last && state->last->state == BackupState::kRunning)
    return conflict("The backup \"" + state->last->name + "\" is being made; there is one at a time.");
  last = std::move(state->thread);
  state->last = BackupStatus{.name = name, .progress = {}, .begun = clock_.now(), .message = {}};
  state->thread = std::jthread([this, target](const std::stop_token& stop) { run(stop, target); });
  return *state->last;
}

void BackupService::run(const std::stop_token& stop, const fs::path& target) {
  log::info("backup begun", {{"folder", target.string()}});
  const auto watch = [&](const BackupProgress& progress) -> Result<void> {
    state_.lock()->last->progress = progress;
    if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The server was stopped."};
    return {};
  };
  const auto taken = take_backup(source_, target, clock_, watch);
  auto state = state_.lock();
  auto& status = *state->last;
  if (taken) {
    add(status, *taken);
    log::info("backup complete",
              {{"folder", target.string()}, {"bytes", taken->bytes()}, {"chunks", taken->chunks}});
    return;
  }
  status.state = BackupState::kFailed;
  status.finished = clock_.now();
  status.message = taken.error().public_message;
  log::error("backup failed", {{"folder", target.string()},
                               {"reason", taken.error().public_message},
                               {"detail", taken.error().internal_detail}});
}

Result<BackupStatus> BackupService::find(const std::string& name) const {
  const auto unknown = not_found("There is no backup \"" + name.substr(0, kNameBytesMax) + "\".");
  if (!is_name(name)) return unknown;
  {
    auto state = state_.lock();
    if (state->last && state->last->name == name) return *state->last;
  }
  if (!folder_) return unknown;
  const auto manifest = read_manifest(*folder_ / name);
  if (!manifest) return unknown;
  BackupStatus status{.name = name, .progress = {}, .message = {}};
  add(status, *manifest);
  return status;
}

}  // namespace adit
