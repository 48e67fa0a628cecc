#include "warehouse/duckdb/interrupter.h"

#include <algorithm>
#include <chrono>

namespace adit {
namespace {

constexpr std::chrono::milliseconds kRepeatInterval{5};

}  // namespace

Activity::Activity(Interrupter& interrupter, Connection& connection, PoolId pool, std::optional<JobId> job,
                   std::stop_token stop)
    : interrupter_(interrupter), connection_(connection), pool_(pool), job_(job), stop_(std::move(stop)) {
  interrupter_.add(this);
  callback_.emplace(stop_, [this] { interrupter_.wake_.notify_all(); });
}

Activity::~Activity() {
  callback_.reset();
  interrupter_.remove(this);
}

Result<void> Activity::check() const {
  if (stopped()) return Error{ErrorKind::kCanceled, "The work was canceled."};
  return {};
}

Result<void> Activity::shield() {
  const auto lock = interrupter_.activities_.lock();
  ADIT_CHECK(check());
  shielded_ = true;
  return {};
}

void Activity::unshield() {
  const auto lock = interrupter_.activities_.lock();
  shielded_ = false;
}

Interrupter::Interrupter() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

Interrupter::~Interrupter() {
  thread_.request_stop();
  wake_.notify_all();
}

void Interrupter::add(Activity* activity) { activities_.lock()->push_back(activity); }

void Interrupter::remove(Activity* activity) { activities_.lock()->remove(activity); }

void Interrupter::interrupt_pool(PoolId pool) {
  auto activities = activities_.lock();
  for (auto* activity : *activities) {
    if (activity->pool_ == pool) activity->forced_ = true;
  }
  wake_.notify_all();
}

std::optional<double> Interrupter::progress(JobId job) const {
  auto activities = activities_.lock();
  for (const auto* activity : *activities) {
    if (activity->job_ == job) return activity->connection_.progress();
  }
  return std::nullopt;
}

void Interrupter::run(const std::stop_token& stop) {
  // A stop callback can't take the lock (it may run inside an activity's constructor), so a wake-up may be
  // missed: the wait is bounded.
  constexpr std::chrono::milliseconds kLookInterval{20};
  constexpr std::chrono::milliseconds kIdleInterval{200};
  while (!stop.stop_requested()) {
    auto activities = activities_.lock();
    bool any_stopped = false;
    for (const auto* activity : *activities) {
      if (activity->shielded_ || !activity->stopped()) continue;
      activity->connection_.interrupt();
      any_stopped = true;
    }
    const auto interval = any_stopped ? kRepeatInterval : activities->empty() ? kIdleInterval : kLookInterval;
    wake_.wait_for(activities.unique_lock(), interval);
  }
}

}  // namespace adit
