#include "app/rebuild_command.h"

#include <unistd.h>

#include <sys/stat.h>
#include <boost/json.hpp>
#include <iostream>

#include "app/command_support.h"
#include "app/data_folder.h"
#include "app/option_values.h"
#include "backup/rebuild.h"
#include "base/log.h"
#include "client/human.h"
#include "client/text_table.h"

namespace adit {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

/// What it writes must be the server's.
Result<void> check_owner(const fs::path& data) {
  struct stat status{};
  if (::stat(data.c_str(), &status) != 0 || status.st_uid == ::geteuid()) return {};
  return conflict(
      "The data folder belongs to another user, who could not use what is made here. Run this as "
      "that user: sudo -u \"#" +
      std::to_string(status.st_uid) + "\" adit doctor …");
}

Result<RebuildReport> rebuild(const DoctorOptions& options) {
  std::error_code failure;
  if (!fs::exists(DataLayout{options.data}.catalog(), failure))
    return not_found("There is no adit installation in " + options.data.string() + ".");
  ADIT_CHECK(check_owner(options.data));
  auto folder = DataFolder::open(options.data);
  if (!folder && folder.error().kind == ErrorKind::kConflict) {
    return conflict("A server, or another adit process, is using the data folder " + options.data.string() +
                    ". A pool is rebuilt while the server is stopped: stop it, then do this again.");
  }
  if (!folder) return std::move(folder).error();
  return rebuild_pool(folder->layout(),
                      {.pool = options.rebuild,
                       .source = {options.backup, options.backup_folder, options.chunks_only},
                       .rows_may_return = options.removed_rows_return,
                       .even_if_whole = options.force,
                       .memory_bytes_max = half_of_memory()},
                      SystemClock());
}

std::string what_of(const LostJob& job) {
  return job.change ? std::string(to_string(*job.change)) : std::string("PUSH");
}

json::object lost_json(const LostJob& job) {
  json::object object{{"job", job.job.to_string()},     {"what", what_of(job)},
                      {"connection", job.table.schema}, {"table", job.table.name},
                      {"done", to_epoch_ms(job.done)},  {"rows", job.rows},
                      {"chunksKept", job.chunks_kept},  {"inFilesSetAside", job.set_aside},
                      {"rowsReturn", job.rows_return}};
  if (job.table.schema.empty()) object["connection"] = nullptr;
  return object;
}

json::object report_json(const RebuildReport& report) {
  json::array damage, set_aside, lost;
  for (const auto& line : report.damage) damage.emplace_back(line);
  for (const auto& file : report.set_aside) set_aside.emplace_back(file.string());
  for (const auto& job : report.lost) lost.push_back(lost_json(job));
  json::object object{{"pool", report.pool.to_string()},
                      {"name", report.name},
                      {"backup", nullptr},
                      {"backupBegun", nullptr},
                      {"damage", std::move(damage)},
                      {"setAside", std::move(set_aside)},
                      {"jobs", report.jobs},
                      {"landedAgain", report.landed_again},
                      {"replaced", report.replaced},
                      {"unrecoverable", std::move(lost)},
                      {"forgotten", report.forgotten}};
  if (report.backup) object["backup"] = report.backup->string();
  if (report.backup_begun) object["backupBegun"] = to_epoch_ms(*report.backup_begun);
  return object;
}

void print_lost(const std::vector<LostJob>& lost) {
  using Align = client::TextTable::Align;
  client::TextTable table{.columns = {{"JOB"},
                                      {"WHAT"},
                                      {"TABLE"},
                                      {"DONE (UTC)"},
                                      {"ROWS", Align::kRight},
                                      {"WHY"},
                                      {"SET ASIDE"},
                                      {"ROWS BACK"}},
                          .rows = {}};
  for (const auto& job : lost) {
    const auto& schema = job.table.schema;
    table.rows.push_back({job.job.to_string(), what_of(job),
                          schema.empty() ? job.table.name : schema + "." + job.table.name,
                          time_text(to_epoch_ms(job.done)), std::to_string(job.rows),
                          job.chunks_kept ? "chunks damaged or gone" : "chunks expired",
                          job.set_aside ? "has it" : "", job.rows_return ? "perhaps" : ""});
  }
  std::cout << client::render_table(table);
}

void print(const RebuildReport& report) {
  std::cout << "The data pool \"" << report.name << "\" (" << report.pool.to_string() << ") is rebuilt.\n";
  for (const auto& line : report.damage) std::cout << "damaged:       " << line << '\n';
  if (report.backup) {
    std::cout << "from:          " << report.backup->string() << ", begun "
              << time_text(to_epoch_ms(*report.backup_begun)) << " UTC\n";
  } else {
    std::cout << "from:          the chunks that are kept, no backup\n";
  }
  for (const auto& file : report.set_aside) std::cout << "set aside:     " << file.string() << '\n';
  std::cout << "landed again:  " << client::human_count(report.landed_again) << " of "
            << client::human_count(report.jobs) << (report.jobs == 1 ? " job\n" : " jobs\n");
  if (report.replaced > 0)
    std::cout << "not needed:    " << client::human_count(report.replaced)
              << ", whose rows later jobs replaced\n";
  std::cout << "unrecoverable: " << client::human_count(report.lost.size()) << '\n';
  if (!report.lost.empty()) print_lost(report.lost);
  if (report.forgotten > 0)
    std::cout << "missing:       " << client::human_count(report.forgotten)
              << " landed jobs that the catalog has forgotten\n";
}

}  // namespace

ExitCode run_rebuild(const DoctorOptions& options) {
  // What is landed again stands in the report.
  log::configure(log::Level::kError, log::Format::kLogfmt);
  const auto report = rebuild(options);
  if (!report) {
    ConnectionOptions nowhere;
    nowhere.data = options.data;
    return adit::report(report.error(), nowhere);
  }
  if (options.json) {
    std::cout << report_json(*report) << '\n';
  } else {
    print(*report);
  }
  return report->lost.empty() && report->forgotten == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace adit
