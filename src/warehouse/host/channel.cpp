#include "warehouse/host/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace adit {
namespace {

using Deadline = Channel::Deadline;

constexpr std::uint32_t kMagic = 0x41444954;
constexpr std::size_t kKeptMax = 4096;

struct Head {
  std::uint32_t magic = kMagic;
  std::uint16_t kind = 0;
  std::uint16_t has_file = 0;
  std::uint64_t number = 0;
  std::uint64_t payload_bytes = 0;
};
static_assert(sizeof(Head) == 24);

Error gone(std::string why) {
  return {ErrorKind::kUnavailable, "The pool's engine is not there at the moment; try again.",
          std::move(why)};
}

/// What a message carries beside its bytes: one descriptor.
union Ancillary {
  char bytes[CMSG_SPACE(sizeof(int))];
  cmsghdr aligned;
};

void attach(msghdr& message, Ancillary& ancillary, int descriptor) {
  message.msg_control = ancillary.bytes;
  message.msg_controllen = sizeof ancillary.bytes;
  auto* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
}

void detach(msghdr& message, FileHandle& file) {
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    file = FileHandle(descriptor);
  }
}

Error timeout() { return {ErrorKind::kTimeout, "The pool's engine does not answer."}; }

/// Until there is something to read or room to write, as `events` say.
Result<void> wait_ready(int socket, short events, const Deadline& deadline) {
  while (deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
    pollfd look{socket, events, 0};
    const auto ready = ::poll(&look, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) break;
    if (ready == 0) return timeout();
    if (errno != EINTR) return gone(std::string("poll: ") + std::strerror(errno));
  }
  return {};
}

}  // namespace

Result<void> Channel::send(MessageKind kind, std::uint64_t number, std::string_view payload, int descriptor,
                           Deadline deadline) {
  if (payload.size() > kMessageBytesMax) {
    return Error{ErrorKind::kTooLarge, "The answer is larger than can be handed on.",
                 std::to_string(payload.size()) + " bytes in one message"};
  }
  {
    auto sending = sending_.lock();
    const auto is_free = [&] { return !sending->taken; };
    if (!deadline) {
      free_.wait(sending.unique_lock(), is_free);
    } else if (!free_.wait_until(sending.unique_lock(), *deadline, is_free)) {
      return timeout();
    }
    sending->taken = true;
  }
  auto sent = send_whole(kind, number, payload, descriptor, deadline);
  send_kept(deadline);
  return sent;
}

void Channel::send_soon(MessageKind kind, std::uint64_t number) {
  {
    auto sending = sending_.lock();
    if (sending->kept.size() >= kKeptMax) sending->kept.pop_front();
    sending->kept.push_back({kind, number});
    if (sending->taken) return;
    sending->taken = true;
  }
  send_kept(std::chrono::steady_clock::now());
}

void Channel::send_kept(Deadline deadline) {
  auto sending = sending_.lock();
  while (!sending->kept.empty()) {
    const auto next = sending->kept.front();
    sending->kept.pop_front();
    sending.unique_lock().unlock();
    const auto sent = send_whole(next.kind, next.number, {}, -1, deadline);
    sending.unique_lock().lock();
    if (sent) continue;
    sending->kept.push_front(next);
    break;
  }
  sending->taken = false;
  free_.notify_one();
}

Result<void> Channel::send_whole(MessageKind kind, std::uint64_t number, std::string_view payload,
                                 int descriptor, Deadline deadline) {
  Head head{.kind = static_cast<std::uint16_t>(kind),
            .has_file = static_cast<std::uint16_t>(descriptor >= 0 ? 1 : 0),
            .number = number,
            .payload_bytes = payload.size()};
  std::array<iovec, 2> parts{iovec{&head, sizeof head},
                             iovec{const_cast<char*>(payload.data()), payload.size()}};
  msghdr message{};
  Ancillary ancillary{};
  if (descriptor >= 0) attach(message, ancillary, descriptor);
  for (std::size_t first = 0;;) {
    while (first < parts.size() && parts[first].iov_len == 0) ++first;
    if (first == parts.size()) return {};
    message.msg_iov = &parts[first];
    message.msg_iovlen = parts.size() - first;
    auto sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | (deadline ? MSG_DONTWAIT : 0));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && deadline && errno == EAGAIN) {
      auto ready = wait_ready(socket_.get(), POLLOUT, deadline);
      if (ready) continue;
      if (parts[0].iov_len < sizeof head) shut_down();  // the next message would begin within this one
      return ready;
    }
    if (sent < 0) return gone(std::string("sendmsg: ") + std::strerror(errno));
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    for (auto i = first; i < parts.size() && sent > 0; ++i) {
      const auto part = std::min(static_cast<std::size_t>(sent), parts[i].iov_len);
      parts[i].iov_base = static_cast<char*>(parts[i].iov_base) + part;
      parts[i].iov_len -= part;
      sent -= static_cast<ssize_t>(part);
    }
  }
}

Result<void> Channel::receive_bytes(char* bytes, std::size_t count, FileHandle& file, Deadline deadline) {
  while (count > 0) {
    ADIT_CHECK(wait_ready(socket_.get(), POLLIN, deadline));
    iovec part{bytes, count};
    msghdr message{};
    Ancillary ancillary{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = ancillary.bytes;
    message.msg_controllen = sizeof ancillary.bytes;
    const auto received = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return gone(std::string("recvmsg: ") + std::strerror(errno));
    if (received == 0) return gone("the other side has closed the socket");
    detach(message, file);
    bytes += received;
    count -= static_cast<std::size_t>(received);
  }
  return {};
}

Result<Message> Channel::receive(Deadline deadline) {
  Head head;
  Message message;
  ADIT_CHECK(receive_bytes(reinterpret_cast<char*>(&head), sizeof head, message.file, deadline));
  if (head.magic != kMagic || head.payload_bytes > kMessageBytesMax ||
      head.kind > static_cast<std::uint16_t>(wire_last(MessageKind{}))) {
    return gone("the other side has sent what is no message");
  }
  message.kind = static_cast<MessageKind>(head.kind);
  message.number = head.number;
  message.payload.resize(head.payload_bytes);
  ADIT_CHECK(receive_bytes(message.payload.data(), message.payload.size(), message.file, deadline));
  if (head.has_file == 0) message.file = FileHandle();
  return message;
}

bool Channel::has_ended() const {
  pollfd look{socket_.get(), POLLRDHUP, 0};
  return ::poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP)) != 0;
}

void Channel::shut_down() { ::shutdown(socket_.get(), SHUT_RDWR); }

Result<std::pair<FileHandle, FileHandle>> make_socket_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return system_error(errno, "socketpair");
  return std::pair(FileHandle(ends[0]), FileHandle(ends[1]));
}

}  // namespace adit
