// One engine's process as the server sees it: questions and answers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "warehouse/host/channel.h"
#include "warehouse/host/process.h"

namespace adit {

/// What a process of an engine is told and given at its start.
struct HostStart {
  HostConfiguration configuration;
  LandingBook book;                       ///< answers its questions
  std::function<void()> ended;            ///< called once when it ends by itself
  std::function<void()> short_of_memory;  ///< called when its memory did not suffice to open the pool
  std::uint64_t resident_bytes_max = 0;   ///< memory of its own above which it is killed; 0: none
  std::chrono::milliseconds close_timeout{60'000};  ///< for the last checkpoint; then SIGKILL
  std::chrono::milliseconds send_timeout{10'000};   ///< for it to read what it is sent; then SIGKILL
};

/// Lifecycle: start() runs the process and hands it its configuration; destruction lets it write a last
/// checkpoint and waits for its end. Threads: any number of them ask at the same time, call() on a line that
/// nobody else uses meanwhile; of those who have used send() whoever waits reads the socket for all (in
/// neither case is there a thread between an answer and the one who waits for it). Once the process is gone,
/// and known to be gone, every question is answered with kUnavailable and healthy() is false for good.
class EngineHost {
 public:
  static constexpr bool kGoneOnceFailed = true;

  /// kInternal when there can be no process, or it refuses its configuration.
  static Result<std::unique_ptr<EngineHost>> start(HostStarter& starter, HostStart start, const Clock& clock,
                                                   Metrics& metrics);
  ~EngineHost();
  EngineHost(const EngineHost&) = delete;
  EngineHost& operator=(const EngineHost&) = delete;

  PoolId id() const { return start_.configuration.pool; }
  /// The pool's id, or what else it is there for: as `ps` and the log show it.
  std::string name() const;
  pid_t pid() const { return process_.pid(); }
  bool healthy() const { return !dead_; }
  /// Looks whether the process has ended meanwhile, without asking it anything.
  void look();
  /// How the process ended; empty while it lives.
  std::string end() const { return process_.end(); }

  using Deadline = Channel::Deadline;

  /// Asks and waits, until kTimeout at the deadline if there is one. A stop is passed on; what the process
  /// makes of it is the answer.
  template <class Request>
  Result<typename Request::Answer> ask(const Request& request, const std::stop_token& stop = {},
                                       Deadline deadline = {}) {
    ADIT_TRY(const auto answer, call(Request::kKind, question_bytes(clock_.now(), request), stop, deadline));
    return read_answer<typename Request::Answer>(answer.payload);
  }
  /// The same for an answer that brings a file, or whose number matters.
  Result<Message> call(MessageKind kind, const std::string& payload, const std::stop_token& stop,
                       Deadline deadline = {});

  /// A question under way: sent now, by kTimeout at the deadline if there is one, and waited for later.
  class Question;
  Result<std::unique_ptr<Question>> send(MessageKind kind, const std::string& payload,
                                         const std::stop_token& stop, Deadline deadline = {});

  /// Asks for the figures; null when the process has ended. One that does not take the question until the
  /// deadline is killed.
  std::unique_ptr<Question> ask_for_life(std::chrono::steady_clock::time_point deadline);
  /// Adds the figures to the metrics. A process that has not answered until the deadline is killed.
  void take_life(Question& question, std::chrono::steady_clock::time_point deadline);
  /// Kills a process that has more memory than it may, and waits until it is gone.
  void check_memory();
  /// Passes on that a question's work is to be stopped. Never waits: whoever stops may hold locks, or be the
  /// thread of all connections.
  void cancel(std::uint64_t number);
  /// Cancels everything under way.
  void interrupt();
  /// Ends a process that does nothing any more.
  void kill(std::string_view why);

 private:
  struct Waiting {
    std::condition_variable woken;
    bool sleeps = false;  ///< somebody waits for `woken`; a question may have nobody who waits for it yet
    std::optional<Result<Message>> answer;
  };
  struct State {
    std::map<std::uint64_t, std::shared_ptr<Waiting>> waiting;
    std::uint64_t last_number = 0;
    bool reading = false;  ///< one of those who wait reads the socket
  };
  using Locked = Guarded<State>::Handle<State>;

  EngineHost(pid_t pid, FileHandle socket, HostStart start, const Clock& clock, Metrics& metrics);

  /// Sends on the first connection. A process that does not read it within HostStart::send_timeout hangs and
  /// is killed; kTimeout at an earlier deadline.
  Result<void> send_first(MessageKind kind, std::uint64_t number, std::string_view payload, int descriptor,
                          Deadline deadline);
  /// A line that is not in use, or a new one.
  Result<std::unique_ptr<Channel>> take_line(Deadline deadline);
  /// Asks on a line and waits for the answer.
  Result<Message> ask_on(Channel& line, MessageKind kind, const std::string& payload,
                         const std::stop_token& stop, Deadline deadline);
  Result<Message> wait(Waiting& waiting, Deadline deadline);
  void read_one(Locked& state, Deadline deadline);
  /// Wakes one of those who wait, so that he reads, when nobody does.
  void hand_on_reading(const State& state) const;
  /// From the landing book.
  std::string answer_of_book(const Message& question) const;
  /// Makes sure that the process is gone and answers all who wait.
  void bury(Locked& state, std::string_view why);
  void take(const HostFigures& figures);

  const HostStart start_;
  const Clock& clock_;
  Metrics& metrics_;
  HostProcess process_;
  Channel channel_;
  std::atomic<bool> dead_{false};
  std::atomic<bool> closing_{false};
  Guarded<State> state_;
  Guarded<std::vector<std::unique_ptr<Channel>>> idle_lines_;  ///< the one used last is the last
  Guarded<HostFigures> counted_;
};

/// Lifecycle: made by EngineHost::send(), which it must not outlive; wait() at most once. Not waited for, the
/// answer is dropped when it comes.
class EngineHost::Question {
 public:
  Question(EngineHost& host, std::uint64_t number, std::shared_ptr<Waiting> waiting)
      : host_(host), number_(number), waiting_(std::move(waiting)) {}
  ~Question();
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  std::uint64_t number() const { return number_; }
  /// kTimeout at the deadline.
  Result<Message> wait(Deadline deadline = {});
  /// Passes stops on from now on.
  void watch(const std::stop_token& stop) {
    callback_.emplace(stop, [this] { host_.cancel(number_); });
  }

 private:
  EngineHost& host_;
  const std::uint64_t number_;
  const std::shared_ptr<Waiting> waiting_;
  std::optional<std::stop_callback<std::function<void()>>> callback_;
};

}  // namespace adit
