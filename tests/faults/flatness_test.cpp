#include "faults/flatness.h"

#include <gtest/gtest.h>

namespace adit::test {
namespace {

TEST(Flatness, AStraightLineGrowsByWhatItRises) {
  EXPECT_NEAR(fitted_growth({{0, 10}, {1, 12}, {2, 14}, {3, 16}}), 6, 1e-9);
  EXPECT_NEAR(fitted_growth({{5, 3}, {6, 2}, {7, 1}}), -2, 1e-9);
}

TEST(Flatness, WhatGoesUpAndDownIsFlat) {
  std::vector<Measured> values;
  for (int i = 0; i <= 100; ++i) values.push_back({static_cast<double>(i), i % 2 == 0 ? 90.0 : 110.0});
  EXPECT_NEAR(fitted_growth(values), 0, 1);
  values.back().value = 200;
  EXPECT_LT(fitted_growth(values), 8) << "one high value at the end";
}

TEST(Flatness, TooFewValuesAreFlat) {
  EXPECT_EQ(fitted_growth({}), 0);
  EXPECT_EQ(fitted_growth({{1, 7}}), 0);
  EXPECT_EQ(fitted_growth({{1, 7}, {1, 9}}), 0);
  EXPECT_EQ(since({{1, 7}, {2, 8}}, 2).size(), 1U);
}

}  // namespace
}  // namespace adit::test
