#include "api/accept.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "api/errors.h"

namespace adit {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// What stands before `separator`; takes it and the separator away from `text`.
std::string_view cut(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(piece);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

/// Both names of a form that are in use count.
bool names(const std::string& range, ResultFormat format) {
  if (range == media_type(format)) return true;
  if (format == ResultFormat::kParquet) return range == "application/x-parquet";
  if (format == ResultFormat::kJsonLines)
    return range == "application/jsonl" || range == "application/x-jsonlines";
  return false;
}

/// How exactly a media range fits: 0 not at all, 1 `*/*`, 2 `text/*`, 3 by name.
int fit(const std::string& range, ResultFormat format) {
  if (names(range, format)) return 3;
  if (range == "*/*") return 1;
  if (!range.ends_with("/*")) return 0;
  return media_type(format).starts_with(std::string_view(range).substr(0, range.size() - 1)) ? 2 : 0;
}

double quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto parameter = cut(parameters, ';');
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
    double value = 0;
    const auto text = parameter.substr(2);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::clamp(value, 0.0, 1.0) : 0;
  }
  return 1;
}

/// The quality that the most exact of the header's ranges gives.
double quality_of(std::string_view header, ResultFormat format) {
  int best_fit = 0;
  double best_quality = 0;
  while (!header.empty()) {
    auto element = cut(header, ',');
    const auto found = fit(lower(cut(element, ';')), format);
    if (found <= best_fit) continue;
    best_fit = found;
    best_quality = quality(element);
  }
  return best_quality;
}

}  // namespace

std::string_view media_type(ResultFormat format) {
  switch (format) {
    case ResultFormat::kJson:
      return "application/json";
    case ResultFormat::kJsonLines:
      return "application/x-ndjson";
    case ResultFormat::kCsv:
      return "text/csv";
    case ResultFormat::kParquet:
      return "application/vnd.apache.parquet";
  }
  return {};
}

std::optional<ResultFormat> accepted_format(const http::Request& request,
                                            std::span<const ResultFormat> offered) {
  const auto header = request.headers.find("Accept");
  if (!header || trimmed(*header).empty()) return offered.front();
  std::optional<ResultFormat> best;
  double best_quality = 0;
  for (const auto format : offered) {
    const auto found = quality_of(*header, format);
    if (found <= best_quality) continue;
    best = format;
    best_quality = found;
  }
  return best;
}

http::Response not_acceptable(const http::Request& request, std::span<const ResultFormat> offered) {
  std::string list;
  for (const auto format : offered) {
    list += list.empty() ? "" : ", ";
    list += media_type(format);
  }
  return error_response(
      request, invalid("The Accept header takes none of what this route answers: " + list + "."), 406);
}

}  // namespace adit
