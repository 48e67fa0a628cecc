#include "app/option_values.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <utility>

namespace adit {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 10> kUnits{{
    {"", 1},
    {"b", 1},
    {"kb", 1000},
    {"mb", 1'000'000},
    {"gb", 1'000'000'000},
    {"tb", 1'000'000'000'000},
    {"kib", 1ULL << 10},
    {"mib", 1ULL << 20},
    {"gib", 1ULL << 30},
    {"tib", 1ULL << 40},
}};

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return result;
}

// Edits (insert, remove, replace) between two words, by the row-wise form of Wagner and Fischer's table.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  const Error wrong =
      invalid("`" + std::string(text) + "` is not a size; write it like 512MiB, 2GiB or 1000000");
  const std::string_view trimmed = trim(text);
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  if (code != std::errc{}) return wrong;
  const std::string unit = lower(trim(trimmed.substr(static_cast<std::size_t>(end - trimmed.data()))));
  for (const auto& [name, factor] : kUnits) {
    if (unit != name) continue;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor) return wrong;
    return number * factor;
  }
  return wrong;
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kBinary{
      {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}}};
  for (const auto& [name, factor] : kBinary) {
    if (bytes != 0 && bytes % factor == 0) return std::to_string(bytes / factor) + std::string(name);
  }
  return std::to_string(bytes);
}

Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t min, std::uint64_t max) {
  const std::string_view trimmed = trim(text);
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  if (code != std::errc{} || end != trimmed.data() + trimmed.size()) {
    return invalid("`" + std::string(text) + "` is not a whole number");
  }
  if (number < min || number > max) {
    return invalid("`" + std::string(text) + "` is not between " + std::to_string(min) + " and " +
                   std::to_string(max));
  }
  return number;
}

Result<std::chrono::hours> parse_retention(std::string_view text) {
  constexpr std::uint64_t kDaysMax = 10'000;
  const std::string_view trimmed = trim(text);
  if (trimmed == "off" || trimmed == "0") return std::chrono::hours(0);
  const char unit = trimmed.empty() ? ' ' : trimmed.back();
  if (unit != 'd' && unit != 'h') {
    return invalid("`" + std::string(text) + "` is no length of time; write it like 400d, 36h or off");
  }
  const std::uint64_t hours_of_unit = unit == 'd' ? 24 : 1;
  ADIT_TRY(const auto count,
           parse_count(trimmed.substr(0, trimmed.size() - 1), 0, kDaysMax * 24 / hours_of_unit));
  return std::chrono::hours(count * hours_of_unit);
}

std::string retention_text(std::chrono::hours time) {
  const auto hours = time.count();
  if (hours == 0) return "off";
  return hours % 24 == 0 ? std::to_string(hours / 24) + "d" : std::to_string(hours) + "h";
}

Result<std::string> parse_listen(std::string_view text) {
  const Error wrong = invalid("`" + std::string(text) +
                              "` is not HOST:PORT; write it like 127.0.0.1:8080, [::1]:8080 or 0.0.0.0:0");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong;
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (!bracketed && host.find_first_of(":[]") != std::string_view::npos) return wrong;
  if (!parse_count(text.substr(colon + 1), 0, 65535)) return wrong;
  return std::string(text);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const auto comma = text.find(',');
    if (const auto part = trim(text.substr(0, comma)); !part.empty()) parts.emplace_back(part);
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

Result<std::vector<std::string>> parse_origins(std::string_view text) {
  auto origins = split_list(text);
  for (const auto& origin : origins) {
    const auto scheme_end = origin.find("://");
    const bool scheme = origin.starts_with("http://") || origin.starts_with("https://");
    const bool host_only = scheme && origin.size() > scheme_end + 3 &&
                           origin.find_first_of("/?#* ", scheme_end + 3) == std::string::npos;
    if (origin != "*" && !host_only) {
      return invalid("`" + origin + "` is no origin: write https://HOST[:PORT] without a path, or *");
    }
  }
  return origins;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(3, word.size() / 3);
  for (const auto& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= best_distance && (best.empty() || distance < best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::uint64_t half_of_memory() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page_bytes = ::sysconf(_SC_PAGESIZE);
  std::uint64_t bytes = 4ULL << 30;
  if (pages > 0 && page_bytes > 0)
    bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
  std::uint64_t group_bytes = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> group_bytes && group_bytes > 0)
    bytes = std::min(bytes, group_bytes);
  constexpr std::uint64_t kMebibyte = 1ULL << 20;
  return std::max(bytes / 2 / kMebibyte, std::uint64_t{64}) * kMebibyte;
}

}  // namespace adit
