// Crowd: many hostile or unlucky peers on one thread, who come again whenever they are sent away.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "faults/crowd_scripts.h"

namespace adit::test {

struct CrowdOptions {
  std::vector<PeerKind> kinds;  ///< shared out among the connections
  std::size_t connections = 1000;
  /// Loopback addresses that they come from, in turn.
  std::vector<std::string> sources{"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"};
  std::uint64_t seed = 1;
};

struct CrowdCounts {
  std::uint64_t connected = 0;
  std::uint64_t not_connected = 0;         ///< the system refused
  std::map<int, std::uint64_t> answers{};  ///< by status; 0: closed without one
  std::uint64_t second_answers = 0;        ///< to what was hidden in a body
  std::uint64_t unavailable_without_retry_after = 0;
};

/// Works from construction to stop(), which ends all connections at once.
class Crowd {
 public:
  Crowd(CrowdTarget target, CrowdOptions options);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// Connections that are open; any thread.
  std::size_t open() const { return open_; }
  CrowdCounts counts() const;
  CrowdCounts stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Peer {
    PeerKind kind = PeerKind::kSilent;
    std::string source;
    Script script;
    int socket = -1;
    std::size_t said = 0;     ///< of the opening
    std::size_t dripped = 0;  ///< bytes
    Clock::time_point due{};  ///< of the next act
    Clock::time_point came{};
    std::string answer;       ///< its beginning
    std::uint64_t heard = 0;  ///< bytes
  };

  void work();
  void act(Peer& peer, Clock::time_point now);
  void connect(Peer& peer, Clock::time_point now);
  bool say(Peer& peer, std::string_view bytes, std::size_t& said);
  void hear(Peer& peer, Clock::time_point now);
  void leave(Peer& peer, Clock::time_point now);
  void note_answer(const Peer& peer);

  const CrowdTarget target_;
  const CrowdOptions options_;
  Rng rng_;
  int epoll_ = -1;
  std::vector<Peer> peers_;
  std::atomic<std::size_t> open_ = 0;
  std::atomic<bool> stopped_ = false;
  mutable std::mutex mutex_;
  CrowdCounts counts_;  ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace adit::test
