// EventFeed: tells listeners what happens to jobs, from where they left off.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/guarded.h"
#include "base/metrics.h"
#include "catalog/catalog.h"
#include "warehouse/warehouse.h"

namespace adit {

/// Puts events into the words that listeners read. Thread-safe; calls may block.
class EventWriter {
 public:
  virtual ~EventWriter() = default;
  virtual std::string event(const Event& event) const = 0;
  /// How a job ended, as the event of that number: where the event itself is forgotten.
  virtual std::string ended(const Job& job, std::int64_t number) const = 0;
  virtual std::string progress(JobId job, double progress) const = 0;
  /// Events behind `after` up to `purged` are forgotten.
  virtual std::string lost(std::int64_t after, std::int64_t purged) const = 0;
};

struct EventFeedOptions {
  std::size_t listeners_max = 1024;
  std::size_t listeners_per_pool_max = 256;
  std::chrono::milliseconds poll_interval{1000};  ///< looks for what other processes wrote, and for progress
  std::size_t texts_waiting_max = 1000;  ///< for one listener; beyond, it reads them from the catalog
};

class EventListener;

/// One thread reads new events once for all listeners and hands their text to those whose scope they are in;
/// it wakes up when this process wrote something, and at each poll. What a listener missed, because it was
/// away or is too slow, it reads from the catalog itself.
///
/// Events of a deleted pool may be erased before they are read here. Their numbers are missing then, and who
/// listens to a job looks at the catalog, whether it is still there.
///
/// No event is missed or told twice, since numbers are in the order of the commits: a listener is registered
/// before it reads the catalog, so that an event is in what it reads, or handed over later, or both; then its
/// number tells that it was told.
///
/// Lifecycle: works from construction to stop(). Threads: all calls from any thread.
class EventFeed {
 public:
  EventFeed(Catalog& catalog, Warehouse& warehouse, const EventWriter& writer, Metrics& metrics,
            EventFeedOptions options);
  ~EventFeed();
  void stop();

  /// Listens from behind the event `after` on; without one, from a job's first event, or from now on for a
  /// pool. kUnavailable or kRateLimited when the server or the pool has too many listeners.
  Result<std::unique_ptr<EventListener>> listen(const EventScope& scope, std::optional<std::int64_t> after);

 private:
  friend class EventListener;

  /// The text of an event; without a number it is progress, without a text the word to look at the catalog.
  struct Told {
    std::int64_t number = 0;
    std::shared_ptr<const std::string> text;
    bool ends_job = false;
  };
  /// What the feed knows of a listener.
  struct Entry {
    EventScope scope;
    std::function<void()> wake;
    std::deque<Told> waiting;
    bool overflowed = false;  ///< nothing waits any more: it has to read the catalog
  };
  struct State {
    std::unordered_map<PoolId, std::vector<Entry*>> listeners;
    std::size_t count = 0;
    std::int64_t seen = 0;  ///< all events up to this one were handed over
    bool stopped = false;
  };

  void work();
  Result<void> read_news();
  void tell_progress();
  bool wanted(const Event& event) const;
  void hand_over(const EventScope& scope, const Told& told);
  void have_jobs_looked_at();
  std::vector<EventScope> scopes() const;
  std::vector<Job> jobs_at_work(const EventScope& scope);

  Catalog& catalog_;
  Warehouse& warehouse_;
  const EventWriter& writer_;
  Metrics& metrics_;
  const EventFeedOptions options_;
  const std::shared_ptr<Bell> bell_;
  Guarded<State> state_;
  std::condition_variable came_;                     ///< a listener, or the end
  std::unordered_map<JobId, double> progress_told_;  ///< the thread's own
  std::thread thread_;
};

/// One listener, until its destruction. One thread at a time; the feed outlives it.
class EventListener {
 public:
  enum class State { kMore, kOpen, kEnded };

  EventListener(EventFeed& feed, const EventScope& scope, std::optional<std::int64_t> after,
                const EventBounds& bounds);
  ~EventListener();
  EventListener(const EventListener&) = delete;
  EventListener& operator=(const EventListener&) = delete;

  /// `wake` is called when there is something to read: from any thread, also once after destruction. It must
  /// not block.
  void set_wake(std::function<void()> wake);
  /// Appends what there is. A job's listener is kEnded after the event that ended the job, or when the job is
  /// gone.
  Result<State> read(std::string& text);

 private:
  friend class EventFeed;

  Result<State> catch_up(std::string& text);
  State take_waiting(std::string& text);

  EventFeed& feed_;
  EventFeed::Entry entry_;
  std::int64_t position_;  ///< events up to this one were told
  bool resumed_;           ///< the client was told events before
  bool behind_ = true;     ///< what it missed has to be read from the catalog
  bool registered_ = false;
  std::optional<std::int64_t> unknown_;  ///< where the client says it is, and nobody else knows
};

}  // namespace adit
