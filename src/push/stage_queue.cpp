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

/// Whether a chunk that failed might be staged now: a DELTA is held against its table, which earlier jobs may
/// have changed since. What is wrong with a chunk whatever the table (damage, an engine that ended twice, a
/// file that can't be read) names no column.
bool may_fit_now(const Job& job, const Chunk& chunk) {
  return job.spec.type == JobType::kDelta &&
         std::ranges::any_of(chunk.errors, [](const auto& error) { return error.column.has_value(); });
}

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
  std::optional<Turn> turn;
  {
    auto state = state_.lock();
    Entry* entry = nullptr;
    changed_.wait(state.unique_lock(), stop, [&] {
      const auto found = state->entries.find(job.id);
      entry = found == state->entries.end() ? nullptr : &found->second;
      if (state->stopped || entry == nullptr) return true;
      return !entry->active && (!entry->big || has_big_place(*state, state->pools.at(job.pool)));
    });
    if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The push job was canceled."};
    if (entry != nullptr && !state->stopped) turn = begin_turn(*state, *entry);
  }
  if (!turn) return stage_pending(job, stop, Purpose::kLanding);
  const std::stop_callback pass_on(stop, [&] { turn->stop.request_stop(); });
  auto staged = stage_pending(job, turn->stop.get_token(), Purpose::kLanding);
  end_turn(job.id, staged);
  return staged;
}

void StageQueue::forget(JobId job) {
  auto state = state_.lock();
  const auto found = state->entries.find(job);
  if (found == state->entries.end()) return;
  found->second.stop.request_stop();
  if (!found->second.active) {
    erase(*state, job);
    changed_.notify_all();
    return;
  }
  changed_.wait(state.unique_lock(), [&] { return !state->entries.contains(job); });
}

std::size_t StageQueue::waiting(PoolId pool) const {
  auto state = state_.lock();
  const auto found = state->pools.find(pool);
  return found == state->pools.end() ? 0 : found->second.jobs();
}

void StageQueue::enqueue(State& state, Entry& entry) {
  entry.added_meanwhile = false;
  auto& pool = state.pools[entry.job.pool];
  (entry.big ? pool.big : pool.small).push_back(entry.job.id);
}

void StageQueue::erase(State& state, JobId job) {
  const auto entry = state.entries.find(job);
  const auto pool = state.pools.find(entry->second.job.pool);
  std::erase(pool->second.small, job);
  std::erase(pool->second.big, job);
  if (pool->second.jobs() == 0) state.pools.erase(pool);
  state.entries.erase(entry);
}

bool StageQueue::may_begin(const State& state, const Pool& pool) const {
  if (pool.pause.count() > 0) return pool.active == 0 && std::chrono::steady_clock::now() >= pool.until;
  return state.threads + pool.threads < options_.big_stages_max + options_.small_stages_max;
}

bool StageQueue::has_big_place(const State& state, const Pool& pool) const {
  return state.big_active < options_.big_stages_max + (pool.big_active == 0 ? 1 : 0);
}

StageQueue::Entry* StageQueue::runnable(State& state) const {
  for (const auto queue : {&Pool::small, &Pool::big}) {
    auto next = state.pools.upper_bound(state.last);
    for (auto left = state.pools.size(); left > 0; --left, ++next) {
      if (next == state.pools.end()) next = state.pools.begin();
      const auto& jobs = next->second.*queue;
      if (jobs.empty() || !may_begin(state, next->second)) continue;
      if (queue == &Pool::small || has_big_place(state, next->second)) return &state.entries.at(jobs.front());
    }
  }
  return nullptr;
}

StageQueue::Turn StageQueue::begin_turn(State& state, Entry& entry) {
  auto& pool = state.pools.at(entry.job.pool);
  std::erase(pool.small, entry.job.id);
  entry.counted_big = std::erase(pool.big, entry.job.id) > 0;
  if (entry.counted_big) {
    ++state.big_active;
    ++pool.big_active;
  }
  ++pool.active;
  entry.active = true;
  state.last = entry.job.pool;
  return {entry.job, entry.stop};
}

std::optional<StageQueue::Turn> StageQueue::next_turn() {
  auto state = state_.lock();
  for (;;) {
    if (state->stopped) return std::nullopt;
    if (auto* entry = runnable(*state)) {
      auto turn = begin_turn(*state, *entry);
      entry->has_thread = true;
      ++state->threads;
      ++state->pools.at(entry->job.pool).threads;
      // Who ends a big one may take a small one, and leave a big one that may run now.
      if (runnable(*state) != nullptr) work_.notify_one();
      return turn;
    }
    work_.wait_until(state.unique_lock(), next_look(*state));
  }
}

