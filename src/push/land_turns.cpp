#include "push/land_turns.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace adit {

bool LandTurns::may_begin(PoolId pool) const {
  const auto found = threads_.find(pool);
  return (found == threads_.end() ? 0 : found->second) < free_;
}

bool LandTurns::may_ask(PoolId pool, const Silent& silent) const {
  return !silent.asking && !silent.jobs.empty() && may_begin(pool);
}

std::set<PoolId> LandTurns::closed() const {
  std::set<PoolId> pools;
  for (const auto& [pool, silent] : silent_) pools.insert(pool);
  for (const auto& [pool, threads] : threads_) {
    if (!may_begin(pool)) pools.insert(pool);
  }
  return pools;
}

std::optional<Job> LandTurns::take_aside(Moment now) {
  const auto next = std::ranges::find_if(again_, [&](const auto& job) { return may_begin(job.pool); });
  if (next != again_.end()) {
    auto job = std::move(*next);
    again_.erase(next);
    return job;
  }
  for (auto& [pool, silent] : silent_) {
    if (now < silent.until || !may_ask(pool, silent)) continue;
    auto job = std::move(silent.jobs.front());
    silent.jobs.pop_front();
    silent.asking = job.id;
    return job;
  }
  return std::nullopt;
}

std::optional<LandTurns::Moment> LandTurns::next_question() const {
  std::optional<Moment> next;
  for (const auto& [pool, silent] : silent_) {
    if (may_ask(pool, silent) && (!next || silent.until < *next)) next = silent.until;
  }
  return next;
}

void LandTurns::begin(PoolId pool) {
  ++threads_[pool];
  --free_;
}

void LandTurns::end(PoolId pool) {
  const auto found = threads_.find(pool);
  if (--found->second == 0) threads_.erase(found);
  ++free_;
}

void LandTurns::set_aside(const Job& job, Moment now) {
  auto& silent = silent_[job.pool];
  // The others, who tried while it fell silent, do not lengthen the pause.
  if (silent.pause.count() == 0 || silent.asking == job.id) {
    silent.asking.reset();
    silent.pause = std::clamp(2 * silent.pause, options_.silence_min, options_.silence_max);
    silent.until = now + silent.pause;
  }
  silent.jobs.push_back(job);
}

bool LandTurns::answered(PoolId pool) {
  const auto found = silent_.find(pool);
  if (found == silent_.end()) return false;
  std::ranges::move(found->second.jobs, std::back_inserter(again_));
  silent_.erase(found);
  return true;
}

std::vector<Job> LandTurns::remove_aside() {
  std::vector<Job> jobs(std::make_move_iterator(again_.begin()), std::make_move_iterator(again_.end()));
  for (auto& [pool, silent] : silent_) std::ranges::move(silent.jobs, std::back_inserter(jobs));
  again_.clear();
  silent_.clear();
  return jobs;
}

}  // namespace adit
