// What happened to jobs, as the catalog keeps it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bell.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/event.h"

namespace adit {

struct EventBounds {
  std::int64_t last = 0;    ///< number of the newest event there ever was
  std::int64_t purged = 0;  ///< all events up to this one have been forgotten
};

struct EventPage {
  std::vector<Event> events;
  EventBounds bounds;  ///< as of the same moment
};

/// Events are written by the transactions that make them true, so that their numbers are in the order of the
/// commits: who has read up to a number will never find another event before it. For calls, threads and
/// errors see Catalog.
class EventCatalog {
 public:
  virtual ~EventCatalog() = default;

  /// Events behind `after`, oldest first, at most `limit`.
  virtual Result<EventPage> list_events(const EventScope& scope, std::int64_t after, std::uint64_t limit) = 0;
  /// The same of all pools.
  virtual Result<std::vector<Event>> list_all_events(std::int64_t after, std::uint64_t limit) = 0;
  virtual Result<EventBounds> event_bounds() = 0;
  /// Forgets the oldest events, at most `limit`: those before `before` and those beyond the newest
  /// `kept_max`. Returns how many. Relaxed durability.
  virtual Result<std::uint64_t> forget_events(Timestamp before, std::int64_t kept_max,
                                              std::uint64_t limit) = 0;
  /// Rung after every write of this process. Other processes' writes are not heard: look now and then.
  virtual std::shared_ptr<Bell> bell() const = 0;
};

}  // namespace adit
