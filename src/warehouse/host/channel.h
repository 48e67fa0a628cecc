// Messages over a Unix socket between the server and an engine's process.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "warehouse/host/messages.h"

namespace adit {

/// A message's length beside its head; above it the other side is taken for broken.
inline constexpr std::uint64_t kMessageBytesMax = 256ULL << 20;

struct Message {
  MessageKind kind = MessageKind::kAnswer;
  std::uint64_t number = 0;
  std::string payload;
  FileHandle file;  ///< where one came along
};

/// One end of a connected stream socket. Each message is a head of 24 bytes (magic and kind, flags, number,
/// payload length) and its payload. send() may be called from any thread, receive() from one at a time.
class Channel {
 public:
  explicit Channel(FileHandle socket) : socket_(std::move(socket)) {}

  /// Blocks while the other side does not read. kTooLarge before anything is sent; kUnavailable when nobody
  /// is there any more.
  Result<void> send(MessageKind kind, std::uint64_t number, std::string_view payload, int descriptor = -1);
  /// The next message. kUnavailable when the other side is gone or has sent what is none; kTimeout when it
  /// has sent nothing whole until `deadline`, after which the channel is of no more use.
  Result<Message> receive(std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt);
  /// Whether the other side has closed its end. Asks the kernel only.
  bool has_ended() const;
  /// Lets receive() and send() of both sides fail from now on.
  void shut_down();

 private:
  Result<void> receive_bytes(char* bytes, std::size_t count, FileHandle& file,
                             std::optional<std::chrono::steady_clock::time_point> deadline);

  FileHandle socket_;
  std::mutex sending_;
};

/// Two connected ends, closed at exec.
Result<std::pair<FileHandle, FileHandle>> make_socket_pair();

}  // namespace adit
