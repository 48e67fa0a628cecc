// Worlds: which of the jobs of unknown outcome have landed, so that tables and reads are what they are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "faults/model.h"
#include "faults/observation.h"

namespace adit::test {

/// A table that no world explains.
struct Inexplicable {
  std::size_t table = 0;         ///< index in Model::tables
  TableContent expected;         ///< in the most likely world
  std::vector<std::string> why;  ///< what is wrong besides the content
};

/// Looks for one world in which every table of the pool holds what was observed and every read of it is a
/// state that it had. Tries 2^n worlds where n outcomes are unknown; the first, in which all have landed,
/// nearly always is the one.
std::optional<Inexplicable> explain_tables(const Model& model, const std::string& pool,
                                           const Observed& observed);

}  // namespace adit::test
