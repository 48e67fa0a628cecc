// `adit push`.
#include <boost/json.hpp>
#include <filesystem>
#include <iostream>
#include <mutex>

#include "app/command_support.h"
#include "app/commands.h"
#include "client/human.h"
#include "client/progress_line.h"
#include "client/push_run.h"

namespace adit {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

// A line that moves on a terminal; elsewhere a line now and then.
class Reporter final : public client::PushObserver {
 public:
  explicit Reporter(const PushOptions& options)
      : options_(options),
        display_(options.quiet ? client::ProgressDisplay::Mode::kOff : client::ProgressDisplay::Mode::kAuto) {
  }

  void created(const std::string& job) override {
    start_ = Clock::now();
    job_ = job;
    say("job " + job + " created");
  }
  void sending(const client::SendProgress& progress) override {
    display_.show({std::filesystem::path(progress.file).filename().string(), progress.bytes,
                   progress.bytes_total, Clock::now() - start_});
  }
  void acknowledged(const client::SendProgress& progress) override {
    const auto now = Clock::now();
    if (progress.bytes < progress.bytes_total && now - said_ < kPlainInterval) return;
    said_ = now;
    const auto bytes = static_cast<double>(progress.bytes);
    say(std::to_string(progress.pieces) + (progress.pieces == 1 ? " chunk sent, " : " chunks sent, ") +
        client::human_bytes(bytes) + " of " + client::human_bytes(static_cast<double>(progress.bytes_total)) +
        ", " + client::human_rate(bytes, now - start_));
  }
  void polled(const client::JobView& job) override {
    display_.show({job.phase.empty() ? job.status : job.phase, 0, 0, Clock::now() - start_});
    if (job.status != status_) say("job is " + job.status);
    status_ = job.status;
  }
  void canceling(const std::string& job) override {
    display_.clear();
    std::cerr << "canceling job " << job;
    if (interrupted()) std::cerr << "; Ctrl-C again leaves it as it is";
    std::cerr << '\n';
  }
  /// Any thread.
  void retrying(const Error& error, std::chrono::milliseconds wait) {
    const std::scoped_lock lock(retry_mutex_);
    if (!options_.quiet) {
      std::cerr << (display_.live() ? "\r\x1b[K" : "") << error.public_message << " Trying again in "
                << client::human_time(wait) << ".\n";
    }
  }
  void clear() { display_.clear(); }
  /// Empty until the job was created.
  const std::string& job() const { return job_; }

 private:
  static constexpr std::chrono::seconds kPlainInterval{1};

  void say(const std::string& text) {
    if (!options_.quiet && !display_.live()) std::cerr << text << '\n';
  }

  const PushOptions& options_;
  client::ProgressDisplay display_;
  std::string job_;
  std::string status_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point said_{};
  std::mutex retry_mutex_;
};

/// The message says row, column and value itself; the line is what an editor wants.
std::string problem_text(const client::FileProblem& problem) {
  const auto& what = problem.problem;
  std::string text = problem.file;
  if (what.line && !what.message.starts_with("Line ")) text += ", line " + std::to_string(*what.line);
  return text + ": " + what.message;
}

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value_from(*value) : json::value(nullptr);
}

void print_json(const client::PushOutcome& outcome) {
  json::array problems;
  for (const auto& [file, what] : outcome.problems) {
    problems.push_back(json::object{{"file", file},
                                    {"line", or_null(what.line)},
                                    {"row", or_null(what.row)},
                                    {"byte", or_null(what.byte)},
                                    {"column", or_null(what.column)},
                                    {"value", or_null(what.value)},
                                    {"message", what.message}});
  }
  std::cout << json::object{{"jobId", outcome.job.id},
                            {"status", outcome.job.status},
                            {"rows", outcome.job.rows_landed},
                            {"bytes", outcome.bytes},
                            {"chunks", outcome.pieces},
                            {"uploadSeconds", outcome.upload_time.count()},
                            {"seconds", outcome.total_time.count()},
                            {"logs", json::value_from(outcome.job.logs)},
                            {"problems", std::move(problems)}}
            << '\n';
}

/// Of a push that did not get as far as an outcome.
ExitCode fail(const Error& error, const PushOptions& options, const std::string& job) {
  const auto code = report(error, options.connection);
  if (options.json) {
    std::cout << json::object{{"jobId", job.empty() ? json::value(nullptr) : json::value(job)},
                              {"status", error.kind == ErrorKind::kCanceled ? "CANCELED" : "FAILED"},
                              {"message", error.public_message},
                              {"exitCode", static_cast<int>(code)}}
              << '\n';
  }
  return code;
}

void print_summary(const client::PushOutcome& outcome, const PushOptions& options) {
  const auto bytes = static_cast<double>(outcome.bytes);
  std::cout << "DONE: " << client::human_count(outcome.job.rows_landed) << " rows into " << options.table
            << ", " << client::human_bytes(bytes) << " in " << client::human_time(outcome.total_time) << " ("
            << client::human_rate(bytes, outcome.total_time) << "), job " << outcome.job.id << '\n';
  for (const auto& line : outcome.job.logs) std::cout << "      " << line << '\n';
}

