// Messages over a Unix socket between the server and an engine's process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/guarded.h"
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
/// payload length) and its payload. send() and send_soon() may be called from any thread, receive() from one
/// at a time.
class Channel {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  explicit Channel(FileHandle socket) : socket_(std::move(socket)) {}

  /// Blocks while the other side does not read, until kTimeout at `deadline` if there is one; a message of
  /// which a part is sent then ends the connection. kTooLarge before anything is sent; kUnavailable when
  /// nobody is there any more.
  Result<void> send(MessageKind kind, std::uint64_t number, std::string_view payload, int descriptor = -1,
                    Deadline deadline = std::nullopt);
  /// A message without payload, for which nobody waits: while another one is being sent, or the other side
  /// does not read, it is kept for whoever sends next. Of those that are kept the newest 4,096.
  void send_soon(MessageKind kind, std::uint64_t number);
  /// The next message. kUnavailable when the other side is gone or has sent what is none; kTimeout when it
  /// has sent nothing whole until `deadline`, after which the channel is of no more use.
  Result<Message> receive(Deadline deadline = std::nullopt);
  /// Whether the other side has closed its end. Asks the kernel only.
  bool has_ended() const;
  /// Lets receive() and send() of both sides fail from now on.
  void shut_down();

 private:
  struct Kept {
    MessageKind kind = MessageKind::kCancel;
    std::uint64_t number = 0;
  };
  struct Sending {
    bool taken = false;  ///< by one who sends, without the lock
    std::deque<Kept> kept;
  };

  /// Sends a whole message. Only for the one who has taken the sending, as the next one.
  Result<void> send_whole(MessageKind kind, std::uint64_t number, std::string_view payload, int descriptor,
                          Deadline deadline);
  /// Sends what is kept as far as it goes until then, and lets others send.
  void send_kept(Deadline deadline);
  Result<void> receive_bytes(char* bytes, std::size_t count, FileHandle& file, Deadline deadline);

  FileHandle socket_;
  std::condition_variable free_;
  Guarded<Sending> sending_;
};

/// Two connected ends, closed at exec.
Result<std::pair<FileHandle, FileHandle>> make_socket_pair();

}  // namespace adit
