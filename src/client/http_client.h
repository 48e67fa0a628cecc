// HttpClient: requests to one server over a connection that is kept open.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/url.h"

namespace adit::client {

struct HttpClientOptions {
  BaseUrl url;
  std::string key;
  bool insecure = false;  ///< take any certificate; a loopback address takes any anyway
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds answer_timeout{630'000};  ///< from the last byte sent to the end of the answer
  std::chrono::milliseconds stall_timeout{60'000};    ///< between two pieces of an upload
  /// Ends what is under way with kCanceled soon after it becomes true; may be set by a signal handler.
  const std::atomic<bool>* stop = nullptr;
};

struct Answer {
  int status = 0;
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
};

/// Sends requests one at a time and waits for their answers. Any answer that arrives is a value, whatever its
/// status (see error_of_answer); errors are kUnavailable when the server can't be reached or hangs up,
/// kTimeout, kCanceled, and kInvalid for a file that can't be read. One thread at a time.
///
/// A key goes as `Bearer`; where that is refused on the first request, as `AppKey` from then on if that is
/// taken.
class HttpClient {
 public:
  /// Bytes sent so far of the file.
  using Progress = std::function<void(std::uint64_t)>;

  explicit HttpClient(HttpClientOptions options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// Paths start with a slash and are percent-encoded; the base address's own path is put before them.
  Result<Answer> get(std::string_view path);
  Result<Answer> remove(std::string_view path);
  /// `json` may be empty: then there is no body.
  Result<Answer> post(std::string_view path, const std::string& json);
  /// Streams a file as the multipart field `file`. An answer that comes before all was sent ends the sending.
  Result<Answer> post_file(std::string_view path, const std::filesystem::path& file,
                           const Progress& progress);

  const BaseUrl& url() const;
  /// Replaces the flag that was given with the options; null takes it away.
  void set_stop(const std::atomic<bool>* stop);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace adit::client
