#include "warehouse/duckdb/checkpointer.h"

#include <malloc.h>

#include "base/log.h"

namespace adit {

Checkpointer::Checkpointer(OpenPoolRegistry& pools, std::chrono::milliseconds interval,
                           std::chrono::milliseconds idle_max, std::uint64_t wal_bytes_soon, Metrics& metrics)
    : pools_(pools),
      interval_(interval),
      idle_max_(idle_max),
      wal_bytes_soon_(wal_bytes_soon),
      metrics_(metrics),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Checkpointer::~Checkpointer() { stop(); }

void Checkpointer::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Result<void> Checkpointer::checkpoint(OpenPool& pool) {
  auto done = pool.checkpoint();
  if (done) {
    metrics_.checkpoints.Increment();
    return done;
  }
  metrics_.checkpoints_refused.Increment();
  log::info("warehouse.checkpoint_refused", {{"pool", pool.id()}, {"reason", done.error().internal_detail}});
  return done;
}

void Checkpointer::look_at(const OpenPool& pool) {
  if (pool.wal_bytes() < wal_bytes_soon_) return;
  *soon_.lock() = true;
  wake_.notify_all();
}

/// The allocator would keep what a pool had in small pieces: some 50 MiB of one that was used for long.
void Checkpointer::close_idle() {
  if (idle_max_.count() > 0 && pools_.close_idle(idle_max_) > 0) ::malloc_trim(0);
}

void Checkpointer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      auto soon = soon_.lock();
      wake_.wait_for(soon.unique_lock(), stop, interval_, [&] { return *soon; });
      *soon = false;
    }
    if (stop.stop_requested()) return;
    std::uint64_t wal_bytes = 0;
    for (const auto& pool : pools_.open_pools()) {
      if (pool->changed()) static_cast<void>(checkpoint(*pool));
      wal_bytes += pool->wal_bytes();
    }
    metrics_.wal_bytes.Set(static_cast<double>(wal_bytes));
    close_idle();
  }
}

}  // namespace adit
