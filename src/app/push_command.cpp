// `adit push`.
#include <signal.h>

#include <boost/json.hpp>
#include <iostream>

#include "app/command_support.h"
#include "app/commands.h"
#include "client/human.h"
#include "client/progress_line.h"
#include "client/push_run.h"

namespace adit {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "it is set by a signal handler");

// The first Ctrl-C asks to cancel; a second one ends the process at once.
void catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = SA_RESETHAND;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

// A progress line on a terminal, a line a step elsewhere.
class Reporter final : public client::PushObserver {
 public:
  Reporter(const PushOptions& options)
      : options_(options),
        display_(options.quiet ? client::ProgressDisplay::Mode::kOff : client::ProgressDisplay::Mode::kAuto) {
  }

  void created(const std::string& job) override { say("job " + job + " created"); }
  void sent(std::size_t file, std::uint64_t sent, std::uint64_t total) override {
    display_.show({name(file), sent, total, Clock::now() - start_});
  }
  void uploaded(std::size_t file) override {
    say(name(file) + " sent (" + std::to_string(file + 1) + " of " + std::to_string(options_.files.size()) +
        ")");
  }
  void polled(const client::JobView& job) override {
    display_.show({job.phase.empty() ? job.status : job.phase, 0, 0, Clock::now() - start_});
    if (job.status != status_) say("job is " + job.status);
    status_ = job.status;
  }
  void clear() { display_.clear(); }

 private:
  std::string name(std::size_t file) const { return options_.files[file].filename().string(); }
  void say(const std::string& text) {
    if (!options_.quiet && !display_.live()) std::cerr << text << '\n';
  }

  const PushOptions& options_;
  client::ProgressDisplay display_;
  std::string status_;
  Clock::time_point start_ = Clock::now();
};

/// The message says row, column and value itself; the line is what an editor wants.
std::string problem_text(const client::FileProblem& problem) {
  const auto& what = problem.problem;
  std::string text = problem.file.string();
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
    problems.push_back(json::object{{"file", file.string()},
                                    {"line", or_null(what.line)},
                                    {"row", or_null(what.row)},
                                    {"column", or_null(what.column)},
                                    {"value", or_null(what.value)},
                                    {"message", what.message}});
  }
  std::cout << json::object{{"jobId", outcome.job.id},
                            {"status", outcome.job.status},
                            {"rows", outcome.job.rows_landed},
                            {"bytes", outcome.bytes},
                            {"uploadSeconds", outcome.upload_time.count()},
                            {"seconds", outcome.total_time.count()},
                            {"logs", json::value_from(outcome.job.logs)},
                            {"problems", std::move(problems)}}
            << '\n';
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
  return outcome.job.status == "ERROR" ? ExitCode::kJobError : ExitCode::kJobCanceled;
}

Result<client::PushRequest> request_of(client::AditApi& api, const PushOptions& options) {
  client::PushRequest request;
  request.files = options.files;
  request.job = {options.table, options.type,  {}, options.keys, options.separator,
                 options.quote, options.escape};
  if (options.format) {
    request.job.file_type = *options.format;
  } else {
    ADIT_TRY(request.job.file_type, client::file_type_of(options.files));
  }
  if (request.job.file_type != "CSV" && (options.separator || options.quote || options.escape)) {
    return invalid("--separator, --quote and --escape are for CSV files.");
  }
  auto pool = api.find_pool(options.pool);
  if (!pool && pool.error().kind == ErrorKind::kNotFound) {
    if (!options.create_pool) {
      return not_found(pool.error().public_message + " Add --create-pool to create it.");
    }
    ADIT_TRY(const auto created, api.create_pool(options.pool, ""));
    pool = created.id;
  }
  if (!pool) return pool.error();
  request.pool = *pool;
  return request;
}

}  // namespace

ExitCode run_push(const PushOptions& options) {
  catch_interrupts();
  auto api = open_api(options.connection, &interrupted);
  if (!api) return report(api.error(), options.connection);
  const auto request = request_of(*api, options);
  if (!request) return report(request.error(), options.connection);
  Reporter reporter(options);
  const auto outcome = client::run_push(*api, *request, reporter, interrupted);
  reporter.clear();
  if (!outcome) return report(outcome.error(), options.connection);
  return conclude(*outcome, options);
}

}  // namespace adit
