#include "base/metrics.h"

#include <prometheus/text_serializer.h>

namespace adit {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Registry;

prometheus::Family<prometheus::Counter>& counters(Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Counter& counter(Registry& registry, const char* name, const char* help) {
  return counters(registry, name, help).Add({});
}

prometheus::Gauge& gauge(Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& seconds(Registry& registry, const char* name, const char* help) {
  const prometheus::Histogram::BucketBoundaries bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                       0.5,   1,      2.5,   5,    10,    30,   60,  300};
  return BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
}

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<Registry>()),
      http_requests(counters(*registry_, "adit_http_requests_total", "HTTP requests answered")),
      http_seconds(seconds(*registry_, "adit_http_request_seconds", "Time from request head to answer sent")),
      http_connections(gauge(*registry_, "adit_http_connections", "Open client connections")),
      upload_bytes(counter(*registry_, "adit_upload_bytes_total", "Chunk bytes received")),
      chunks_stored(counter(*registry_, "adit_chunks_stored_total", "Chunks acknowledged")),
      jobs_finished(counters(*registry_, "adit_jobs_finished_total", "Push jobs that ended, by status")),
      rows_landed(counter(*registry_, "adit_rows_landed_total", "Rows of jobs that landed")),
      stage_seconds(seconds(*registry_, "adit_stage_seconds", "Time to stage one chunk")),
      land_seconds(seconds(*registry_, "adit_land_seconds", "Time to land one job, waiting excluded")),
      jobs_queued(gauge(*registry_, "adit_jobs_queued", "Jobs executed but not finished")),
      pools_open(gauge(*registry_, "adit_pools_open", "Engine instances open")),
      checkpoints(counter(*registry_, "adit_checkpoints_total", "Checkpoints that succeeded")),
      checkpoints_refused(
          counter(*registry_, "adit_checkpoints_refused_total", "Checkpoints the engine refused")),
      wal_bytes(gauge(*registry_, "adit_wal_bytes", "Bytes in the write-ahead logs of open pools")),
      query_seconds(seconds(*registry_, "adit_query_seconds", "Time to answer one query")) {}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_->Collect()); }

}  // namespace adit
