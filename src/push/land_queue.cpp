#include "push/land_queue.h"

#include <pthread.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/log.h"

namespace adit {
namespace {

constexpr std::size_t kErrorsPerChunkMax = 10;

using Places = std::counting_semaphore<>;

struct GiveBack {
  void operator()(Places* places) const { places->release(); }
};

Error canceled() { return {ErrorKind::kCanceled, "The push job was canceled."}; }

/// The message names row, column and value itself.
std::string describe(const DataError& error) {
  if (!error.line || error.message.starts_with("Line ")) return ": " + error.message;
  return ", line " + std::to_string(*error.line) + ": " + error.message;
}

}  // namespace

std::vector<std::string> describe_failed_chunks(const std::vector<Chunk>& chunks) {
  std::vector<std::string> lines;
  for (std::size_t place = 0; place < chunks.size(); ++place) {
    const auto& chunk = chunks[place];
    if (chunk.state != ChunkState::kFailed) continue;
    const auto name = "Chunk " + std::to_string(place + 1) + " (" + chunk.id.to_string() + ")";
    const auto shown = std::min(chunk.errors.size(), kErrorsPerChunkMax);
    for (std::size_t i = 0; i < shown; ++i) lines.push_back(name + describe(chunk.errors[i]));
    if (chunk.errors.size() > shown) {
      lines.push_back(name + ": further errors stand in the chunk's adit.errors.");
    }
  }
  return lines;
}

LandQueue::LandQueue(Catalog& catalog, ChunkStore& store, Warehouse& warehouse, StageQueue& stages,
                     const Clock& clock, Metrics& metrics, LandQueueOptions options)
    : catalog_(catalog),
      store_(store),
      warehouse_(warehouse),
      stages_(stages),
      clock_(clock),
      started_(clock.now()),
      metrics_(metrics),
      options_(options),
      owner_(Uuid::random().to_string()),
      waits_(options.waits_max),
      state_(State({options.landings_max, options.silence_min, options.silence_max})) {}

LandQueue::~LandQueue() { stop(); }

void LandQueue::start() {
  for (std::size_t i = 0; i < options_.landings_max; ++i) {
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(), "land");
  }
}

void LandQueue::stop() {
  {
    auto state = state_.lock();
    state->stopped = true;
    for (auto& [job, stop] : state->running) stop.request_stop();
  }
  work_.notify_all();
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  const auto aside = state_.lock()->turns.remove_aside();
  for (const auto& job : aside) put_back(job);
}

void LandQueue::wake() {
  ++state_.lock()->wakes;
  work_.notify_one();
}

void LandQueue::interrupt(JobId job) {
  auto state = state_.lock();
  const auto found = state->running.find(job);
  if (found != state->running.end()) found->second.request_stop();
}

void LandQueue::stop_canceled(const Job& job) {
  if (job.status != JobStatus::kQueued) return interrupt(job.id);
  // A pool that does not answer would keep the caller's thread, which others have use for.
  const std::unique_ptr<Places, GiveBack> place(waits_.try_acquire() ? &waits_ : nullptr);
  if (!place || state_.lock()->turns.is_silent(job.pool)) return wake();
  // Who takes the job from here on sees that it is canceled and does not land it: what the mark says now
  // holds.
  if (const auto mark = find_mark(job); mark && !*mark) {
    const JobTransition change{
        {JobStatus::kQueued}, JobStatus::kCanceled, clock_.now(), {"Canceled by request."}};
    if (const auto changed = catalog_.transition(job.id, change, Durability::kFull); changed && *changed) {
      stages_.forget(job.id);
      discard_staged(job);
      note_end(job, change);
      ++state_.lock()->finished;
      changed_.notify_all();
    }
  }
  wake();  // whoever takes it says what its mark says; a job of the same table may have waited behind it
}

void LandQueue::interrupt_canceled() {
  std::vector<JobId> running;
  {
    auto state = state_.lock();
    for (const auto& [job, stop] : state->running) running.push_back(job);
  }
  for (const auto job : running) {
    if (const auto asked = catalog_.cancel_requested(job); asked && *asked) interrupt(job);
  }
}

Result<Job> LandQueue::wait_final(PoolId pool, JobId job, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const std::unique_ptr<Places, GiveBack> place(waits_.try_acquire() ? &waits_ : nullptr);
  for (;;) {
    const auto finished = state_.lock()->finished;
    ADIT_TRY(auto found, catalog_.find_job(pool, job, true));
    if (!found) return not_found("There is no such push job.");
    if (is_final(found->status)) return *std::move(found);
    if (!place) {
      return Error{ErrorKind::kUnavailable,
                   "The job is being stopped, and as many requests as may already wait for the end of a job. "
                   "Send this again in a moment to learn what became of it."};
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return Error{ErrorKind::kUnavailable,
                   "The job is being stopped, which takes longer than usual. Ask again for its status."};
    }
    auto state = state_.lock();
    const auto pause = std::min(options_.poll_interval, std::chrono::milliseconds(200));
    changed_.wait_for(state.unique_lock(), pause, [&] { return state->finished != finished; });
  }
}

