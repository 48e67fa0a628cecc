// `adit backup` and `adit restore`.
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <thread>
#include <utility>

#include "app/command_support.h"
#include "app/commands.h"
#include "app/data_folder.h"
#include "backup/restore.h"
#include "catalog/catalog_log.h"
#include "client/human.h"
#include "client/json_view.h"
#include "client/url.h"

namespace adit {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kAskInterval{200};

/// One line on standard error that is written over, where somebody may look at it.
class Progress {
 public:
  explicit Progress(bool quiet) : shown_(!quiet && ::isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (written_) std::cerr << "\r\033[K";
  }
  void show(const BackupProgress& progress) {
    const auto now = steady_clock::now();
    if (!shown_ || now < next_) return;
    next_ = now + kAskInterval;
    written_ = true;
    std::cerr << "\r\033[K" << progress.doing << "  "
              << client::human_bytes(static_cast<double>(progress.bytes)) << "  "
              << client::human_count(progress.files) << " files" << std::flush;
  }
  /// A watch that also ends the work when the user wants it.
  BackupWatch watch() {
    return [this](const BackupProgress& progress) -> Result<void> {
      show(progress);
      if (interrupted()) return Error{ErrorKind::kCanceled, "Interrupted; nothing is left of it."};
      return {};
    };
  }

 private:
  const bool shown_;
  bool written_ = false;
  steady_clock::time_point next_{};
};

void print(const fs::path& folder, std::uint64_t bytes, std::uint64_t pools, std::uint64_t chunks,
           bool as_json) {
  if (as_json) {
    std::cout << json::object{{"folder", folder.string()},
                              {"bytes", bytes},
                              {"pools", pools},
                              {"chunks", chunks}}
              << '\n';
    return;
  }
  std::cout << folder.string() << ": " << client::human_bytes(static_cast<double>(bytes)) << ", "
            << client::human_count(pools) << (pools == 1 ? " pool, " : " pools, ")
            << client::human_count(chunks) << (chunks == 1 ? " chunk file\n" : " chunk files\n");
}

/// A running server makes it itself: nobody else may open its files.
Result<void> ask_server(client::AditApi& api, const fs::path& target, const BackupOptions& options) {
  const auto path = "/adit/api/v1/backups/" + client::encode_segment(target.filename().string());
  const json::object body{{"folder", target.parent_path().string()}};
  auto answer = client::json_of(api.http().send(client::Method::kPut, path, json::serialize(body)));
  Progress progress(options.quiet);
  for (;;) {
    if (!answer) return std::move(answer).error();
    if (interrupted())
      return Error{ErrorKind::kCanceled,
                   "Interrupted; the server goes on with the backup \"" + target.filename().string() + "\"."};
    const auto& status = client::as_object(*answer);
    const auto count = [&](const char* name) { return client::count_at(status, name).value_or(0); };
    const auto state = client::text_at(status, "state");
    if (state == "FAILED") return conflict(client::text_at(status, "message"));
    if (state == "COMPLETE") {
      print(target, count("bytes"), count("pools"), count("chunks"), options.json);
      return {};
    }
    progress.show({client::text_at(status, "doing"), count("bytes"), count("files")});
    std::this_thread::sleep_for(kAskInterval);
    answer = client::json_of(api.http().get(path));
  }
}

Result<void> back_up_stopped(const fs::path& target, const BackupOptions& options) {
  std::error_code failure;
  if (!fs::exists(DataLayout{options.connection.data}.catalog(), failure)) {
    return not_found("There is no adit installation in " + options.connection.data.string() + ".");
  }
  ADIT_TRY(const auto folder, DataFolder::open(options.connection.data));
  // The copy is made by one that opens the catalog, and would end with its log.
  ADIT_CHECK(keep_damaged_log(folder.catalog()));
  ADIT_CHECK(create_folders(target.parent_path()));
  Progress progress(options.quiet);
  ADIT_TRY(const auto manifest,
           take_backup({.layout = folder.layout()}, target, SystemClock(), progress.watch()));
  print(target, manifest.bytes(), manifest.pools, manifest.chunks, options.json);
  return {};
}

Result<void> back_up(const BackupOptions& options) {
  auto target = fs::absolute(options.target).lexically_normal();
  if (target.filename().empty()) target = target.parent_path();
  auto api = open_api(options.connection);
  const bool there = api && (options.connection.url || api->http().get("/healthz"));
  if (there) return ask_server(*api, target, options);
  if (options.connection.url) return api.error();
  return back_up_stopped(target, options);
}

Result<void> restore(const RestoreOptions& options) {
  Progress progress(options.quiet);
  if (!options.check) {
    ADIT_TRY(const auto restored, restore_backup(options.backup, options.data,
                                                 options.leave_damaged_chunks_out ? DamagedChunks::kLeaveOut
                                                                                  : DamagedChunks::kRefuse,
                                                 progress.watch()));
    const auto& manifest = restored.manifest;
    for (const auto& name : restored.left_out) std::cerr << "left out: " << name << '\n';
    print(options.data, manifest.bytes(), manifest.pools, manifest.chunks, false);
    return {};
  }
  ADIT_TRY(const auto damaged, check_backup(options.backup, progress.watch()));
  if (damaged.empty()) {
    std::cout << options.backup.string() << ": whole\n";
    return {};
  }
  std::string names = "The backup is damaged:";
  for (const auto& name : damaged) names += "\n  " + name;
  return invalid(std::move(names));
}

}  // namespace

ExitCode run_command(const BackupOptions& options) {
  catch_interrupts();
  const auto done = back_up(options);
  return done ? ExitCode::kOk : report(done.error(), options.connection);
}

ExitCode run_command(const RestoreOptions& options) {
  catch_interrupts();
  ConnectionOptions nowhere;
  nowhere.data = options.data;
  const auto done = restore(options);
  return done ? ExitCode::kOk : report(done.error(), nowhere);
}

}  // namespace adit
