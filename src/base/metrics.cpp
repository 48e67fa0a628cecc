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
      http_connections_gave_way(counter(*registry_, "adit_http_connections_gave_way_total",
                                        "Connections closed because all places were taken")),
      event_streams(gauge(*registry_, "adit_event_streams", "Open streams of events")),
      upload_bytes(counter(*registry_, "adit_upload_bytes_total", "Chunk bytes received")),
      chunks_stored(counter(*registry_, "adit_chunks_stored_total", "Chunks acknowledged")),
      jobs_finished(counters(*registry_, "adit_jobs_finished_total", "Push jobs that ended, by status")),
      rows_landed(counter(*registry_, "adit_rows_landed_total", "Rows of jobs that landed")),
      stage_seconds(seconds(*registry_, "adit_stage_seconds", "Time to stage one chunk")),
      land_seconds(seconds(*registry_, "adit_land_seconds", "Time to land one job, waiting excluded")),
      jobs_queued(gauge(*registry_, "adit_jobs_queued", "Jobs executed but not finished")),
      pools_open(gauge(*registry_, "adit_pools_open", "Engine instances open")),
      pools_damaged(gauge(*registry_, "adit_pools_damaged",
                          "Data pools whose file turned out damaged since the start")),
      checkpoints(counter(*registry_, "adit_checkpoints_total", "Checkpoints that succeeded")),
      checkpoints_refused(
          counter(*registry_, "adit_checkpoints_refused_total", "Checkpoints the engine refused")),
      openings_short_of_memory(counter(*registry_, "adit_pool_openings_short_of_memory_total",
                                       "Openings of pools that their share of memory did not suffice for")),
      wal_bytes(gauge(*registry_, "adit_wal_bytes", "Bytes in the write-ahead logs of open pools")),
      query_seconds(seconds(*registry_, "adit_query_seconds", "Time to answer one query")),
      executes_refused(counter(*registry_, "adit_executes_refused_total", "Executes beyond a team's limits")),
      quota_refusals(counter(*registry_, "adit_disk_quota_refused_total",
                             "Creates, uploads and executes refused by a pool's disk quota")),
      pools_near_quota(gauge(*registry_, "adit_pools_near_disk_quota",
                             "Pools that use nine tenths of their disk quota or more")),
      credentials_failed(
          counter(*registry_, "adit_credentials_failed_total", "Keys and passwords that do not hold")),
      credentials_slowed(counter(*registry_, "adit_credentials_slowed_total",
                                 "Keys and passwords whose sender was told to wait: 429")),
      audit_entries(counter(*registry_, "adit_audit_entries_total", "Entries written to the audit log")),
      audit_entries_lost(
          counter(*registry_, "adit_audit_entries_lost_total", "Entries that are missing in the audit log")),
      engine_hosts_started(
          counter(*registry_, "adit_engine_hosts_started_total", "Processes of engines that were started")),
      engine_hosts_died(counter(*registry_, "adit_engine_hosts_died_total",
                                "Processes of engines that ended by themselves")),
      engine_files_confined(
          gauge(*registry_, "adit_engine_files_confined",
                "1 where Landlock confines the engines' processes, which the kernel may lack")),
      certificate_days(BuildGauge()
                           .Name("adit_tls_certificate_days")
                           .Help("Days until the TLS certificate expires")
                           .Register(*registry_)) {
  // From the start, with zero: a rate can't be told of what is not there before it happens.
  for (const auto* status : {"DONE", "ERROR", "CANCELED"}) jobs_finished.Add({{"status", status}});
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(registry_->Collect()); }

}  // namespace adit
