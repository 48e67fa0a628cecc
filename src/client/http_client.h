// HttpClient: requests to one server over a connection that is kept open.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/retry.h"
#include "client/upload_body.h"
#include "client/url.h"

namespace adit::client {

struct HttpClientOptions {
  BaseUrl url;
  std::string key;
  bool insecure = false;  ///< take any certificate; a loopback address takes any anyway
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds answer_timeout{630'000};  ///< from the last byte sent to the end of the answer
  std::chrono::milliseconds stall_timeout{60'000};    ///< between two pieces of an upload
  /// Asked now and then: what is under way ends with kCanceled soon after it has become true. May be empty.
  StopQuestion stop{};
};

enum class Method { kGet, kPost, kPut, kDelete };

/// Fields of a request beside those that every request has.
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after{};  ///< when the server wants to be asked again

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
  /// Bytes sent so far of the body.
  using Progress = std::function<void(std::uint64_t)>;
  /// Takes the next bytes of an answer; an error ends the request with it.
  using Sink = std::function<Result<void>(std::string_view)>;

  explicit HttpClient(HttpClientOptions options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// Paths start with a slash and are percent-encoded; the base address's own path is put before them. `json`
  /// may be empty: then there is no body.
  Result<Answer> send(Method method, std::string_view path, const std::string& json = {},
                      const Headers& headers = {});
  Result<Answer> get(std::string_view path) { return send(Method::kGet, path); }
  Result<Answer> remove(std::string_view path) { return send(Method::kDelete, path); }
  Result<Answer> post(std::string_view path, const std::string& json) {
    return send(Method::kPost, path, json);
  }
  /// Streams a chunk as the body. An answer that comes before all was sent ends the sending.
  Result<Answer> upload(std::string_view path, const UploadBody& body, const Headers& headers,
                        const Progress& progress);
  /// Sends a request whose successful answer goes to `sink` as it comes and may be of any size; the body of a
  /// refusal stands in the result.
  Result<Answer> download(Method method, std::string_view path, const std::string& json,
                          const Headers& headers, const Sink& sink);

  const BaseUrl& url() const;
  /// Another client of the same server, for another thread; it knows how the key is to be sent.
  HttpClient sibling() const;
  /// Whether a connection has ever been made: a server that was never reached may be no server at all.
  bool has_connected() const;
  /// Replaces what was given with the options; an empty one takes it away.
  void set_stop(StopQuestion stop);

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace adit::client