void LandQueue::work() {
  while (begin_look()) {
    auto aside = state_.lock()->turns.take_aside(std::chrono::steady_clock::now());
    if (aside) {
      end_look(aside->pool);
      work_on(*aside, Turn::kAgain);
      continue;
    }
    const auto closed = state_.lock()->turns.closed();
    const auto job = catalog_.claim_next_job(owner_, clock_.now(), closed);
    if (!job) {
      log::error("no job could be taken from the catalog", {{"detail", job.error().internal_detail}});
    }
    const bool taken = job && *job;
    end_look(taken ? std::optional((*job)->pool) : std::nullopt);
    if (taken) run(**job);
  }
}

/// One thread looks at a time: the others would find the same job, or nothing.
bool LandQueue::begin_look() {
  auto state = state_.lock();
  do {
    auto until = std::chrono::steady_clock::now() + options_.poll_interval;
    // Whoever looks comes back here, and knows then what there is to ask.
    if (const auto question = state->looking ? std::nullopt : state->turns.next_question())
      until = std::min(until, *question);
    work_.wait_until(state.unique_lock(), until, [&] {
      return state->stopped || (!state->looking && state->wakes != state->wakes_seen);
    });
    if (state->stopped) return false;
  } while (state->looking);
  state->looking = true;
  state->wakes_seen = state->wakes;
  return true;
}

void LandQueue::end_look(std::optional<PoolId> taken) {
  {
    auto state = state_.lock();
    state->looking = false;
    if (taken) {
      state->turns.begin(*taken);
      ++state->wakes;  // there may be more
    }
  }
  if (taken) work_.notify_one();
}

void LandQueue::run(const Job& job) {
  state_.lock()->running[job.id];
  // A cancel that came between the claim and this point found no one to interrupt.
  if (const auto asked = catalog_.cancel_requested(job.id); asked && *asked) interrupt(job.id);
  work_on(job, Turn::kFirst);
}

void LandQueue::work_on(const Job& job, Turn turn) {
  std::stop_token stop;
  {
    auto state = state_.lock();
    // Once the queue is stopped, whoever had the job before may give it back, and its place here, only now.
    auto& source = state->running[job.id];
    if (state->stopped) source.request_stop();
    stop = source.get_token();
  }
  const auto outcome = land(job, turn, stop);
  if (outcome) finish(job, *outcome);
  const bool aside = !outcome && set_aside(job);
  if (!outcome && !aside) put_back(job);
  {
    auto state = state_.lock();
    state->turns.end(job.pool);
    if (!aside) state->running.erase(job.id);
    ++state->finished;
    ++state->wakes;  // its table, and one of its pool's threads, are free for the next job
  }
  changed_.notify_all();
}

LandQueue::Outcome LandQueue::land(const Job& job, Turn turn, const std::stop_token& stop) {
  auto delay = options_.retry_delay;
  // A process that died may have landed the job already, also where a power cut took its claim back.
  bool may_have_landed = turn == Turn::kAgain || job.claims > 1 || job.cancel_requested ||
                         job.execute_order <= catalog_.executed_before_opening();
  for (int attempt = 1;; ++attempt) {
    auto outcome = try_to_land(job, may_have_landed, stop);
    if (!outcome || *outcome || outcome->error().kind != ErrorKind::kUnavailable) return outcome;
    // So may an engine that ended before it could say so.
    may_have_landed = true;
    if (stop.stop_requested()) return settle(job, canceled());
    if (attempt == options_.attempts_max) return settle(job, outcome->error());
    auto state = state_.lock();
    changed_.wait_for(state.unique_lock(), stop, delay, [&] { return state->stopped; });
    delay *= 2;
  }
}

LandQueue::Outcome LandQueue::try_to_land(const Job& job, bool may_have_landed, const std::stop_token& stop) {
  // The mark decides, before anything else is looked at.
  if (may_have_landed) {
    auto mark = find_mark(job);
    if (!mark) return std::nullopt;
    if (*mark) {
      settle_chunks(job, stop);
      return **std::move(mark);
    }
  }
  return land_chunks(job, stop);
}

/// Whatever the error, it says nothing of the job, which may have landed: it is no outcome.
Result<std::optional<Landing>> LandQueue::find_mark(const Job& job) {
  auto mark = warehouse_.landed(job.pool, job.id);
  if (mark) {
    pool_answered(job.pool);
  } else {
    log::warning("whether a job has landed is not known yet", {{"job", job.id},
                                                               {"pool", job.pool},
                                                               {"reason", mark.error().public_message},
                                                               {"detail", mark.error().internal_detail}});
  }
  return mark;
}

