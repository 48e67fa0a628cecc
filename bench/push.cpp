#include "push.h"

#include <stdexcept>
#include <thread>
#include <utility>

#include "disk.h"

namespace adit::bench {
namespace {

constexpr std::chrono::minutes kJobTimeout{10};

test::ServerOptions server_options(const std::filesystem::path& data, std::vector<std::string> flags) {
  test::ServerOptions options;
  options.flags = std::move(flags);
  options.flags.insert(options.flags.end(), {"--tls-listen", "off"});
  options.data = data;
  return options;
}

}  // namespace

AditServer::AditServer(const std::filesystem::path& folder, std::vector<std::string> flags)
    : data_(std::filesystem::absolute(folder) / "adit"), server_(server_options(data_, std::move(flags))) {
  std::filesystem::remove_all(data_);
  std::filesystem::create_directories(data_.parent_path());
  server_.start();
}

AditServer::~AditServer() {
  try {
    server_.terminate();
  } catch (const std::exception&) {
    server_.kill();
  }
  std::error_code ignored;
  std::filesystem::remove_all(data_, ignored);
}

void AditServer::settle() const {
  wait_until_idle(pid());
  flush_volume(data_);
}

Pool::Pool(AditServer& server)
    : address_(server.server().address()),
      authorization_("Authorization: Bearer " + server.server().admin_key() + "\r\n"),
      client_(server.server()) {}

UploadTimes Pool::upload_chunk(const std::string& job, const std::filesystem::path& file,
                               std::optional<double> bytes_per_second) {
  return upload({address_, "POST", client_.chunks_path(job),
                 authorization_ + "Content-Type: application/octet-stream\r\n", file, bytes_per_second});
}

Instant Pool::execute_to_done(const std::string& job, std::chrono::milliseconds interval) {
  client_.execute(job);
  const auto deadline = SteadyClock::now() + kJobTimeout;
  while (SteadyClock::now() < deadline) {
    std::this_thread::sleep_for(interval);
    const auto state = client_.job(job);
    const auto status = state.at("status").as_string();
    if (status == "DONE") return SteadyClock::now();
    if (test::is_final_status(status)) {
      throw std::runtime_error("the job ended in " + std::string(status) + ": " + test::logs_of(state));
    }
  }
  throw std::runtime_error("the job did not end in time");
}

void Pool::cancel_and_delete(const std::string& job) {
  if (const auto response = client_.try_cancel(job); response.status != 200) {
    throw std::runtime_error("cancel: status " + std::to_string(response.status));
  }
  if (const auto response = client_.try_delete(job); response.status != 204) {
    throw std::runtime_error("delete: status " + std::to_string(response.status));
  }
}

void Pool::check_rows(const std::string& table, std::int64_t rows) {
  const auto found = client_.value("SELECT count(*) FROM " + table);
  if (found != std::to_string(rows)) {
    throw std::runtime_error("adit has " + found + " rows in " + table + ", expected " +
                             std::to_string(rows));
  }
}

}  // namespace adit::bench
