// AditServer and Pool: adit as its clients use it.
#pragma once

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

/// One pool of a server. Not thread-safe.
class Pool {
 public:
  explicit Pool(AditServer& server);

  test::PoolClient& client() { return client_; }
  std::string create_job(boost::json::object spec) { return client_.create_job(std::move(spec)); }
  /// As one raw body.
  UploadTimes upload_chunk(const std::string& job, const std::filesystem::path& file,
                           std::optional<double> bytes_per_second = std::nullopt);
  /// Executes the job and asks for it every millisecond; returns when an answer says DONE. Throws with the
  /// job's logs when it ends otherwise.
  Instant execute_to_done(const std::string& job);
  void cancel_and_delete(const std::string& job);
  /// Throws unless the table has that many rows.
  void check_rows(const std::string& table, std::int64_t rows);

 private:
  std::string address_;
  std::string authorization_;
  test::PoolClient client_;
};

}  // namespace adit::bench
