#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

namespace adit::log {
namespace {

std::atomic<Level> minimum{Level::kInfo};
std::atomic<Format> chosen_format{Format::kLogfmt};
std::optional<std::pair<std::string, std::string>> context;  // constant once threads run

spdlog::logger& sink() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("adit", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
    case Level::kOff:
      return "off";
  }
  return "off";
}

void append_quoted(std::string& line, std::string_view text) {
  line.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        line += "\\\"";
        break;
      case '\\':
        line += "\\\\";
        break;
      case '\n':
        line += "\\n";
        break;
      case '\r':
        line += "\\r";
        break;
      case '\t':
        line += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr std::string_view kDigits = "0123456789abcdef";
          line += "\\u00";
          line.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
          line.push_back(kDigits[static_cast<unsigned char>(c) & 0x0f]);
        } else {
          line.push_back(c);
        }
    }
  }
  line.push_back('"');
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\') return true;
  }
  return false;
}

std::string now_text() {
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto ms = now.time_since_epoch().count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(ms % 1000));
  return text;
}

void append_logfmt(std::string& line, std::string_view event, std::span<const Field> fields, Level level) {
  line += now_text();
  line += ' ';
  line += name_of(level);
  line += ' ';
  append_quoted(line, event);
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (field.quoted && needs_quotes(field.value)) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  if (context) line += ' ' + context->first + '=' + context->second;
}

void append_json(std::string& line, std::string_view event, std::span<const Field> fields, Level level) {
  line += R"({"time":")" + now_text() + R"(","level":")";
  line += name_of(level);
  line += R"(","event":)";
  append_quoted(line, event);
  for (const auto& field : fields) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    if (field.quoted) {
      append_quoted(line, field.value);
    } else {
      line += field.value;
    }
  }
  if (context) {
    line += ',';
    append_quoted(line, context->first);
    line += ':';
    append_quoted(line, context->second);
  }
  line += '}';
}

}  // namespace

void configure(Level level, Format format) {
  minimum = level;
  chosen_format = format;
}

Level configured_level() { return minimum; }
Format configured_format() { return chosen_format; }

void set_context(std::string_view key, std::string value) { context.emplace(key, std::move(value)); }

bool enabled(Level level) { return level >= minimum.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, std::span<const Field> fields) {
  std::string line;
  line.reserve(256);
  if (chosen_format.load(std::memory_order_relaxed) == Format::kJson) {
    append_json(line, event, fields, level);
  } else {
    append_logfmt(line, event, fields, level);
  }
  sink().log(spdlog::level::info, "{}", line);
}

}  // namespace adit::log
