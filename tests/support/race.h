// Race: requests that are sent at the same time, each over a connection of its own, and what came of each.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/http_client.h"
#include "support/server.h"

namespace adit::test {

struct Racer {
  HttpRequest request;
  std::chrono::microseconds pause{0};    ///< before it is sent
  std::optional<HttpResponse> answer{};  ///< absent: none came

  bool was(int status) const { return answer && answer->status == status; }
};

/// `start finish`, or `start wait_for_answers finish` with whatever is to happen in between. The threads open
/// their connections first and send when all have one.
class Race {
 public:
  explicit Race(std::vector<Racer> racers) : racers_(std::move(racers)) {}

  /// Returns when all are about to send.
  void start(const Server& server);
  /// Waits until so many answers have come, or all racers are through.
  void wait_for_answers(std::size_t count) const;
  std::vector<Racer> finish();

 private:
  std::vector<Racer> racers_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<bool> go_{false};
  std::atomic<std::size_t> through_{0};
  std::atomic<std::size_t> answers_{0};
  std::vector<std::jthread> threads_;
};

/// All of them, to their ends.
std::vector<Racer> race(const Server& server, std::vector<Racer> racers);

/// How many of them were answered so.
std::size_t answered(const std::vector<Racer>& racers, int status);

}  // namespace adit::test
