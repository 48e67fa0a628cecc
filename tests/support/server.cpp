#include "support/server.h"

#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "support/files_below.h"
#include "support/patience.h"

namespace adit::test {
namespace {

constexpr std::chrono::seconds kStartTimeout{kPatience * 60};
constexpr std::chrono::seconds kStopTimeout{kPatience * 60};

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Server::Server(ServerOptions options)
    : options_(std::move(options)),
      data_(options_.data.value_or(folder_.path() / "data")),
      log_path_(data_.string() + ".log") {}

Server::~Server() {
  process_.reset();
  const auto log = read_text(log_path_);
  const auto report = log.find("WARNING: ThreadSanitizer");
  if (report != std::string::npos) std::cerr << log.substr(report);
}

void Server::start(const std::map<std::string, std::string>& environment) {
  // What a killed server left would be taken for the new one's addresses.
  std::filesystem::remove(data_ / "listen.json");
  ChildProcess::Options child;
  child.arguments = {ADIT_BINARY, "serve", "--data", data_.string(), "--listen", "127.0.0.1:0"};
  if (std::ranges::find(options_.flags, "--tls-listen") == options_.flags.end()) {
    child.arguments.insert(child.arguments.end(), {"--tls-listen", "127.0.0.1:0"});
  }
  // Tests execute more than a team may by default; those of the limits turn them on.
  if (std::ranges::find(options_.flags, "--execute-limits") == options_.flags.end()) {
    child.arguments.insert(child.arguments.end(), {"--execute-limits", "off"});
  }
  child.arguments.insert(child.arguments.end(), options_.flags.begin(), options_.flags.end());
  child.environment = options_.environment;
  for (const auto& [name, value] : environment) child.environment[name] = value;
  child.output = log_path_;
  child.descriptors_max = options_.descriptors_max;
  process_ = std::make_unique<ChildProcess>(child);
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (!is_ready()) {
    if (const auto end = process_->wait(std::chrono::milliseconds{3})) {
      throw StartFailure("adit serve ended with " + to_string(*end) + " before it was ready\n" + log());
    }
    if (std::chrono::steady_clock::now() > deadline) {
      kill();
      throw StartFailure("adit serve was not ready in time\n" + log());
    }
  }
}

bool Server::is_ready() {
  const auto text = read_text(data_ / "listen.json");
  boost::system::error_code error;
  const auto listen = boost::json::parse(text, error);
  if (error || !listen.is_object()) return false;
  try {
    address_ = listen.at("http").as_string();
    if (const auto* https = listen.as_object().if_contains("https"); https != nullptr && https->is_string()) {
      tls_address_ = https->as_string();
    }
    return Http(address_, "").get("/readyz").status == 200;
  } catch (const TransportError&) {
    return false;
  }
}

void Server::kill() {
  if (!process_) return;
  process_->signal(SIGKILL);
  process_->wait(kStopTimeout);
}

void Server::signal_kill() { ::kill(process_->pid(), SIGKILL); }

void Server::signal_terminate() { process_->signal(SIGTERM); }

void Server::signal_interrupt() { process_->signal(SIGINT); }

ExitStatus Server::terminate() {
  process_->signal(SIGTERM);
  const auto end = process_->wait(kStopTimeout);
  if (!end) {
    kill();
    throw std::runtime_error("adit serve did not end after SIGTERM\n" + log());
  }
  return *end;
}

void Server::restart() {
  terminate();
  start();
}

std::optional<ExitStatus> Server::wait(std::chrono::milliseconds timeout) { return process_->wait(timeout); }

std::string Server::admin_key() const {
  const auto text = read_text(data_ / "admin.key");
  return text.substr(0, text.find_first_of("\r\n"));
}

std::size_t Server::resident_bytes_peak() const {
#ifdef __SANITIZE_THREAD__
  constexpr std::size_t kBytesForEach = 5;
#else
  constexpr std::size_t kBytesForEach = 1;
#endif
  std::ifstream status("/proc/" + std::to_string(pid()) + "/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kPeak = "VmHWM:";
    if (line.starts_with(kPeak)) return std::stoul(line.substr(kPeak.size())) * 1024 / kBytesForEach;
  }
  throw std::runtime_error("the server's memory can't be read");
}

std::vector<std::filesystem::path> Server::chunk_files(const std::string& pool) const {
  return files_below(data_ / "chunks" / pool);
}

std::string Server::log(std::size_t from, std::size_t bytes_max) const {
  auto text = read_text(log_path_);
  text.erase(0, std::min(from, text.size()));
  if (text.size() > bytes_max) text.erase(0, text.size() - bytes_max);
  return text;
}

std::size_t Server::log_bytes() const {
  std::error_code error;
  const auto size = std::filesystem::file_size(log_path_, error);
  return error ? 0 : size;
}

CommandResult run_adit(const std::vector<std::string>& arguments, std::chrono::milliseconds timeout) {
  const TempFolder folder;
  ChildProcess::Options child;
  child.arguments = {ADIT_BINARY};
  child.arguments.insert(child.arguments.end(), arguments.begin(), arguments.end());
  child.output = folder.path() / "output";
  ChildProcess process(child);
  const auto end = process.wait(timeout);
  auto output = read_text(child.output);
  if (!end) throw std::runtime_error("adit did not end in time\n" + output);
  return {*end, std::move(output)};
}

}  // namespace adit::test
