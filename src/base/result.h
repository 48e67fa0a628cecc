// Result<T>: the value of an operation or the reason why there is none.
//
// base/ is what every other folder may use: results, ids, time, files, threads, logging. It knows nothing
// of jobs, tables or HTTP.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace adit {

/// What kind of failure it is, in words that belong to no protocol. api/errors.cpp maps each to HTTP, once.
enum class ErrorKind {
  kInvalid,       ///< the request or its data is wrong; the caller mends it and asks again
  kUnauthorized,  ///< no credentials, or none that hold
  kForbidden,     ///< known, but not permitted
  kNotFound,      ///< no such thing, or none that this caller may know of
  kConflict,      ///< the thing is in a state that does not allow this
  kReused,        ///< a key that stands for one request came with another one
  kTooLarge,      ///< a bound on size was passed
  kRateLimited,   ///< too many requests; later they are welcome
  kStorageFull,   ///< no space on the volume
  kUnavailable,   ///< shutting down, overloaded, or a pool is being repaired; the same request may go through
                  ///< later
  kTimeout,       ///< the caller's or the server's time limit passed
  kCanceled,      ///< somebody asked to stop it
  kInternal,      ///< a bug or a broken machine; the log has the detail
};

/// One wrong attribute of a request, in the terms of the caller.
struct FieldError {
  std::string attribute;  ///< the path of the field: `tableSchema.columns[2].columnType`
  std::string message;    ///< what is wrong and what would be right
};

/// Why an operation failed. `public_message` goes to the caller and holds no path, SQL or secret;
/// `internal_detail` goes to the log only.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string public_message;
  std::string internal_detail{};
  std::vector<FieldError> fields{};  ///< not empty only with kInvalid
};

inline Error invalid(std::string message) { return {ErrorKind::kInvalid, std::move(message)}; }
inline Error invalid_field(std::string attribute, std::string message) {
  Error error{ErrorKind::kInvalid, attribute + ": " + message};
  error.fields.push_back({std::move(attribute), std::move(message)});
  return error;
}
inline Error not_found(std::string message) { return {ErrorKind::kNotFound, std::move(message)}; }
inline Error conflict(std::string message) { return {ErrorKind::kConflict, std::move(message)}; }
/// A failure the caller can do nothing about; `detail` is for the log.
inline Error internal(std::string detail) {
  return {ErrorKind::kInternal, "An internal error; the server's log has the details.", std::move(detail)};
}

/// A thin [[nodiscard]] wrapper of std::expected: `if (!result) return result.error();`, `*result`,
/// `result->x`.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : value_(std::unexpected(std::move(error))) {}

  explicit operator bool() const { return value_.has_value(); }
  bool ok() const { return value_.has_value(); }

  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  /// By value: a loop over `*f()` holds what it goes through (before C++23's P2718, a reference would
  /// dangle).
  T operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

  const Error& error() const& { return value_.error(); }
  Error&& error() && { return std::move(value_).error(); }

 private:
  std::expected<T, Error> value_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : value_(std::unexpected(std::move(error))) {}

  explicit operator bool() const { return value_.has_value(); }
  bool ok() const { return value_.has_value(); }
  void operator*() const {}

  const Error& error() const& { return value_.error(); }
  Error&& error() && { return std::move(value_).error(); }

 private:
  std::expected<void, Error> value_;
};

#define ADIT_CONCAT_(a, b) a##b
#define ADIT_CONCAT(a, b) ADIT_CONCAT_(a, b)

/// `ADIT_TRY(auto file, open(path));` assigns the value or returns the error. Not for coroutines: g++ 12
/// crashes on co_await inside such a macro.
#define ADIT_TRY(declaration, expression) \
  ADIT_TRY_(ADIT_CONCAT(adit_result_, __LINE__), declaration, expression)
#define ADIT_TRY_(result, declaration, expression) \
  auto result = (expression);                      \
  if (!result) return std::move(result).error();   \
  declaration = *std::move(result)

/// `ADIT_CHECK(write(bytes));` returns the error of an operation whose value does not matter.
#define ADIT_CHECK(expression) \
  if (auto adit_checked = (expression); !adit_checked) return std::move(adit_checked).error()

}  // namespace adit
