// `adit job`.
#include <boost/json.hpp>
#include <iostream>

#include "app/command_support.h"
#include "app/commands.h"
#include "client/human.h"
#include "client/progress_line.h"
#include "client/text_table.h"

namespace adit {
namespace {

namespace json = boost::json;
using Align = client::TextTable::Align;

constexpr std::chrono::milliseconds kLook{250};

json::value time_or_null(std::int64_t epoch_ms) {
  return epoch_ms == 0 ? json::value(nullptr) : json::value(epoch_ms);
}

json::object json_of(const client::JobView& job) {
  return json::object{{"id", job.id},
                      {"status", job.status},
                      {"phase", job.phase},
                      {"progress", job.progress},
                      {"table", job.table},
                      {"type", job.type},
                      {"fileType", job.file_type},
                      {"keys", json::value_from(job.keys)},
                      {"chunks", job.chunks},
                      {"bytes", job.bytes},
                      {"rowsStaged", job.rows_staged},
                      {"rowsLanded", job.rows_landed},
                      {"createdAt", time_or_null(job.created_ms)},
                      {"finishedAt", time_or_null(job.finished_ms)},
                      {"logs", json::value_from(job.logs)}};
}

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value_from(*value) : json::value(nullptr);
}

json::object json_of(const client::ChunkView& chunk) {
  json::array problems;
  for (const auto& what : chunk.problems) {
    problems.push_back(json::object{{"line", or_null(what.line)},
                                    {"row", or_null(what.row)},
                                    {"column", or_null(what.column)},
                                    {"value", or_null(what.value)},
                                    {"message", what.message}});
  }
  return json::object{
      {"id", chunk.id},       {"type", chunk.type},          {"state", chunk.state},
      {"bytes", chunk.bytes}, {"rows", or_null(chunk.rows)}, {"problems", std::move(problems)}};
}

std::string keys_text(const std::vector<std::string>& keys) {
  std::string text;
  for (const auto& key : keys) text += (text.empty() ? "" : ", ") + key;
  return text;
}

void print_job(const client::JobView& job) {
  std::cout << "job       " << job.id << "\nstatus    " << job.status;
  if (!job.ended() && !job.phase.empty()) std::cout << " (" << job.phase << ")";
  std::cout << "\ntable     " << job.table << "\ntype      " << job.type << ", " << job.file_type;
  if (!job.keys.empty()) std::cout << ", keys " << keys_text(job.keys);
  std::cout << "\nchunks    " << job.chunks << ", " << client::human_bytes(static_cast<double>(job.bytes))
            << "\nrows      " << client::human_count(job.rows_landed) << " landed, "
            << client::human_count(job.rows_staged) << " read\ncreated   " << time_text(job.created_ms)
            << "\nfinished  " << time_text(job.finished_ms) << '\n';
  for (const auto& line : job.logs) std::cout << "log       " << line << '\n';
}

void print_chunks(const std::vector<client::ChunkView>& chunks) {
  client::TextTable table{{{"CHUNK"}, {"TYPE"}, {"STATE"}, {"ROWS", Align::kRight}, {"SIZE", Align::kRight}},
                          {}};
  for (const auto& chunk : chunks) {
    table.rows.push_back({chunk.id, chunk.type, chunk.state,
                          chunk.rows ? client::human_count(*chunk.rows) : "",
                          client::human_bytes(static_cast<double>(chunk.bytes))});
  }
  if (!chunks.empty()) std::cout << '\n' << client::render_table(table);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    for (const auto& problem : chunks[i].problems) {
      std::cout << "chunk " << i + 1 << ": " << problem.message << '\n';
    }
  }
}

Result<client::JobView> watch(PoolAccess& access, const JobWatchOptions& options) {
  client::ProgressDisplay display(options.quiet ? client::ProgressDisplay::Mode::kOff
                                                : client::ProgressDisplay::Mode::kAuto);
  const auto start = std::chrono::steady_clock::now();
  std::string said;
  while (true) {
    ADIT_TRY(auto job, access.api.job(access.pool, options.job));
    const std::string state = job.phase.empty() ? job.status : job.status + ", " + job.phase;
    display.show({state, 0, 0, std::chrono::steady_clock::now() - start});
    if (!display.live() && !options.quiet && state != said) std::cerr << "job is " << state << '\n';
    said = state;
    if (job.ended()) return job;
    if (!client::sleep_unless(interrupted, kLook)) return Error{ErrorKind::kCanceled, "Interrupted."};
  }
}

}  // namespace

ExitCode run_command(const JobListOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto jobs = access->api.jobs(access->pool, {options.status, options.table, options.limit});
  if (!jobs) return report(jobs.error(), options.connection);
  if (options.json) {
    json::array list;
    for (const auto& job : *jobs) list.push_back(json_of(job));
    std::cout << list << '\n';
    return ExitCode::kOk;
  }
  client::TextTable table{{{"JOB"}, {"STATUS"}, {"TYPE"}, {"TABLE"}, {"ROWS", Align::kRight}, {"CREATED"}},
                          {}};
  for (const auto& job : *jobs) {
    table.rows.push_back({job.id, job.status, job.type, job.table, client::human_count(job.rows_landed),
                          time_text(job.created_ms)});
  }
  std::cout << client::render_table(table);
  return ExitCode::kOk;
}

ExitCode run_command(const JobShowOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto job = access->api.job(access->pool, options.job);
  if (!job) return report(job.error(), options.connection);
  const auto chunks = access->api.chunks(access->pool, options.job);
  if (!chunks) return report(chunks.error(), options.connection);
  if (options.json) {
    auto object = json_of(*job);
    json::array list;
    for (const auto& chunk : *chunks) list.push_back(json_of(chunk));
    object["chunkList"] = std::move(list);
    std::cout << object << '\n';
    return ExitCode::kOk;
  }
  print_job(*job);
  print_chunks(*chunks);
  return ExitCode::kOk;
}

ExitCode run_command(const JobWatchOptions& options) {
  catch_interrupts();
  auto access = open_pool(options.connection, options.pool, interrupted);
  if (!access) return report(access.error(), options.connection);
  const auto job = watch(*access, options);
  if (!job) return report(job.error(), options.connection);
  if (options.json) {
    std::cout << json_of(*job) << '\n';
  } else if (!options.quiet) {
    print_job(*job);
  }
  return exit_code_of(*job);
}

ExitCode run_command(const JobCancelOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto job = access->api.cancel(access->pool, options.job);
  if (!job) return report(job.error(), options.connection);
  std::cout << "Job " << job->id << " is " << job->status << ".\n";
  return ExitCode::kOk;
}

ExitCode run_command(const JobDeleteOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto deleted = access->api.delete_job(access->pool, options.job);
  return deleted ? ExitCode::kOk : report(deleted.error(), options.connection);
}

}  // namespace adit