Result<Landing> LandQueue::land_chunks(const Job& job, const std::stop_token& stop) {
  if (stop.stop_requested()) return canceled();
  ADIT_CHECK(stages_.finish(job, stop));
  ADIT_TRY(const auto chunks, catalog_.list_chunks(job.id));
  LandPlan plan{stage_plan(job), {}};
  for (std::size_t place = 0; place < chunks.size(); ++place) {
    if (chunks[place].state == ChunkState::kFailed) {
      return invalid("A chunk could not be read; the table is as it was before.");
    }
    ADIT_TRY(auto file, chunk_file(store_, job, chunks[place], place, fresh_from(started_, clock_.now())));
    plan.chunks.push_back(std::move(file));
  }
  return warehouse_.land(plan, stop);
}

/// A power cut may have taken what was read of the chunks of a job that has landed: it is written without
/// waiting for the disk. They are read once more, for their counts of rows alone. What is staged by that, or
/// was by a process that died here, must go: a job with staged rows is taken for one that has not landed.
void LandQueue::settle_chunks(const Job& job, const std::stop_token& stop) {
  auto settled = stages_.finish(job, stop);
  if (const auto discarded = warehouse_.discard(job.pool, job.id); settled && !discarded) settled = discarded;
  if (!settled) {
    log::warning("chunks of a landed job do not say what was read of them",
                 {{"job", job.id}, {"detail", settled.error().internal_detail}});
  }
}

/// What has become of a job that could not be landed: only its mark tells.
LandQueue::Outcome LandQueue::settle(const Job& job, const Error& error) {
  auto mark = find_mark(job);
  if (!mark) return std::nullopt;
  if (*mark) return **std::move(mark);
  return error;
}

/// A job whose pool does not answer keeps its place in its line, but no thread: others have use for that.
/// False once the queue is stopped.
bool LandQueue::set_aside(const Job& job) {
  auto state = state_.lock();
  if (state->stopped) return false;
  state->turns.set_aside(job, std::chrono::steady_clock::now());
  return true;
}

void LandQueue::pool_answered(PoolId pool) {
  auto state = state_.lock();
  if (!state->turns.answered(pool)) return;
  ++state->wakes;
  work_.notify_one();
}

void LandQueue::put_back(const Job& job) {
  record(job, {{JobStatus::kRunning}, JobStatus::kQueued, clock_.now()});
}

void LandQueue::finish(const Job& job, const Result<Landing>& outcome) {
  JobTransition change{{JobStatus::kRunning}, JobStatus::kDone, clock_.now()};
  if (outcome) {
    change.logs_added = outcome->notes;
    change.rows_landed = outcome->rows;
    return record(job, change);
  }
  const auto& error = outcome.error();
  if (error.kind == ErrorKind::kUnavailable && stopped()) {
    change.to = JobStatus::kQueued;
    return record(job, change);
  }
  if (error.kind == ErrorKind::kCanceled && stopped()) {
    const auto asked = catalog_.cancel_requested(job.id);
    if (!asked || !*asked) {
      change.to = JobStatus::kQueued;
      return record(job, change);
    }
  }
  if (error.kind == ErrorKind::kCanceled) {
    change.to = JobStatus::kCanceled;
    change.logs_added = {"Canceled by request; the table is as it was before."};
  } else {
    change.to = JobStatus::kError;
    change.logs_added = {error.public_message};
    if (const auto chunks = catalog_.list_chunks(job.id)) {
      for (auto& line : describe_failed_chunks(*chunks)) change.logs_added.push_back(std::move(line));
    }
  }
  discard_staged(job);
  if (!error.internal_detail.empty())
    log::error("job failed", {{"job", job.id}, {"detail", error.internal_detail}});
  record(job, change);
}

void LandQueue::discard_staged(const Job& job) {
  if (const auto discarded = warehouse_.discard(job.pool, job.id); !discarded) {
    log::warning("staged rows of an ended job stay",
                 {{"job", job.id}, {"detail", discarded.error().internal_detail}});
  }
}

void LandQueue::record(const Job& job, const JobTransition& change) {
  // What became of a job must reach the catalog; until it does the job stays RUNNING, and after a restart its
  // landing mark tells the same again.
  for (;;) {
    const auto changed = catalog_.transition(job.id, change, Durability::kFull);
    if (changed) break;
    log::error("a job's outcome could not be written",
               {{"job", job.id}, {"detail", changed.error().internal_detail}});
    auto state = state_.lock();
    if (state->stopped) return;
    changed_.wait_for(state.unique_lock(), options_.poll_interval, [&] { return state->stopped; });
  }
  if (is_final(change.to)) note_end(job, change);
}

void LandQueue::note_end(const Job& job, const JobTransition& change) {
  metrics_.jobs_finished.Add({{"status", std::string(to_string(change.to))}}).Increment();
  const auto executed = job.executed.value_or(job.created);
  log::info("job ended", {{"job", job.id},
                          {"pool", job.pool},
                          {"status", to_string(change.to)},
                          {"rows", change.rows_landed.value_or(0)},
                          {"ms", to_epoch_ms(change.at) - to_epoch_ms(executed)}});
}

}  // namespace adit
