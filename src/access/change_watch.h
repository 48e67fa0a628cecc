// ChangeWatch: notices that somebody, perhaps in another process, changed who may do what.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace adit {

/// What was read from the catalog holds as long as version() is what it was before the reading. Thread-safe.
class ChangeWatch {
 public:
  /// The catalog is asked this often at most, and so late a change made elsewhere is noticed at most, beside
  /// the time of one look into the catalog.
  static constexpr std::chrono::milliseconds kInterval{500};

  ChangeWatch(Catalog& catalog, const Clock& clock) : catalog_(catalog), clock_(clock) {}

  Result<std::uint64_t> version();
  /// After a change by this process: whoever asks from now on sees it.
  Result<void> refresh();

 private:
  struct State {
    std::uint64_t version = 0;
    Timestamp read{};
    bool known = false;
  };

  Catalog& catalog_;
  const Clock& clock_;
  Guarded<State> state_;
};

}  // namespace adit
