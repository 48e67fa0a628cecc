#include "warehouse/duckdb/engine_message.h"

#include <array>

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

struct Prefixed {
  std::string_view prefix;
  duckdb_error_type type;
};

// duckdb_prepare() gives no type of error, only the text that begins with it.
constexpr auto kServerErrors = std::to_array<Prefixed>({
    {"Out of Memory Error", DUCKDB_ERROR_OUT_OF_MEMORY},
    {"INTERNAL Error", DUCKDB_ERROR_INTERNAL},
    {"FATAL Error", DUCKDB_ERROR_FATAL},
    {"IO Error", DUCKDB_ERROR_IO},
    {"INTERRUPT Error", DUCKDB_ERROR_INTERRUPT},
});

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
  auto typed = failure;
  for (const auto& [prefix, type] : kServerErrors) {
    if (failure.message.starts_with(prefix)) typed.type = type;
  }
  const bool of_server = typed.fatal() || typed.storage_full() || typed.out_of_memory() ||
                         typed.interrupted() || typed.type == DUCKDB_ERROR_INTERNAL ||
                         typed.type == DUCKDB_ERROR_IO;
  if (of_server) return to_error(typed);
  return invalid(clean_engine_message(failure.message));
}

}  // namespace adit
