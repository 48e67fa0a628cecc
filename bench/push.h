// AditServer and Pool: adit as its clients use it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "measure.h"
#include "support/push_client.h"
#include "support/server.h"
#include "upload.h"

namespace adit::bench {

/// The real binary with its default settings, but for `flags`, on a fresh data folder below `folder`, from
/// construction to destruction, which removes the data folder.
class AditServer {
 public:
  explicit AditServer(const std::filesystem::path& folder, std::vector<std::string> flags = {});
  ~AditServer();
  AditServer(const AditServer&) = delete;
  AditServer& operator=(const AditServer&) = delete;

  test::Server& server() { return server_; }
  pid_t pid() const { return server_.pid(); }
  /// Until the server has nothing left to do and the disk nothing left to write.
  void settle() const;

 private:
  std::filesystem::path data_;
  test::Server server_;
};

/// How often the client asks for a job whose end is awaited. Each question takes a tenth of a millisecond of
/// processor on both sides together: asked a thousand times a second they would take a twentieth of two
/// processors from an engine that works on both, so a load of seconds is asked for less often than a job of
/// milliseconds. What passes between two questions counts as adit's time.
constexpr std::chrono::milliseconds kAskOfSmallJob{1};
constexpr std::chrono::milliseconds kAskOfLoad{10};

/// One pool of a server. Not thread-safe.
class Pool {
 public:
  explicit Pool(AditServer& server);

  test::PoolClient& client() { return client_; }
  std::string create_job(boost::json::object spec) { return client_.create_job(std::move(spec)); }
  /// As one raw body.
  UploadTimes upload_chunk(const std::string& job, const std::filesystem::path& file,
                           std::optional<double> bytes_per_second = std::nullopt);
  /// Executes the job and asks for it, `interval` after each answer; returns when one says DONE. Throws with
  /// the job's logs when it ends otherwise.
  Instant execute_to_done(const std::string& job, std::chrono::milliseconds interval);
  void cancel_and_delete(const std::string& job);
  /// Throws unless the table has that many rows.
  void check_rows(const std::string& table, std::int64_t rows);

 private:
  std::string address_;
  std::string authorization_;
  test::PoolClient client_;
};

}  // namespace adit::bench
