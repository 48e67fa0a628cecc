#include "api/errors.h"

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "formats/names.h"

namespace adit {
namespace {

namespace json = boost::json;

struct HttpError {
  int status;
  std::string_view title;
  std::string_view code;
};

/// The one table that maps failures to HTTP.
HttpError http_error(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return {400, "Bad Request", "BAD_REQUEST"};
    case ErrorKind::kUnauthorized:
      return {401, "Unauthorized", "UNAUTHORIZED"};
    case ErrorKind::kForbidden:
      return {403, "Forbidden", "ADMIN_ACCESS_ERROR"};
    case ErrorKind::kNotFound:
      return {404, "Not Found", "NOT_FOUND"};
    case ErrorKind::kConflict:
      return {409, "Conflict", "CONFLICT"};
    case ErrorKind::kReused:
      return {422, "Unprocessable Content", "IDEMPOTENCY_KEY_REUSED"};
    case ErrorKind::kTooLarge:
      return {413, "Content Too Large", "CONTENT_TOO_LARGE"};
    case ErrorKind::kRateLimited:
      return {429, "Too Many Requests", "LIMIT_RATE_EXCEEDED"};
    case ErrorKind::kStorageFull:
      return {507, "Insufficient Storage", "STORAGE_FULL"};
    case ErrorKind::kUnavailable:
      return {503, "Service Unavailable", "UNAVAILABLE"};
    case ErrorKind::kTimeout:
      return {504, "Time Limit Exceeded", "TIME_LIMIT_EXCEEDED"};
    case ErrorKind::kCanceled:
      return {409, "Canceled", "CANCELED"};
    case ErrorKind::kInternal:
      return {500, "Internal Server Error", "INTERNAL_ERROR"};
  }
  std::unreachable();
}

/// Codes that HTTP has and ErrorKind has not.
HttpError with_status(HttpError error, int status) {
  switch (status) {
    case 405:
      return {405, "Method Not Allowed", "METHOD_NOT_ALLOWED"};
    case 406:
      return {406, "Not Acceptable", "NOT_ACCEPTABLE"};
    case 408:
      return {408, "Request Timeout", "REQUEST_TIMEOUT"};
    case 414:
      return {414, "URI Too Long", "URI_TOO_LONG"};
    case 415:
      return {415, "Unsupported Media Type", "UNSUPPORTED_ENCODING"};
    case 417:
      return {417, "Expectation Failed", "EXPECTATION_FAILED"};
    case 431:
      return {431, "Request Header Fields Too Large", "HEADER_TOO_LARGE"};
    case 501:
      return {501, "Not Implemented", "NOT_IMPLEMENTED"};
    case 505:
      return {505, "HTTP Version Not Supported", "HTTP_VERSION_NOT_SUPPORTED"};
    default:
      error.status = status;
      return error;
  }
}

}  // namespace

http::Response error_response(const http::Request& request, const Error& error, std::optional<int> status) {
  auto known = http_error(error.kind);
  if (status) known = with_status(known, *status);
  json::object body;
  if (!error.fields.empty()) {
    json::array fields;
    for (const auto& field : error.fields) {
      fields.push_back(json::object{{"attribute", field.attribute},
                                    {"error", field.message},
                                    {"errorCode", "INVALID_VALUE"},
                                    {"additionalInfo", nullptr}});
    }
    body["errors"] = std::move(fields);
  } else {
    if (known.status == 401) body["error"] = "Unauthorized";
    body["reference"] = request.reference;
    body["message"] = error.public_message;
    body["shortMessage"] = known.title;
  }
  body["title"] = known.title;
  body["status"] = known.status;
  body["detail"] = error.public_message;
  body["errorCode"] = known.code;
  auto response = http::Response::json(known.status, as_utf8(json::serialize(body)));
  response.internal_detail = error.internal_detail;
  if (known.status == 503) response.headers.emplace_back("Retry-After", "2");
  if (known.status == 401)
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"adit\", AppKey realm=\"adit\"");
  return response;
}

http::Response rate_limited(const http::Request& request, std::string message,
                            std::chrono::seconds retry_after) {
  auto response = error_response(request, Error{ErrorKind::kRateLimited, std::move(message)});
  response.headers.emplace_back("Retry-After", std::to_string(retry_after.count()));
  return response;
}

}  // namespace adit
