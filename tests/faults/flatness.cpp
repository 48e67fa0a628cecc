#include "faults/flatness.h"

#include <algorithm>
#include <iterator>

namespace adit::test {

double mean(const std::vector<Measured>& values) {
  double sum = 0;
  for (const auto& value : values) sum += value.value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double fitted_growth(const std::vector<Measured>& values) {
  if (values.size() < 2) return 0;
  const auto mean_value = mean(values);
  double mean_time = 0;
  for (const auto& value : values) mean_time += value.seconds / static_cast<double>(values.size());
  double together = 0;
  double times = 0;
  for (const auto& value : values) {
    const auto time = value.seconds - mean_time;
    together += time * (value.value - mean_value);
    times += time * time;
  }
  if (times == 0) return 0;
  return together / times * (values.back().seconds - values.front().seconds);
}

std::vector<Measured> since(const std::vector<Measured>& values, double seconds) {
  std::vector<Measured> later;
  std::ranges::copy_if(values, std::back_inserter(later),
                       [&](const Measured& value) { return value.seconds >= seconds; });
  return later;
}

}  // namespace adit::test
