// BodyMemory: what all bodies that are being received may hold in memory together.
#pragma once

#include <atomic>
#include <cstddef>

namespace adit::http {

/// Each body has some kilobytes anyway, so that it goes on, slowly, when the rest is taken. Thread-safe.
class BodyMemory {
 public:
  explicit BodyMemory(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// What one body has of it; given back by destruction. One thread at a time.
  class Share {
   public:
    explicit Share(BodyMemory& memory) : memory_(memory) {}
    ~Share() { memory_.taken_ -= bytes_; }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// False, and nothing is taken, where so much is not left.
    [[nodiscard]] bool take(std::size_t bytes) {
      if (memory_.taken_.fetch_add(bytes) + bytes > memory_.bytes_max_) {
        memory_.taken_ -= bytes;
        return false;
      }
      bytes_ += bytes;
      return true;
    }

   private:
    BodyMemory& memory_;
    std::size_t bytes_ = 0;
  };

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> taken_ = 0;
};

}  // namespace adit::http
