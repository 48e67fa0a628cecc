#include "app/command_support.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <iostream>
#include <utility>

#include "client/server_location.h"

namespace adit {
namespace {

std::atomic<bool> interrupt_seen{false};
static_assert(std::atomic<bool>::is_always_lock_free, "it is set by a signal handler");

std::string next_step(const Error& error, const ConnectionOptions& options) {
  switch (error.kind) {
    case ErrorKind::kUnauthorized:
      return options.key ? "The key from --key or ADIT_KEY was refused; `adit key create NAME` makes another."
                         : "The key from " + (options.data / client::kAdminKeyFile).string() +
                               " was refused; give another with --key or ADIT_KEY.";
    case ErrorKind::kTooLarge:
      return "A smaller --chunk-bytes-max cuts the files into smaller chunks.";
    case ErrorKind::kUnavailable:
      if (options.url || error.public_message.find("adit serve") != std::string::npos) return {};
      return "If it is not running, start it with `adit serve --data " + options.data.string() + "`.";
    default:
      return {};
  }
}

ExitCode exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimeout:
      return ExitCode::kUnreachable;
    case ErrorKind::kCanceled:
      return ExitCode::kInterrupted;
    default:
      return ExitCode::kFailed;
  }
}

}  // namespace

Result<client::AditApi> open_api(const ConnectionOptions& options, const client::StopQuestion& stop) {
  ADIT_TRY(auto location, client::locate_server(options.url, options.key, options.data));
  client::HttpClientOptions http;
  http.url = std::move(location.url);
  http.key = std::move(location.key);
  http.insecure = options.insecure;
  client::AditApi api(client::HttpClient(std::move(http)));
  api.set_stop(stop);
  return api;
}

Result<PoolAccess> open_pool(const ConnectionOptions& options, const std::string& name_or_id,
                             const client::StopQuestion& stop) {
  ADIT_TRY(auto api, open_api(options, stop));
  ADIT_TRY(auto pool, api.find_pool(name_or_id));
  return PoolAccess{std::move(api), std::move(pool)};
}

void catch_interrupts() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupt_seen = true; };
  action.sa_flags = SA_RESETHAND;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return interrupt_seen; }

ExitCode exit_code_of(const client::JobView& job) {
  if (job.status == "DONE") return ExitCode::kOk;
  return job.status == "ERROR" ? ExitCode::kJobError : ExitCode::kJobCanceled;
}

ExitCode report(const Error& error, const ConnectionOptions& options) {
  std::cerr << "adit: " << error.public_message << '\n';
  if (!error.internal_detail.empty()) std::cerr << "      " << error.internal_detail << '\n';
  if (const auto step = next_step(error, options); !step.empty()) std::cerr << "      " << step << '\n';
  return exit_code(error.kind);
}

Result<void> confirm(bool yes, const std::string& question) {
  if (yes) return {};
  if (::isatty(STDIN_FILENO) != 1) return invalid(question + " Nobody can be asked here: say --yes.");
  std::cerr << question << " [y/N] ";
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return Error{ErrorKind::kInvalid, "Nothing was done."};
}

std::string time_text(std::int64_t epoch_ms) {
  if (epoch_ms == 0) return {};
  const auto seconds = static_cast<std::time_t>(epoch_ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return {text, length};
}

}  // namespace adit