ExitCode conclude(const client::PushOutcome& outcome, const PushOptions& options) {
  if (options.json) print_json(outcome);
  if (outcome.job.status == "DONE") {
    if (!options.json && !options.quiet) print_summary(outcome, options);
    return ExitCode::kOk;
  }
  std::cerr << "adit: job " << outcome.job.id << " ended as " << outcome.job.status << "; the table "
            << options.table << " is as it was.\n";
  for (const auto& problem : outcome.problems) std::cerr << "      " << problem_text(problem) << '\n';
  for (const auto& line : outcome.job.logs) {
    // The server tells of each chunk as well, by an id that says less than the file's name above.
    if (outcome.problems.empty() || !line.starts_with("Chunk ")) std::cerr << "      " << line << '\n';
  }
  return exit_code_of(outcome.job);
}

Result<std::vector<client::PushFile>> open_files(const PushOptions& options) {
  std::vector<client::PushFile> files;
  const auto open_all = [&](const std::vector<std::string>& names,
                            client::Operation operation) -> Result<void> {
    for (const auto& name : names) {
      ADIT_TRY(auto file, client::InputFile::open(name));
      files.push_back({std::move(file), operation});
    }
    return {};
  };
  ADIT_CHECK(open_all(options.files, client::Operation::kUpsert));
  ADIT_CHECK(open_all(options.deletes, client::Operation::kDelete));
  return files;
}

/// Says how CSV is to be read where files are cut, so that every piece is read like the whole.
Result<void> settle_dialect(client::PushRequest& request) {
  CsvOptions told;
  told.separator = request.job.separator;
  told.quote = request.job.quote;
  told.escape = request.job.escape;
  ADIT_TRY(const auto dialect, client::dialect_for_cutting(request.files, told, request.piece_bytes_max));
  if (!dialect) return {};
  request.dialect = *dialect;
  request.job.separator = dialect->separator;
  request.job.quote = std::string(1, dialect->quote);
  request.job.escape = std::string(1, dialect->escape);
  return {};
}

Result<std::string> pool_of(client::AditApi& api, const PushOptions& options) {
  auto pool = api.find_pool(options.pool);
  if (pool || pool.error().kind != ErrorKind::kNotFound) return pool;
  if (!options.create_pool)
    return not_found(pool.error().public_message + " Add --create-pool to create it.");
  ADIT_TRY(const auto created, api.create_pool(options.pool, "", ""));
  return created.id;
}

/// The id of the data connection, if the table belongs to one.
Result<std::optional<std::string>> connection_of(client::AditApi& api, const std::string& pool,
                                                 const PushOptions& options) {
  if (!options.data_connection) return std::optional<std::string>();
  auto found = api.find_connection(pool, *options.data_connection);
  if (found) return std::optional(*std::move(found));
  if (found.error().kind != ErrorKind::kNotFound) return std::move(found).error();
  if (!options.create_connection)
    return not_found(found.error().public_message + " Add --create-connection to create it.");
  ADIT_TRY(auto created, api.create_connection(pool, *options.data_connection));
  return std::optional(std::move(created.id));
}

Result<client::PushRequest> request_of(const PushOptions& options) {
  client::PushRequest request;
  ADIT_TRY(request.files, open_files(options));
  request.piece_bytes_max = options.chunk_bytes_max;
  request.uploads_max = options.uploads_max;
  auto& job = request.job;
  job.table = options.table;
  job.type = options.type;
  job.keys = options.keys;
  job.separator = options.separator;
  job.quote = options.quote;
  job.escape = options.escape;
  job.table_schema = options.schema;
  job.upsert_strategy = options.upsert_strategy;
  job.fallback_varchar_length = options.fallback_varchar_length;
  job.change_date = options.change_date;
  job.foreign_keys = options.foreign_keys;
  if (options.format) {
    job.file_type = *options.format;
  } else {
    ADIT_TRY(job.file_type, client::file_type_of(request.files));
  }
  if (job.file_type == "CSV") {
    ADIT_CHECK(settle_dialect(request));
  } else if (options.separator || options.quote || options.escape) {
    return invalid("--separator, --quote and --escape are for CSV files.");
  }
  return request;
}

}  // namespace

ExitCode run_command(const PushOptions& options) {
  catch_interrupts();
  Reporter reporter(options);
  auto api = open_api(options.connection, interrupted);
  if (!api) return fail(api.error(), options, "");
  api->set_retries(
      {.total = options.retry_time},
      [&reporter](const Error& error, std::chrono::milliseconds wait) { reporter.retrying(error, wait); });
  auto request = request_of(options);
  if (!request) return fail(request.error(), options, "");
  const auto pool = pool_of(*api, options);
  if (!pool) return fail(pool.error(), options, "");
  request->pool = *pool;
  auto connection = connection_of(*api, *pool, options);
  if (!connection) return fail(connection.error(), options, "");
  request->job.connection = *std::move(connection);
  const auto outcome = client::run_push(*api, *request, reporter, interrupted);
  reporter.clear();
  if (!outcome) return fail(outcome.error(), options, reporter.job());
  return conclude(*outcome, options);
}

}  // namespace adit
