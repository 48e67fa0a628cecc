// FieldReader: takes typed fields out of a JSON object and remembers everything that is wrong with them.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace adit {

/// Parses a JSON object. kInvalid with the position for anything else; depth is bounded.
Result<boost::json::object> parse_json_object(std::string_view text);

/// Reads fields of one object. A null is absent; a field of the wrong type is absent and an error is added
/// that names it. Unknown fields are nobody's business. The object and the errors outlive the reader.
class FieldReader {
 public:
  FieldReader(const boost::json::object& object, std::vector<FieldError>& errors, std::string prefix = {});

  std::optional<std::string> string(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  /// Epoch milliseconds as an integer, or ISO 8601 text (`2024-01-31T12:00:00.000Z`; without a zone it is
  /// UTC).
  std::optional<Timestamp> timestamp(std::string_view name);
  std::vector<std::string> strings(std::string_view name);
  const boost::json::object* object(std::string_view name);
  const boost::json::array* array(std::string_view name);
  /// The value as it stands; null if absent or null.
  const boost::json::value* find(std::string_view name) const;

  void fail(std::string_view name, std::string message);
  std::string path(std::string_view name) const;

 private:
  const boost::json::object& object_;
  std::vector<FieldError>& errors_;
  const std::string prefix_;
};

/// One Error of kind kInvalid out of collected field errors; `errors` is not empty.
Error invalid_fields(std::vector<FieldError> errors);

/// ISO 8601 date or date and time, with `T` or a space, optional fraction and zone.
std::optional<Timestamp> parse_iso8601(std::string_view text);

}  // namespace adit
