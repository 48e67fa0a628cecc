// `adit job history`.
#include <boost/json.hpp>
#include <iostream>

#include "app/command_support.h"
#include "app/commands.h"
#include "client/history_view.h"
#include "client/human.h"
#include "client/text_table.h"

namespace adit {
namespace {

using Align = client::TextTable::Align;
using client::HistoryView;

client::HistoryRequest request_of(const JobHistoryOptions& options) {
  client::HistoryRequest request;
  request.limit = options.limit;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) request.filters.emplace_back(name, value);
  };
  add("status", options.status);
  add("targetName", options.table);
  add("type", options.type);
  add("kind", options.kind);
  add("from", options.from);
  add("to", options.to);
  if (options.deleted) add("deleted", *options.deleted ? "true" : "false");
  return request;
}

std::string what_of(const HistoryView& view) { return view.kind == "PUSH" ? view.job.type : view.kind; }

/// From execute, or creation, to the end.
std::string took(const HistoryView& view) {
  if (view.job.finished_ms == 0) return "";
  const auto from = view.executed_ms.value_or(view.job.created_ms);
  return client::human_time(std::chrono::milliseconds(view.job.finished_ms - from));
}

void print_list(const std::vector<HistoryView>& views) {
  client::TextTable table{{{"JOB"},
                           {"WHAT"},
                           {"STATUS"},
                           {"TABLE"},
                           {"ROWS", Align::kRight},
                           {"CREATED"},
                           {"TOOK", Align::kRight},
                           {"DELETED"}},
                          {}};
  for (const auto& view : views) {
    table.rows.push_back({view.job.id, what_of(view), view.job.status, view.job.table,
                          client::human_count(view.job.rows_landed), time_text(view.job.created_ms),
                          took(view), time_text(view.deleted_ms.value_or(0))});
  }
  std::cout << client::render_table(table);
}

void print_line(std::string name, const std::string& value) {
  if (value.empty()) return;
  name.resize(13, ' ');
  std::cout << name << value << '\n';
}

void print_times(const HistoryView& view) {
  print_line("created", time_text(view.job.created_ms));
  print_line("first chunk", time_text(view.first_chunk_ms.value_or(0)));
  print_line("last chunk", time_text(view.last_chunk_ms.value_or(0)));
  print_line("executed", time_text(view.executed_ms.value_or(0)));
  print_line("started", time_text(view.started_ms.value_or(0)));
  print_line("finished", time_text(view.job.finished_ms));
  print_line("deleted", time_text(view.deleted_ms.value_or(0)));
}

void print_chunks(const std::vector<client::ChunkView>& chunks) {
  if (chunks.empty()) return;
  client::TextTable table{
      {{"CHUNK"}, {"TYPE"}, {"STATE"}, {"ROWS", Align::kRight}, {"SIZE", Align::kRight}, {"SHA-256"}}, {}};
  for (const auto& chunk : chunks) {
    table.rows.push_back(
        {chunk.id, chunk.type, chunk.state, chunk.rows ? client::human_count(*chunk.rows) : "",
         client::human_bytes(static_cast<double>(chunk.bytes)), chunk.checksum.substr(0, 12)});
  }
  std::cout << '\n' << client::render_table(table);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    for (const auto& problem : chunks[i].problems) {
      std::cout << "chunk " << i + 1 << ": " << problem.message << '\n';
    }
  }
}

void print_job(const HistoryView& view) {
  print_line("job", view.job.id);
  print_line("what", what_of(view));
  print_line("status", view.job.status);
  print_line("table", view.job.table);
  std::string mirrors;
  for (const auto& name : view.mirrors) mirrors += (mirrors.empty() ? "" : ", ") + name;
  print_line("mirrors", mirrors);
  print_line("rows", client::human_count(view.job.rows_landed));
  print_line("bytes", client::human_bytes(static_cast<double>(view.job.bytes)) +
                          (view.chunk_files_kept ? "" : ", chunk files removed"));
  print_line("claims", std::to_string(view.claims));
  print_line("created by", view.created_by);
  print_times(view);
  for (const auto& line : view.job.logs) print_line("log", line);
  print_chunks(view.chunks);
}

ExitCode show_one(PoolAccess& access, const JobHistoryOptions& options) {
  const auto answer = access.api.history_of(access.pool, options.job);
  if (!answer) return report(answer.error(), options.connection);
  if (options.json) {
    std::cout << *answer << '\n';
  } else {
    print_job(client::history_view(*answer));
  }
  return ExitCode::kOk;
}

}  // namespace

ExitCode run_command(const JobHistoryOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  if (!options.job.empty()) return show_one(*access, options);
  const auto jobs = access->api.history(access->pool, request_of(options));
  if (!jobs) return report(jobs.error(), options.connection);
  if (options.json) {
    std::cout << *jobs << '\n';
    return ExitCode::kOk;
  }
  std::vector<HistoryView> views;
  for (const auto& job : *jobs) views.push_back(client::history_view(job));
  print_list(views);
  return ExitCode::kOk;
}

}  // namespace adit
