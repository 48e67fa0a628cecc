// What a pool lacks of the DONE jobs that the catalog knows of it, and what that means.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "catalog/catalog_file.h"

namespace adit {

/// What can become of a DONE job that has left no mark in its pool.
enum class JobFate {
  kLandable,  ///< its chunks are kept: it is landed again
  kReplaced,  ///< its chunks are gone, and nothing of it is missed: a later job has replaced or removed all
              ///< that it did, or there is nothing that its change would change
  kLost,      ///< its chunks are gone, and with them its rows or its change
};

struct MissingJob {
  const LandedJob* job = nullptr;
  JobFate fate = JobFate::kLost;
  /// kLost: it removed or replaced rows, and rows from before it may be in the pool, where they are back.
  bool rows_return = false;
};

/// Answers for one job; see below.
using JobQuestion = std::function<bool(const LandedJob& job)>;

/// Whether the pool has rows of jobs that the catalog has forgotten by now.
enum class ForgottenJobs { kNone, kSome };

/// Those of `jobs`, all of one pool in the order of their execute, that are not `present`, in that order.
/// `landable`: whether a job could be landed again. What can't be known counts as bad: a job with SQL may
/// have read or written any table, and so may one that is forgotten.
std::vector<MissingJob> missing_jobs(const std::vector<LandedJob>& jobs, const JobQuestion& present,
                                     const JobQuestion& landable, ForgottenJobs forgotten);

}  // namespace adit
