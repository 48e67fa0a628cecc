#include "support/http_client.h"

#include "support/answer_record.h"

namespace adit::test {

std::string multipart_body(const std::vector<UploadPart>& parts, std::string_view boundary) {
  std::string body;
  for (const auto& part : parts) {
    body += "--" + std::string(boundary) + "\r\nContent-Disposition: form-data; name=\"" + part.name +
            "\"; filename=\"" + part.filename + "\"\r\n";
    if (part.content_type) body += "Content-Type: " + *part.content_type + "\r\n";
    body += "\r\n" + part.bytes + "\r\n";
  }
  return body + "--" + std::string(boundary) + "--\r\n";
}

std::string request_text(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty() || request.method == "POST") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

Http::Http(std::string address, std::string key, Security security)
    : address_(std::move(address)), security_(security), authorization_("Bearer " + key) {}

Http Http::another() const {
  Http copy(address_, "", security_);
  copy.authorization_ = authorization_;
  return copy;
}

HttpResponse Http::send(HttpRequest request) {
  if (connection_ && connection_->closed_by_peer()) connection_.reset();
  if (!connection_) connection_ = std::make_unique<RawConnection>(address_, security_);
  if (authorization_) request.headers.insert(request.headers.begin(), {"Authorization", *authorization_});
  // Moved out, so that after a failure the connection is gone with its state.
  auto connection = std::move(connection_);
  std::optional<TransportError> send_failure;
  try {
    connection->send(request_text(request));
  } catch (const TransportError& error) {
    send_failure = error;  // the server may have answered early and closed: the answer counts
  }
  HttpResponse response;
  try {
    response = connection->read_response(request.method);
  } catch (const TransportError&) {
    if (send_failure) throw *send_failure;
    throw;
  }
  record_answer(request, response);
  if (!send_failure && response.header("connection").value_or("") != "close")
    connection_ = std::move(connection);
  return response;
}

HttpResponse Http::post_json(const std::string& target, const boost::json::value& value) {
  return post_text(target, boost::json::serialize(value));
}

HttpResponse Http::post_text(const std::string& target, std::string json_text) {
  return send({"POST", target, {{"Content-Type", "application/json"}}, std::move(json_text)});
}

HttpResponse Http::upload_raw(const std::string& target, std::string bytes, const std::string& content_type) {
  return send({"POST", target, {{"Content-Type", content_type}}, std::move(bytes)});
}

HttpResponse Http::upload_multipart(const std::string& target, const std::vector<UploadPart>& parts) {
  static constexpr std::string_view kBoundary = "----adit-test-boundary-7MA4YWxkTrZu0gW";
  return send({"POST",
               target,
               {{"Content-Type", "multipart/form-data; boundary=" + std::string(kBoundary)}},
               multipart_body(parts, kBoundary)});
}

}  // namespace adit::test
