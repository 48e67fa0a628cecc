// TextInPieces: a text that is sent whole where it is short, and streamed where it is long.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "http/message.h"

namespace adit {

/// Use: by one thread at a time.
class TextInPieces : public http::BodySource {
 public:
  Result<void> read(std::string& piece) final {
    if (first_) {
      piece = *std::exchange(first_, std::nullopt);
      return {};
    }
    return ended_ ? Result<void>() : make(piece);
  }

  /// The whole text, if it is one piece: then nothing is left to read. Else that piece is kept for read().
  Result<std::optional<std::string>> read_whole() {
    std::string piece;
    ADIT_CHECK(make(piece));
    if (ended_) return std::optional(std::move(piece));
    first_ = std::move(piece);
    return std::optional<std::string>();
  }

 protected:
  /// Appends the next piece. With the last one it calls end().
  virtual Result<void> make(std::string& piece) = 0;
  void end() { ended_ = true; }
  bool ended() const { return ended_; }

 private:
  bool ended_ = false;
  std::optional<std::string> first_;
};

}  // namespace adit
