#include "backup/missing_jobs.h"

#include <algorithm>
#include <set>

#include "formats/names.h"

namespace adit {
namespace {

std::vector<TableKey> tables_of(const LandedJob& job) {
  std::vector<TableKey> tables{fold_table(job.table)};
  for (const auto& mirror : job.mirrors) tables.push_back(fold_table({job.table.schema, mirror}));
  return tables;
}

/// Nothing of what its tables held before it is left.
bool empties_tables(const LandedJob& job) {
  return job.replaces || job.change == TableChangeKind::kDrop || job.change == TableChangeKind::kTruncate;
}

bool takes_rows_away(const LandedJob& job) { return empties_tables(job) || job.change || job.removes_rows; }

/// Says, from the last job to the first, whether later ones leave nothing of what a job did.
class Later {
 public:
  void add(const LandedJob& job) {
    // Its SQL may have read what an earlier job wrote, and have kept it elsewhere.
    if (job.runs_sql) emptied_.clear();
    if (!empties_tables(job)) return;
    for (auto& table : tables_of(job)) emptied_.insert(std::move(table));
  }
  bool leave_nothing_of(const LandedJob& job) const {
    return !job.runs_sql &&
           std::ranges::all_of(tables_of(job), [&](const auto& table) { return emptied_.contains(table); });
  }

 private:
  std::set<TableKey> emptied_;
};

/// Says, from the first job to the last, whether a table may have rows.
class Earlier {
 public:
  explicit Earlier(ForgottenJobs forgotten) : anywhere_(forgotten == ForgottenJobs::kSome) {}
  void add(const LandedJob& job) {
    if (job.runs_sql) anywhere_ = true;
    for (auto& table : tables_of(job)) {
      if (job.change && empties_tables(job)) {
        filled_.erase(table);
      } else if (!job.change) {
        filled_.insert(std::move(table));
      }
    }
  }
  bool may_have_filled(const LandedJob& job) const {
    return anywhere_ ||
           std::ranges::any_of(tables_of(job), [&](const auto& table) { return filled_.contains(table); });
  }

 private:
  bool anywhere_;
  std::set<TableKey> filled_;
};

}  // namespace

std::vector<MissingJob> missing_jobs(const std::vector<LandedJob>& jobs, const JobQuestion& present,
                                     const JobQuestion& landable, ForgottenJobs forgotten) {
  std::vector<MissingJob> missing;
  std::set<const LandedJob*> gone;
  Later later;
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    const bool there = present(*job);
    const bool comes = !there && landable(*job);
    if (!there)
      missing.push_back({&*job, comes                          ? JobFate::kLandable
                                : later.leave_nothing_of(*job) ? JobFate::kReplaced
                                                               : JobFate::kLost});
    if (there || comes) {
      later.add(*job);
    } else {
      gone.insert(&*job);
    }
  }
  std::ranges::reverse(missing);
  Earlier earlier(forgotten);
  auto next = missing.begin();
  for (const auto& job : jobs) {
    if (next != missing.end() && next->job == &job) {
      const bool filled = earlier.may_have_filled(job);
      if (next->fate == JobFate::kLost && job.change && !filled) next->fate = JobFate::kReplaced;
      next->rows_return = next->fate == JobFate::kLost && takes_rows_away(job) && filled;
      ++next;
    }
    if (!gone.contains(&job)) earlier.add(job);
  }
  return missing;
}

}  // namespace adit
