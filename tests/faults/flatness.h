// Whether what was measured again and again stays where it is.
#pragma once

#include <string>
#include <vector>

namespace adit::test {

struct Measured {
  double seconds = 0;  ///< since the beginning
  double value = 0;
};

/// By how much the straight line that fits best (least squares) rises from the first to the last of these; 0
/// for fewer than two. One high value at an end hardly moves it, steady growth does.
double fitted_growth(const std::vector<Measured>& values);
double mean(const std::vector<Measured>& values);
/// Those from this time on.
std::vector<Measured> since(const std::vector<Measured>& values, double seconds);

}  // namespace adit::test
