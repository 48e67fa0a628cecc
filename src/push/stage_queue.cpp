#include "push/stage_queue.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace adit {
namespace {

/// A smaller chunk is staged before anybody could ask for it; saying so would cost as much as the staging.
constexpr std::uint64_t kSeenStagingBytesMin = 1ULL << 20;

/// Up to this size the digest costs less than a millisecond.
constexpr std::uint64_t kAlwaysCheckedBytesMax = 1ULL << 20;
/// So long what was written a moment ago is taken as it is: it would come from the system's cache, not from
/// the disk.
constexpr std::chrono::minutes kFreshTime{2};

}  // namespace

StagePlan stage_plan(const Job& job) { return {job.pool, job.id, job.spec, job.change_date()}; }

Result<ChunkFile> chunk_file(ChunkStore& store, const Job& job, const Chunk& chunk, std::size_t place,
                             Timestamp fresh) {
  ADIT_TRY(auto path, store.open(job.pool, job.id, chunk.id));
  ChunkFile file{chunk.id, static_cast<std::int64_t>(place), chunk.operation, std::move(path)};
  if (chunk.bytes <= kAlwaysCheckedBytesMax || chunk.created < fresh)
    file.stored = {chunk.bytes, chunk.digest};
  return file;
}

Timestamp fresh_from(Timestamp started, Timestamp now) { return std::max(started, now - kFreshTime); }

std::size_t count_settled(const std::vector<Chunk>& chunks) {
  if (chunks.empty() || !chunks.front().sequence) return chunks.size();
  auto next = *chunks.front().sequence;
  if (next > 1) return 0;
  std::size_t count = 0;
  while (count < chunks.size() && chunks[count].sequence == next) {
    ++count;
    ++next;
  }
  return count;
}

StageQueue::StageQueue(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, const Clock& clock,
                       StageQueueOptions options)
    : catalog_(catalog),
      store_(store),
      warehouse_(warehouse),
      clock_(clock),
      started_(clock.now()),
      options_(options) {
  for (std::size_t i = 0; i < options_.big_stages_max + options_.small_stages_max; ++i) {
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(), "stage");
  }
}

StageQueue::~StageQueue() { stop(); }

