#include "warehouse/duckdb/engine_message.h"

#include "formats/names.h"

namespace adit {
namespace {

constexpr std::size_t kMessageBytesMax = 4'000;

/// A path begins with a slash after a blank, quote, bracket or equals sign and has another character right
/// behind.
bool begins_path(std::string_view text, std::size_t at) {
  if (text[at] != '/' || at + 1 >= text.size() || text[at + 1] == ' ' || text[at + 1] == '/') return false;
  return at == 0 || std::string_view(" \"'(=:\n").find(text[at - 1]) != std::string_view::npos;
}

}  // namespace

std::string clean_engine_message(std::string_view message) {
  const auto excerpt = message.find("\n\nLINE ");
  const auto head = message.substr(0, excerpt);
  std::string clean;
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (!begins_path(head, i)) {
      clean += head[i];
      continue;
    }
    clean += "<path>";
    while (i + 1 < head.size() && std::string_view(" \"'),;\n").find(head[i + 1]) == std::string_view::npos)
      ++i;
  }
  if (excerpt != std::string_view::npos) clean.append(message.substr(excerpt));
  return shorten(clean, kMessageBytesMax);
}

Error to_user_error(const EngineFailure& failure) {
  const bool of_server =
      failure.of_circumstances() || failure.type == DUCKDB_ERROR_INTERNAL || failure.type == DUCKDB_ERROR_IO;
  if (of_server) return to_error(failure);
  return invalid(clean_engine_message(failure.message));
}

}  // namespace adit
