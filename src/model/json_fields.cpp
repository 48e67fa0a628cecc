#include "model/json_fields.h"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>

namespace adit {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepthMax = 32;

/// Reads exactly `digits` decimal digits from the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc() || end != text.data() + digits || text.front() == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::milliseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.') && !take(text, ',')) return std::chrono::milliseconds(0);
  int ms = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) ms = ms * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  for (; digits < 3; ++digits) ms *= 10;
  return std::chrono::milliseconds(ms);
}

std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return std::chrono::minutes(0);
  const bool negative = take(text, '-');
  if (!negative && !take(text, '+')) return std::nullopt;
  const auto hours = take_number(text, 2);
  take(text, ':');
  const auto minutes = text.empty() ? std::optional<int>(0) : take_number(text, 2);
  if (!hours || !minutes || *hours > 18 || *minutes > 59) return std::nullopt;
  const auto offset = std::chrono::minutes(*hours * 60 + *minutes);
  return negative ? -offset : offset;
}

}  // namespace

Result<json::object> parse_json_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::stream_parser parser({}, options);
  json::error_code error;
  const auto consumed = parser.write_some(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (error) {
    return invalid("The body is not valid JSON near byte " + std::to_string(consumed) + ": " +
                   error.message() + ".");
  }
  for (const char c : text.substr(consumed)) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      return invalid("The body holds more than one JSON value, from byte " + std::to_string(consumed) +
                     " on.");
    }
  }
  auto value = parser.release();
  if (!value.is_object()) return invalid("The body must be a JSON object.");
  return std::move(value.get_object());
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  Timestamp time = std::chrono::sys_days(date);
  if (text.empty()) return time;
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute) return std::nullopt;
  const auto second = take(text, ':') ? take_number(text, 2) : std::optional<int>(0);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;
  time +=
      std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second) + *fraction;
  return time - *zone;
}

Error invalid_fields(std::vector<FieldError> errors) {
  Error error{ErrorKind::kInvalid, errors.front().attribute + ": " + errors.front().message};
  error.fields = std::move(errors);
  return error;
}

FieldReader::FieldReader(const json::object& object, std::vector<FieldError>& errors, std::string prefix)
    : object_(object), errors_(errors), prefix_(std::move(prefix)) {}

const json::value* FieldReader::find(std::string_view name) const {
  const auto* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string FieldReader::path(std::string_view name) const {
  return prefix_.empty() ? std::string(name) : prefix_ + "." + std::string(name);
}

void FieldReader::fail(std::string_view name, std::string message) {
  errors_.push_back({path(name), std::move(message)});
}

std::optional<std::string> FieldReader::string(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::string(value->get_string());
  fail(name, "must be a string");
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::integer(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return value->get_int64();
  if (value->is_double() && std::trunc(value->get_double()) == value->get_double() &&
      std::abs(value->get_double()) < 9e15) {
    return static_cast<std::int64_t>(value->get_double());
  }
  fail(name, "must be an integer");
  return std::nullopt;
}

std::optional<bool> FieldReader::boolean(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  fail(name, "must be true or false");
  return std::nullopt;
}

std::optional<Timestamp> FieldReader::timestamp(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  // Years 0001 to 9999; beyond, ISO 8601 has no agreed form.
  constexpr std::int64_t kEarliest = -62'135'596'800'000;
  constexpr std::int64_t kLatest = 253'402'300'799'999;
  if (value->is_int64() && value->get_int64() >= kEarliest && value->get_int64() <= kLatest) {
    return from_epoch_ms(value->get_int64());
  }
  if (value->is_string()) {
    if (const auto time = parse_iso8601(value->get_string())) return time;
  }
  fail(name, "must be epoch milliseconds or an ISO 8601 date and time such as \"2024-01-31T12:00:00.000Z\"");
  return std::nullopt;
}

std::vector<std::string> FieldReader::strings(std::string_view name) {
  std::vector<std::string> texts;
  const auto* values = array(name);
  if (values == nullptr) return texts;
  for (const auto& value : *values) {
    if (!value.is_string()) {
      fail(name, "must be an array of strings");
      return {};
    }
    texts.emplace_back(value.get_string());
  }
  return texts;
}

const json::object* FieldReader::object(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return nullptr;
  if (value->is_object()) return &value->get_object();
  fail(name, "must be an object");
  return nullptr;
}

const json::array* FieldReader::array(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return nullptr;
  if (value->is_array()) return &value->get_array();
  fail(name, "must be an array");
  return nullptr;
}

}  // namespace adit
