// Rows of small chunks that wait in memory until their job lands. A staging table for a hundred rows costs
// more than they do: a CREATE, a planned INSERT, a COMMIT, a DROP. What is held is only a copy: the chunk's
// file is durable, and whoever misses the rows stages it again.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "warehouse/duckdb/engine.h"

namespace adit {

/// How much a pool may hold. Thread-safe.
class HeldBudget {
 public:
  explicit HeldBudget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  bool take(std::uint64_t bytes) {
    if (taken_.fetch_add(bytes) + bytes <= bytes_max_) return true;
    taken_ -= bytes;
    return false;
  }
  void give_back(std::uint64_t bytes) { taken_ -= bytes; }

 private:
  const std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> taken_{0};
};

/// A part of a budget, given back by destruction.
class HeldShare {
 public:
  HeldShare() = default;
  HeldShare(HeldBudget& budget, std::uint64_t bytes) : budget_(&budget), bytes_(bytes) {}
  HeldShare(HeldShare&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
  HeldShare& operator=(HeldShare&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~HeldShare() {
    if (budget_ != nullptr) budget_->give_back(bytes_);
  }

 private:
  HeldBudget* budget_ = nullptr;
  std::uint64_t bytes_ = 0;
};

/// The rows of one chunk, with the change date and, for keyed jobs, the hidden columns.
struct HeldRows {
  std::vector<std::string> columns;  ///< of every piece; a column without any value may be left out
  std::vector<DataChunk> pieces{};
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< about what the pieces take in memory
  HeldShare share{};
};

}  // namespace adit
