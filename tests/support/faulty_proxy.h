// FaultyProxy: a network between client and server that loses what a test wants lost.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace adit::test {

/// Passes bytes on between its own port and `upstream` (HOST:PORT), one thread for each connection. Its hooks
/// may be called by any of them.
class FaultyProxy {
 public:
  struct Cut {
    std::uint64_t after_to_server = UINT64_MAX;
    std::uint64_t after_from_server = UINT64_MAX;
  };
  struct Faults {
    /// Asked with the number of the answer, from 0, in the order in which they come from the server. True:
    /// the server has done what it was asked to, and the client gets the connection closed instead of the
    /// answer.
    std::function<bool(int)> lose_answer{};
    /// A connection that has carried this many bytes to the server carries no more; it stays open.
    std::uint64_t stall_after_bytes = UINT64_MAX;
    /// Asked for each connection, with its number from 0 on: after how many bytes to the server, or from it,
    /// both its sides are closed, whatever they are in the middle of.
    std::function<Cut(int)> cut{};
  };

  FaultyProxy(const std::string& upstream, Faults faults);
  ~FaultyProxy();
  FaultyProxy(const FaultyProxy&) = delete;
  FaultyProxy& operator=(const FaultyProxy&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int lost() const { return lost_; }
  /// Connections that were cut.
  int cuts() const { return cuts_; }
  /// From now on nothing passes on any connection.
  void stall() { stalled_ = true; }

 private:
  void accept_all();
  void carry(int client, Cut cut);

  const std::string upstream_;
  const Faults faults_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> answers_{0};
  std::atomic<int> lost_{0};
  std::atomic<int> cuts_{0};
  std::atomic<bool> stalled_{false};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::vector<std::jthread> carriers_;
  std::jthread acceptor_;
};

}  // namespace adit::test
