// EventText: events as text/event-stream (WHATWG HTML, §9.2.6).
#pragma once

#include <string>

#include "catalog/catalog.h"
#include "push/event_feed.h"

namespace adit {

/// The events `status`, `chunk`, `finished` and `deleted` carry their number as id; `progress` has none,
/// since nobody has to go on behind it; `lost` has that of the last event that can't be told any more.
/// Thread-safe.
class EventText final : public EventWriter {
 public:
  /// `catalog` tells of a job that has ended; it outlives this.
  explicit EventText(Catalog& catalog) : catalog_(catalog) {}

  std::string event(const Event& event) const override;
  std::string ended(const Job& job, std::int64_t number) const override;
  std::string progress(JobId job, double progress) const override;
  std::string lost(std::int64_t after, std::int64_t purged) const override;

 private:
  Catalog& catalog_;
};

}  // namespace adit
