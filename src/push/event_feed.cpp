#include "push/event_feed.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace adit {
namespace {

constexpr std::uint64_t kPage = 200;
constexpr std::uint64_t kNewsPage = 500;
constexpr std::size_t kTextBytes = 64 * 1024;
/// Jobs of one pool whose progress is told at a time.
constexpr std::uint64_t kJobsAtWorkMax = 20;

bool ends_job(const Event& event) { return event.status && is_final(*event.status); }

bool in_scope(const EventScope& scope, const EventScope& of_event) {
  return !scope.job || scope.job == of_event.job;
}

}  // namespace

EventFeed::EventFeed(Catalog& catalog, Warehouse& warehouse, const EventWriter& writer, Metrics& metrics,
                     EventFeedOptions options)
    : catalog_(catalog),
      warehouse_(warehouse),
      writer_(writer),
      metrics_(metrics),
      options_(options),
      bell_(catalog.bell()),
      thread_([this] { work(); }) {
  ::pthread_setname_np(thread_.native_handle(), "events");
}

EventFeed::~EventFeed() { stop(); }

void EventFeed::stop() {
  state_.lock()->stopped = true;
  came_.notify_all();
  bell_->ring();
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<EventListener>> EventFeed::listen(const EventScope& scope,
                                                         std::optional<std::int64_t> after) {
  ADIT_TRY(const auto bounds, catalog_.event_bounds());
  auto listener = std::make_unique<EventListener>(*this, scope, after, bounds);
  auto state = state_.lock();
  if (state->count >= options_.listeners_max) {
    return Error{ErrorKind::kUnavailable,
                 "The server has as many streams of events as it may; try again later."};
  }
  auto& of_pool = state->listeners[scope.pool];
  if (of_pool.size() >= options_.listeners_per_pool_max) {
    return Error{ErrorKind::kRateLimited,
                 "The data pool has as many streams of events as it may; close one or try again later."};
  }
  // Nobody was there to hand older events to.
  if (state->count == 0) state->seen = std::max(state->seen, bounds.last);
  of_pool.push_back(&listener->entry_);
  ++state->count;
  listener->registered_ = true;
  metrics_.event_streams.Increment();
  came_.notify_all();
  return listener;
}

void EventFeed::work() {
  auto heard = bell_->rings();
  auto next_progress = std::chrono::steady_clock::now();
  for (;;) {
    {
      // The bell rings for each write to the catalog: without listeners, it would wake the thread for
      // nothing.
      auto state = state_.lock();
      if (state->count == 0) progress_told_.clear();
      came_.wait(state.unique_lock(), [&] { return state->stopped || state->count > 0; });
      if (state->stopped) return;
    }
    if (const auto read = read_news(); !read)
      log::error("events could not be read", {{"detail", read.error().internal_detail}});
    if (const auto now = std::chrono::steady_clock::now(); now >= next_progress) {
      next_progress = now + options_.poll_interval;
      tell_progress();
    }
    heard = bell_->wait(heard, options_.poll_interval);
  }
}

Result<void> EventFeed::read_news() {
  for (;;) {
    std::int64_t seen = 0;
    {
      auto state = state_.lock();
      if (state->count == 0 || state->stopped) return {};
      seen = state->seen;
    }
    ADIT_TRY(const auto bounds, catalog_.event_bounds());
    ADIT_TRY(const auto events, catalog_.list_all_events(seen, kNewsPage));
    for (const auto& event : events) {
      // Who begins to listen after this question finds the event in the catalog.
      if (!wanted(event)) continue;
      const auto text = std::make_shared<const std::string>(writer_.event(event));
      hand_over({event.pool, event.job}, {event.number, text, ends_job(event)});
    }
    const bool all = events.size() < kNewsPage;
    auto upto = all ? std::max(seen, bounds.last) : seen;
    if (!events.empty()) upto = std::max(upto, events.back().number);
    if (upto - seen > static_cast<std::int64_t>(events.size())) have_jobs_looked_at();
    {
      auto state = state_.lock();
      state->seen = std::max(state->seen, upto);
    }
    if (all) return {};
  }
}

bool EventFeed::wanted(const Event& event) const {
  auto state = state_.lock();
  const auto found = state->listeners.find(event.pool);
  if (found == state->listeners.end()) return false;
  return std::ranges::any_of(
      found->second, [&](const Entry* entry) { return in_scope(entry->scope, {event.pool, event.job}); });
}

void EventFeed::hand_over(const EventScope& scope, const Told& told) {
  std::vector<std::function<void()>> wakes;
  {
    auto state = state_.lock();
    const auto found = state->listeners.find(scope.pool);
    if (found == state->listeners.end()) return;
    for (auto* entry : found->second) {
      if (!in_scope(entry->scope, scope)) continue;
      if (entry->waiting.size() >= options_.texts_waiting_max && told.number != 0) {
        entry->waiting.clear();
        entry->overflowed = true;
      } else if (!entry->overflowed && entry->waiting.size() < options_.texts_waiting_max) {
        entry->waiting.push_back(told);
      }
      if (entry->wake) wakes.push_back(entry->wake);
    }
  }
  for (const auto& wake : wakes) wake();
}

void EventFeed::have_jobs_looked_at() {
  std::vector<std::function<void()>> wakes;
  {
    auto state = state_.lock();
    for (const auto& [pool, entries] : state->listeners) {
      for (auto* entry : entries) {
        const bool told = !entry->waiting.empty() && !entry->waiting.back().text;
        if (!entry->scope.job || entry->overflowed || told) continue;
        entry->waiting.emplace_back();
        if (entry->wake) wakes.push_back(entry->wake);
      }
    }
  }
  for (const auto& wake : wakes) wake();
}

std::vector<EventScope> EventFeed::scopes() const {
  std::vector<EventScope> scopes;
  auto state = state_.lock();
  for (const auto& [pool, entries] : state->listeners) {
    const bool whole = std::ranges::any_of(entries, [](const Entry* entry) { return !entry->scope.job; });
    if (whole) scopes.push_back({pool});
    for (const auto* entry : entries) {
      if (entry->scope.job && !whole) scopes.push_back(entry->scope);
    }
  }
  return scopes;
}

/// Those of a pool that run; a job that somebody listens to may be staged before.
std::vector<Job> EventFeed::jobs_at_work(const EventScope& scope) {
  if (!scope.job) {
    JobFilter running;
    running.status = JobStatus::kRunning;
    running.limit = kJobsAtWorkMax;
    auto page = catalog_.list_jobs(scope.pool, running);
    return page ? std::move(page->jobs) : std::vector<Job>();
  }
  Job job;
  job.id = *scope.job;
  job.pool = scope.pool;
  return {job};
}

void EventFeed::tell_progress() {
  std::unordered_map<JobId, double> told;
  for (const auto& scope : scopes()) {
    for (const auto& job : jobs_at_work(scope)) {
      const auto progress = warehouse_.progress(job.id);
      if (!progress || told.contains(job.id)) continue;
      told[job.id] = *progress;
      const auto before = progress_told_.find(job.id);
      if (before != progress_told_.end() && before->second == *progress) continue;
      const auto text = std::make_shared<const std::string>(writer_.progress(job.id, *progress));
      hand_over({job.pool, job.id}, {0, text, false});
    }
  }
  progress_told_ = std::move(told);
}

EventListener::EventListener(EventFeed& feed, const EventScope& scope, std::optional<std::int64_t> after,
                             const EventBounds& bounds)
    : feed_(feed), position_(after.value_or(scope.job ? 0 : bounds.last)), resumed_(after.has_value()) {
  entry_.scope = scope;
  if (position_ <= bounds.last) return;
  // A number that was never given comes from another catalog: what it stood for can't be told.
  unknown_ = position_;
  position_ = scope.job ? 0 : bounds.last;
  resumed_ = false;
}

EventListener::~EventListener() {
  if (!registered_) return;
  auto state = feed_.state_.lock();
  const auto found = state->listeners.find(entry_.scope.pool);
  std::erase(found->second, &entry_);
  if (found->second.empty()) state->listeners.erase(found);
  --state->count;
  feed_.metrics_.event_streams.Decrement();
}

void EventListener::set_wake(std::function<void()> wake) {
  auto state = feed_.state_.lock();
  entry_.wake = std::move(wake);
}

Result<EventListener::State> EventListener::read(std::string& text) {
  {
    auto state = feed_.state_.lock();
    behind_ = std::exchange(entry_.overflowed, false) || behind_;
  }
  if (behind_) {
    ADIT_TRY(const auto caught_up, catch_up(text));
    if (caught_up != State::kOpen) return caught_up;
    behind_ = false;
  }
  return take_waiting(text);
}

Result<EventListener::State> EventListener::catch_up(std::string& text) {
  const auto& scope = entry_.scope;
  // Before the events: a job that has ended by now has its last event among those that follow.
  std::optional<Job> job;
  if (scope.job) {
    ADIT_TRY(job, feed_.catalog_.find_job(scope.pool, *scope.job, true));
    if (!job) return State::kEnded;
  }
  ADIT_TRY(const auto page, feed_.catalog_.list_events(scope, position_, kPage));
  if (unknown_) text += feed_.writer_.lost(*std::exchange(unknown_, std::nullopt), position_);
  if (std::exchange(resumed_, true) && position_ < page.bounds.purged) {
    text += feed_.writer_.lost(position_, page.bounds.purged);
    position_ = page.bounds.purged;
  }
  for (const auto& event : page.events) {
    if (event.number <= position_) continue;
    text += feed_.writer_.event(event);
    position_ = event.number;
    if (scope.job && ends_job(event)) return State::kEnded;
    if (text.size() >= kTextBytes) return State::kMore;
  }
  if (page.events.size() == kPage) return State::kMore;
  position_ = std::max(position_, page.bounds.purged);
  if (!job || !is_final(job->status)) return State::kOpen;
  text += feed_.writer_.ended(*job, position_);
  return State::kEnded;
}

EventListener::State EventListener::take_waiting(std::string& text) {
  auto state = feed_.state_.lock();
  while (!entry_.waiting.empty()) {
    const auto told = std::move(entry_.waiting.front());
    entry_.waiting.pop_front();
    if (!told.text) {
      behind_ = true;
      return State::kMore;
    }
    if (told.number != 0 && told.number <= position_) continue;
    text += *told.text;
    if (told.number != 0) position_ = told.number;
    if (entry_.scope.job && told.ends_job) return State::kEnded;
    if (text.size() >= kTextBytes) return State::kMore;
  }
  return entry_.overflowed ? State::kMore : State::kOpen;
}

}  // namespace adit
