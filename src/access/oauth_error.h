// OauthResult<T>: a value, or an error as OAuth names it.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace adit {

/// RFC 6749 §4.1.2.1 and §5.2.
enum class OauthFault {
  kInvalidRequest,
  kInvalidClient,
  kInvalidGrant,
  kUnauthorizedClient,
  kUnsupportedGrantType,
  kUnsupportedResponseType,
  kInvalidScope,
  kAccessDenied,
  kServerError,  ///< `cause` says which
};
std::string_view to_string(OauthFault fault);  ///< invalid_request, …

struct OauthError {
  OauthFault fault = OauthFault::kServerError;
  std::string description;
  std::optional<Error> cause{};  ///< no fault of the request

  OauthError(OauthFault what, std::string text) : fault(what), description(std::move(text)) {}
  /// Of the catalog: nothing that the client could mend.
  OauthError(Error error) : description(error.public_message), cause(std::move(error)) {}
};

/// Like Result<T>; ADIT_TRY takes both.
template <class T>
class [[nodiscard]] OauthResult {
 public:
  using value_type = T;

  OauthResult(T value) : value_(std::move(value)) {}
  OauthResult(OauthError error) : value_(std::unexpected(std::move(error))) {}
  OauthResult(Error error) : value_(std::unexpected(OauthError(std::move(error)))) {}

  explicit operator bool() const { return value_.has_value(); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const OauthError& error() const& { return value_.error(); }
  OauthError&& error() && { return std::move(value_).error(); }

 private:
  std::expected<T, OauthError> value_;
};

}  // namespace adit