/// Nobody says when the pause of a pool is over.
std::chrono::steady_clock::time_point StageQueue::next_look(const State& state) const {
  const auto now = std::chrono::steady_clock::now();
  auto next = now + options_.silence_max;
  for (const auto& [id, pool] : state.pools) {
    if (pool.until > now) next = std::min(next, pool.until);
  }
  return next;
}

void StageQueue::work() {
  while (const auto turn = next_turn()) {
    const auto staged = stage_pending(turn->job, turn->stop.get_token(), Purpose::kAhead);
    if (!staged && staged.error().kind != ErrorKind::kCanceled) {
      log::warning("chunks wait to be staged", {{"job", turn->job.id},
                                                {"reason", staged.error().public_message},
                                                {"detail", staged.error().internal_detail}});
    }
    end_turn(turn->job.id, staged);
  }
}

void StageQueue::end_turn(JobId job, const Result<void>& staged) {
  const bool silent = !staged && (staged.error().kind == ErrorKind::kUnavailable ||
                                  staged.error().kind == ErrorKind::kTimeout);
  {
    auto state = state_.lock();
    auto& entry = state->entries.at(job);
    auto& pool = state->pools.at(entry.job.pool);
    if (std::exchange(entry.counted_big, false)) {
      --state->big_active;
      --pool.big_active;
    }
    if (std::exchange(entry.has_thread, false)) {
      --state->threads;
      --pool.threads;
    }
    --pool.active;
    entry.active = false;
    if (silent) {
      pool.pause = std::clamp(2 * pool.pause, options_.silence_min, options_.silence_max);
      pool.until = std::chrono::steady_clock::now() + pool.pause;
    }
    if ((silent || entry.added_meanwhile) && !entry.stop.stop_requested() && !state->stopped) {
      enqueue(*state, entry);
    } else {
      erase(*state, job);
    }
    // A caller of finish() takes no further turn.
    if (silent || runnable(*state) != nullptr) work_.notify_one();
  }
  changed_.notify_all();
}

void StageQueue::pool_answered(PoolId pool) {
  auto state = state_.lock();
  const auto found = state->pools.find(pool);
  if (found == state->pools.end() || found->second.pause.count() == 0) return;
  found->second.pause = {};
  work_.notify_one();
}

Result<StagedChunk> StageQueue::stage(const StagePlan& plan, const ChunkFile& file, std::stop_token stop,
                                      Purpose purpose) {
  const int attempts_max = purpose == Purpose::kLanding ? options_.attempts_max : 1;
  auto delay = options_.retry_delay;
  for (int attempt = 1;; ++attempt) {
    auto staged = warehouse_.stage(plan, file, stop);
    if (staged) pool_answered(plan.pool);
    if (staged || staged.error().kind != ErrorKind::kUnavailable || attempt == attempts_max) return staged;
    auto state = state_.lock();
    changed_.wait_for(state.unique_lock(), stop, delay, [&] { return state->stopped; });
    if (stop.stop_requested() || state->stopped) return staged;
    delay *= 2;
  }
}

Result<void> StageQueue::stage_pending(const Job& job, std::stop_token stop, Purpose purpose) {
  ADIT_TRY(const auto current, catalog_.find_job(job.pool, job.id, true));
  if (!current || is_final(current->status)) return {};
  ADIT_TRY(auto chunks, catalog_.list_chunks(job.id));
  const auto plan = stage_plan(job);
  const auto count = current->status == JobStatus::kNew ? count_settled(chunks) : chunks.size();
  bool discarded = false;
  for (std::size_t place = 0; place < count; ++place) {
    auto& chunk = chunks[place];
    if (stop.stop_requested()) return Error{ErrorKind::kCanceled, "The push job was canceled."};
    if (chunk.state == ChunkState::kStaged) continue;
    if (chunk.state == ChunkState::kFailed && (purpose == Purpose::kAhead || !may_fit_now(job, chunk)))
      continue;
    // What is staged has the types of the table of then; the landing stages it again.
    if (chunk.state == ChunkState::kFailed && !std::exchange(discarded, true))
      ADIT_CHECK(warehouse_.discard(job.pool, job.id));
    chunk.errors.clear();
    ADIT_TRY(const auto file, chunk_file(store_, job, chunk, place, fresh_from(started_, clock_.now())));
    if (chunk.bytes >= kSeenStagingBytesMin) {
      chunk.state = ChunkState::kStaging;
      ADIT_CHECK(catalog_.update_chunk(chunk, clock_.now()));
    }
    auto staged = stage(plan, file, stop, purpose);
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
