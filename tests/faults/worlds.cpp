#include "faults/worlds.h"

#include <algorithm>
#include <map>

#include "support/push_client.h"

namespace adit::test {
namespace {

/// More jobs of unknown outcome in one table and round than this would be too many worlds.
constexpr std::size_t kUnknownMax = 12;

/// What one world makes of one table.
struct Replay {
  TableContent content;
  std::vector<TableState> states;
  std::vector<std::string> why;
};

class Explanation {
 public:
  Explanation(const Model& model, const std::string& pool, const Observed& observed)
      : model_(model), observed_(observed) {
    for (std::size_t i = 0; i < model.tables.size(); ++i)
      if (model.tables[i].pool == pool) tables_.push_back(i);
  }

  std::optional<Inexplicable> find() {
    if (explain(0)) return std::nullopt;
    return problem_;
  }

 private:
  bool explain(std::size_t position);
  Replay replay(std::size_t index, const std::vector<const JobRecord*>& jobs) const;
  std::vector<const JobRecord*> jobs_of(std::size_t index) const;
  bool has_landed(const JobRecord& job) const {
    const auto found = landed_.find(&job);
    return found == landed_.end() || found->second;
  }
  void remember(std::size_t position, std::size_t index, Replay replayed);
  /// Of the tables before `position`, the last with another: whether their reads in one query fit.
  std::optional<std::string> unexplained_pairs(std::size_t position) const;

  const Model& model_;
  const Observed& observed_;
  std::vector<std::size_t> tables_;
  std::map<const JobRecord*, bool> landed_;                ///< of the jobs of unknown outcome
  std::map<std::size_t, std::vector<TableState>> states_;  ///< of the tables looked at, in this world
  std::optional<Inexplicable> problem_;
  std::size_t deepest_ = 0;
};

bool outcome_is_unknown(const JobRecord& job) {
  if (job.kind != JobKind::kPush) return job.executed == Certainty::kUncertain;
  return job.deleted == Certainty::kYes && !is_final_status(job.last_status);
}

bool may_have_landed(const JobRecord& job) {
  if (job.settled || job.executed == Certainty::kNo) return false;
  if (job.kind != JobKind::kPush) return true;
  return job.last_status == "DONE" || outcome_is_unknown(job);
}

std::vector<const JobRecord*> Explanation::jobs_of(std::size_t index) const {
  std::vector<const JobRecord*> jobs;
  for (const auto& job : model_.jobs)
    if (may_have_landed(*job) && job->touches(index)) jobs.push_back(job.get());
  std::ranges::sort(jobs, {}, &JobRecord::execute_sequence);
  return jobs;
}

Replay Explanation::replay(std::size_t index, const std::vector<const JobRecord*>& jobs) const {
  const auto& table = model_.tables[index];
  Replay result{.content = table.content, .states = {}, .why = {}};
  auto& states = result.states;
  states.push_back({.print = fingerprint(result.content), .by = "the last check"});
  for (const auto* job : jobs) {
    if (!has_landed(*job)) continue;
    const auto before = result.content ? result.content->size() : 0;
    land_in(*job, index, result.content);
    const auto after = result.content ? result.content->size() : 0;
    if (job->rows_said && *job->rows_said != static_cast<std::int64_t>(before - after)) {
      result.why.push_back("rule 4: " + job->name() + " says that it removed " +
                           std::to_string(*job->rows_said) + " rows, but it was " +
                           std::to_string(before - after));
    }
    states.push_back({fingerprint(result.content), job->name(), job->execute_begun, job->done_seen});
  }
  if (auto why = unexplained_read(states, table.reads)) result.why.push_back("rule 6: " + *std::move(why));
  return result;
}

std::optional<std::string> Explanation::unexplained_pairs(std::size_t position) const {
  const auto last = tables_[position];
  for (const auto& read : model_.pair_reads) {
    const auto [first, second] = read.tables;
    if (first != last && second != last) continue;
    if (!states_.contains(first) || !states_.contains(second)) continue;
    if (auto why = unexplained_pair({states_.at(first), states_.at(second)}, read)) return why;
  }
  return std::nullopt;
}

/// Keeps the first failure at the table that the search has got to at most: with it most is explained.
void Explanation::remember(std::size_t position, std::size_t index, Replay replayed) {
  if (problem_ && position <= deepest_) return;
  deepest_ = position;
  problem_ = Inexplicable{index, std::move(replayed.content), std::move(replayed.why)};
}

bool Explanation::explain(std::size_t position) {
  if (position == tables_.size()) return true;
  const auto index = tables_[position];
  const auto& table = model_.tables[index];
  const auto jobs = jobs_of(index);
  std::vector<const JobRecord*> open;
  for (const auto* job : jobs)
    if (outcome_is_unknown(*job) && !landed_.contains(job)) open.push_back(job);
  if (open.size() > kUnknownMax) {
    remember(position, index, {table.content, {}, {"too many jobs of unknown outcome"}});
    return false;
  }
  const auto found = observed_.tables.find({table.pool, table.qualified_name()});
  const bool is_there = found != observed_.tables.end();
  // A bit of `world` says that the open job of that number has not landed.
  for (std::size_t world = 0; world < (std::size_t{1} << open.size()); ++world) {
    for (std::size_t i = 0; i < open.size(); ++i) landed_[open[i]] = (world >> i & 1) == 0;
    auto replayed = replay(index, jobs);
    const bool same = replayed.content ? is_there && *replayed.content == found->second : !is_there;
    states_[index] = replayed.states;
    if (auto why = unexplained_pairs(position)) replayed.why.push_back("rule 7: " + *std::move(why));
    if (!same || !replayed.why.empty()) {
      remember(position, index, std::move(replayed));
    } else if (explain(position + 1)) {
      return true;
    }
  }
  for (const auto* job : open) landed_.erase(job);
  states_.erase(index);
  return false;
}

}  // namespace

std::optional<Inexplicable> explain_tables(const Model& model, const std::string& pool,
                                           const Observed& observed) {
  return Explanation(model, pool, observed).find();
}

}  // namespace adit::test
