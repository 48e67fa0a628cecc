// Structured logging: an event and its fields, as one line of logfmt or JSON on standard error.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace adit {

class Uuid;
template <class Tag>
class Id;

namespace log {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };
enum class Format { kLogfmt, kJson };

/// One `key=value`. Never put a secret, a key, a query string or a row's content into one.
struct Field {
  std::string_view key;
  std::string value;
  bool quoted = true;  ///< false for numbers and booleans, which JSON writes bare

  Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  template <std::integral T>
  Field(std::string_view k, T v) : key(k), value(std::to_string(v)), quoted(false) {}
  template <std::floating_point T>
  Field(std::string_view k, T v) : key(k), value(std::to_string(v)), quoted(false) {}
  template <class Tag>
  Field(std::string_view k, const Id<Tag>& v) : key(k), value(v.to_string()) {}
};

/// Sets what is written and how. Call once, before threads start; the default is kInfo in logfmt.
void configure(Level level, Format format);
Level configured_level();
Format configured_format();
/// A field for the end of every line from now on. Call before threads start.
void set_context(std::string_view key, std::string value);
bool enabled(Level level);
/// Thread-safe; a line is written whole.
void write(Level level, std::string_view event, std::span<const Field> fields);
inline void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  write(level, event, std::span(fields.begin(), fields.size()));
}

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::kDebug)) write(Level::kDebug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::kInfo)) write(Level::kInfo, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::kWarning)) write(Level::kWarning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::kError)) write(Level::kError, event, fields);
}

}  // namespace log
}  // namespace adit
