#include "measure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <stdexcept>

namespace adit::bench {
namespace {

constexpr double kBytesPerMegabyte = 1e6;
constexpr double kMillisecondsPerSecond = 1e3;

std::string time_text(double seconds) {
  return seconds < 1 ? number_text(seconds * kMillisecondsPerSecond, 1, " ms")
                     : number_text(seconds, 2, " s");
}

std::string target_text(const Target& target) {
  const int decimals = target.value == std::floor(target.value) ? 0 : target.decimals;
  return (target.bound == Bound::kAtMost ? "≤ " : "≥ ") + number_text(target.value, decimals, target.unit);
}

bool is_met(double value, const Target& target) {
  return target.bound == Bound::kAtMost ? value <= target.value : value >= target.value;
}

std::string spread_text(const std::vector<double>& values, int decimals) {
  const auto [least, greatest] = std::ranges::minmax(values);
  return " (" + number_text(least, decimals, "") + "–" + number_text(greatest, decimals, "") + ")";
}

std::vector<double> quotients(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> result;
  for (std::size_t i = 0; i < above.size(); ++i) result.push_back(above[i] / below[i]);
  return result;
}

/// Columns of a terminal that a text takes: code points, as all that is printed here is one column wide.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

Line judged_line(std::string name, std::string adit, std::string yardstick, const std::vector<double>& values,
                 const Target& target) {
  const double value = median(values);
  return {std::move(name),
          std::move(adit),
          std::move(yardstick),
          number_text(value, target.decimals, target.unit) + spread_text(values, target.decimals),
          target_text(target),
          is_met(value, target)};
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) throw std::logic_error("the median of nothing");
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) throw std::logic_error("a quantile of nothing");
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

std::string number_text(double value, int decimals, const std::string& unit) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data() + unit;
}

Line ratio_line(std::string name, const Pairs& pairs, const Target& target) {
  return judged_line(std::move(name), time_text(median(pairs.adit)), time_text(median(pairs.yardstick)),
                     quotients(pairs.adit, pairs.yardstick), target);
}

Line throughput_line(std::string name, const Pairs& pairs, double bytes, const Target& target) {
  const auto rate = [bytes](const std::vector<double>& seconds) {
    return number_text(bytes / median(seconds) / kBytesPerMegabyte, 0, " MB/s");
  };
  return judged_line(std::move(name), rate(pairs.adit), rate(pairs.yardstick),
                     quotients(pairs.yardstick, pairs.adit), target);
}

Line difference_line(std::string name, const Pairs& pairs, const Target& target) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < pairs.adit.size(); ++i) {
    differences.push_back((pairs.adit[i] - pairs.yardstick[i]) * kMillisecondsPerSecond);
  }
  auto line = judged_line(std::move(name), time_text(median(pairs.adit)), time_text(median(pairs.yardstick)),
                          differences, target);
  if (median(differences) >= 0) line.result.insert(0, "+");
  return line;
}

Line absolute_line(std::string name, const std::vector<double>& values, const Target& target) {
  return judged_line(std::move(name), number_text(median(values), target.decimals, target.unit), "–", values,
                     target);
}

void print_table(std::ostream& out, const std::vector<Line>& lines) {
  std::vector<std::array<std::string, 6>> rows{
      {"what", "adit", "yardstick", "result (range)", "target", "met"}};
  for (const auto& line : lines) {
    rows.push_back({line.name, line.adit, line.yardstick, line.result, line.target, line.met ? "yes" : "NO"});
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (std::size_t number = 0; number < rows.size(); ++number) {
    std::string text;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += rows[number][i];
      if (i + 1 < widths.size()) text.append(widths[i] - width(rows[number][i]) + 2, ' ');
    }
    out << text << '\n';
    if (number > 0) continue;
    std::size_t total = 2 * (widths.size() - 1);
    for (const auto each : widths) total += each;
    out << std::string(total, '-') << '\n';
  }
}

}  // namespace adit::bench
