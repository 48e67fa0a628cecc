// CSV files that adit's own reader, of small chunks, and the engine must read alike.
#pragma once

#include <gmock/gmock.h>

#include "warehouse/warehouse_fixture.h"

namespace adit {

class CsvFixture : public WarehouseTest {
 protected:
  using Lines = std::vector<std::string>;

  /// Once with each of the two readers.
  template <class Test>
  void both_ways(const std::string& content, Test test) {
    for (const std::uint64_t held : {options().held_chunk_bytes_max, std::uint64_t{0}}) {
      SCOPED_TRACE(::testing::PrintToString(content) + (held == 0 ? " by the engine" : ""));
      auto with = options();
      with.held_chunk_bytes_max = held;
      open(with);
      test();
    }
  }
  void expect(const std::string& content, const Lines& expected, const std::string& names = {}) {
    both_ways(content, [&] {
      job("t").csv("old\n1\n").land();
      job("t").csv(content).land();
      if (!names.empty()) {
        EXPECT_EQ(columns("t"), names);
      }
      EXPECT_EQ(rows("SELECT * EXCLUDE (_CELONIS_CHANGE_DATE) FROM t ORDER BY ALL"), expected);
    });
  }
};

}  // namespace adit
