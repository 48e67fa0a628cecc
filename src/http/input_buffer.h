// InputBuffer: bytes that were read from a connection and not used yet.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace adit::http {

/// Holds a head as it arrives, and what comes after a message: the next request, sent ahead.
class InputBuffer {
 public:
  /// What an empty one may keep of its memory: many connections wait for long.
  static constexpr std::size_t kIdleBytesMax = 16 * 1024;

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::span<char> bytes() { return {store_.data() + begin_, size()}; }

  /// Drops the first `count` bytes.
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ != end_) return;
    begin_ = end_ = 0;
    if (store_.size() > kIdleBytesMax) store_ = std::vector<char>();
  }

  /// At least `bytes_min` bytes to read into; then added().
  std::span<char> room(std::size_t bytes_min) {
    if (store_.size() - end_ < bytes_min) {
      if (!empty()) std::memmove(store_.data(), store_.data() + begin_, size());
      end_ = size();
      begin_ = 0;
      if (store_.size() - end_ < bytes_min) store_.resize(std::max(end_ + bytes_min, store_.size() * 2));
    }
    return std::span(store_).subspan(end_);
  }
  void added(std::size_t count) { end_ += count; }

  /// Moves bytes from the front to `target`; how many there were.
  std::size_t take(std::span<char> target) {
    const auto count = std::min(target.size(), size());
    if (count > 0) std::memcpy(target.data(), store_.data() + begin_, count);
    consume(count);
    return count;
  }

  /// Puts bytes back in front of all others. They must not lie in this buffer.
  void put_back(std::span<const char> bytes) {
    if (bytes.empty()) return;
    if (begin_ < bytes.size()) {
      const auto kept = size();
      if (store_.size() < bytes.size() + kept) store_.resize(bytes.size() + kept);
      if (kept > 0) std::memmove(store_.data() + bytes.size(), store_.data() + begin_, kept);
      begin_ = bytes.size();
      end_ = begin_ + kept;
    }
    begin_ -= bytes.size();
    std::memcpy(store_.data() + begin_, bytes.data(), bytes.size());
  }

 private:
  std::vector<char> store_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace adit::http
