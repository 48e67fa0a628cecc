// Http: requests as a well-behaved client makes them, over one kept-alive connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/raw_connection.h"

namespace adit::test {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  HeaderList headers{};  ///< besides Host, Authorization and Content-Length
  std::string body{};
};

/// One file of a multipart body. By default as the guide's clients send it: field `file`, filename `file`, no
/// type.
struct UploadPart {
  std::string bytes;
  std::string name = "file";
  std::string filename = "file";
  std::optional<std::string> content_type = std::nullopt;
};

/// The text of a multipart body with the given boundary.
std::string multipart_body(const std::vector<UploadPart>& parts, std::string_view boundary);
/// The bytes of a whole request with Host and Content-Length.
std::string request_text(const HttpRequest& request);

/// Keeps its connection alive and connects anew when the server has closed it. Never sends a request
/// twice: a TransportError leaves the outcome open. Not thread-safe.
class Http {
 public:
  Http(std::string address, std::string key, Security security = Security::kPlain);
  /// For the same server and credentials, on a connection of its own.
  Http another() const;

  /// What stands in the Authorization header from now on; nothing: no such header.
  void set_authorization(std::optional<std::string> value) { authorization_ = std::move(value); }

  HttpResponse send(HttpRequest request);
  HttpResponse get(const std::string& target) { return send({"GET", target}); }
  HttpResponse del(const std::string& target) { return send({"DELETE", target}); }
  HttpResponse post(const std::string& target) { return send({"POST", target}); }
  HttpResponse post_json(const std::string& target, const boost::json::value& value);
  HttpResponse post_text(const std::string& target, std::string json_text);
  HttpResponse upload_raw(const std::string& target, std::string bytes,
                          const std::string& content_type = "application/octet-stream");
  HttpResponse upload_multipart(const std::string& target, const std::vector<UploadPart>& parts);

 private:
  std::string address_;
  Security security_;
  std::optional<std::string> authorization_;
  std::unique_ptr<RawConnection> connection_;
};

}  // namespace adit::test
