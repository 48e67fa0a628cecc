// What adit counts, in the terms of Prometheus.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>

namespace adit {

/// All metrics of one server. Made once, handed to whoever counts. Thread-safe.
/// No label ever holds an id, a name of a table or anything else whose number grows with use.
class Metrics {
 public:
  Metrics();

  /// The text exposition format 0.0.4, for GET /metrics.
  std::string text() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;

 public:
  prometheus::Family<prometheus::Counter>& http_requests;  ///< labels: method, status
  prometheus::Histogram& http_seconds;
  prometheus::Gauge& http_connections;
  prometheus::Counter& http_connections_gave_way;
  prometheus::Gauge& event_streams;
  prometheus::Counter& upload_bytes;
  prometheus::Counter& chunks_stored;
  prometheus::Family<prometheus::Counter>& jobs_finished;  ///< label: status
  prometheus::Counter& rows_landed;
  prometheus::Histogram& stage_seconds;
  prometheus::Histogram& land_seconds;
  prometheus::Gauge& jobs_queued;
  prometheus::Gauge& pools_open;
  prometheus::Gauge& pools_damaged;
  prometheus::Counter& checkpoints;
  prometheus::Counter& checkpoints_refused;
  prometheus::Counter& openings_short_of_memory;
  prometheus::Gauge& wal_bytes;
  prometheus::Histogram& query_seconds;
  prometheus::Counter& executes_refused;
  prometheus::Counter& quota_refusals;
  prometheus::Gauge& pools_near_quota;
  prometheus::Counter& credentials_failed;
  prometheus::Counter& credentials_slowed;
  prometheus::Counter& audit_entries;
  prometheus::Counter& audit_entries_lost;
  prometheus::Counter& engine_hosts_started;
  prometheus::Counter& engine_hosts_died;
  prometheus::Gauge& engine_files_confined;
  prometheus::Family<prometheus::Gauge>& certificate_days;  ///< no labels; appears with TLS
};

}  // namespace adit