void StageQueue::stop() {
  {
    auto state = state_.lock();
    state->stopped = true;
    for (auto& [id, entry] : state->entries) entry.stop.request_stop();
  }
  work_.notify_all();
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void StageQueue::chunks_added(const Job& job, std::uint64_t bytes) {
  {
    auto state = state_.lock();
    if (state->stopped) return;
    auto [position, fresh] = state->entries.try_emplace(job.id);
    auto& entry = position->second;
    entry.big = entry.big || bytes >= options_.big_chunk_bytes_min;
    if (fresh) {
      entry.job = job;
      enqueue(*state, entry);
    } else {
      entry.added_meanwhile = true;
    }
  }
  work_.notify_one();
}

Result<void> StageQueue::finish(const Job& job, std::stop_token stop) {
  {
    auto state = state_.lock();
    changed_.wait(state.unique_lock(), stop,
                  [&] { return !state->entries.contains(job.id) || state->stopped; });
  }
  if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The push job was canceled."};
  return stage_pending(job, stop);
}

void StageQueue::forget(JobId job) {
  auto state = state_.lock();
  const auto found = state->entries.find(job);
  if (found == state->entries.end()) return;
  found->second.stop.request_stop();
  if (!found->second.active) {
    std::erase(state->small, job);
    std::erase(state->big, job);
    state->entries.erase(found);
    changed_.notify_all();
    return;
  }
  changed_.wait(state.unique_lock(), [&] { return !state->entries.contains(job); });
}

void StageQueue::enqueue(State& state, Entry& entry) {
  entry.added_meanwhile = false;
  (entry.big ? state.big : state.small).push_back(entry.job.id);
}

bool StageQueue::runnable(const State& state) const {
  return !state.small.empty() || (!state.big.empty() && state.big_active < options_.big_stages_max);
}

void StageQueue::work() {
  for (;;) {
    Job job;
    std::stop_token stop;
    {
      auto state = state_.lock();
      work_.wait(state.unique_lock(), [&] { return state->stopped || runnable(*state); });
      if (state->stopped) return;
      auto& queue = state->small.empty() ? state->big : state->small;
      auto& entry = state->entries.at(queue.front());
      entry.counted_big = &queue == &state->big;
      if (entry.counted_big) ++state->big_active;
      queue.pop_front();
      entry.active = true;
      job = entry.job;
      stop = entry.stop.get_token();
      // Who ends a big one may take a small one, and leave a big one that may run now.
      if (runnable(*state)) work_.notify_one();
    }
    if (const auto staged = stage_pending(job, stop);
        !staged && staged.error().kind != ErrorKind::kCanceled) {
      log::warning("chunks wait to be staged", {{"job", job.id},
                                                {"reason", staged.error().public_message},
                                                {"detail", staged.error().internal_detail}});
    }
    finish_turn(job.id);
  }
}

void StageQueue::finish_turn(JobId job) {
  {
    auto state = state_.lock();
    auto& entry = state->entries.at(job);
    entry.active = false;
    if (entry.counted_big) --state->big_active;
    entry.counted_big = false;
    if (entry.added_meanwhile && !entry.stop.stop_requested() && !state->stopped) {
      enqueue(*state, entry);
    } else {
      state->entries.erase(job);
    }
  }
  changed_.notify_all();
}

Result<StagedChunk> StageQueue::stage_with_retries(const StagePlan& plan, const ChunkFile& file,
                                                   std::stop_token stop) {
  auto delay = options_.retry_delay;
  for (int attempt = 1;; ++attempt) {
    auto staged = warehouse_.stage(plan, file, stop);
    if (staged || staged.error().kind != ErrorKind::kUnavailable || attempt == options_.attempts_max)
      return staged;
    auto state = state_.lock();
    changed_.wait_for(state.unique_lock(), stop, delay, [&] { return state->stopped; });
    if (stop.stop_requested() || state->stopped) return staged;
    delay *= 2;
  }
}

Result<void> StageQueue::stage_pending(const Job& job, std::stop_token stop) {
  ADIT_TRY(const auto current, catalog_.find_job(job.pool, job.id, true));
  if (!current || is_final(current->status)) return {};
  ADIT_TRY(auto chunks, catalog_.list_chunks(job.id));
  const auto plan = stage_plan(job);
  const auto count = current->status == JobStatus::kNew ? count_settled(chunks) : chunks.size();
  for (std::size_t place = 0; place < count; ++place) {
    auto& chunk = chunks[place];
    if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The push job was canceled."};
    if (chunk.state == ChunkState::kStaged || chunk.state == ChunkState::kFailed) continue;
    ADIT_TRY(const auto file, chunk_file(store_, job, chunk, place, fresh_from(started_, clock_.now())));
    if (chunk.bytes >= kSeenStagingBytesMin) {
      chunk.state = ChunkState::kStaging;
      ADIT_CHECK(catalog_.update_chunk(chunk, clock_.now()));
    }
    auto staged = stage_with_retries(plan, file, stop);
    if (!staged) {
      if (std::exchange(chunk.state, ChunkState::kStored) == ChunkState::kStaging) {
        ADIT_CHECK(catalog_.update_chunk(chunk, clock_.now()));
      }
      return std::move(staged).error();
    }
    chunk.state = staged->errors.empty() ? ChunkState::kStaged : ChunkState::kFailed;
    chunk.rows = staged->rows;
    chunk.errors = std::move(staged->errors);
    ADIT_CHECK(catalog_.update_chunk(chunk, clock_.now()));
  }
  return {};
}

}  // namespace adit
