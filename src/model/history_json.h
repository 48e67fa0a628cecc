// The wire form of a job in a pool's history: a DataPushJob with what the history adds.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/chunk.h"
#include "model/job.h"

namespace adit {

/// Names of a job's creator as they are today; empty where nobody is called so any more.
struct CreatorNames {
  std::string user;
  std::string key;
};

/// PUSH, DROP, TRUNCATE or DELETE.
std::string_view kind_of(const Job& job);

/// A job as lists of the history show it. A table change is none of REPLACE and DELTA: its `type` is null.
boost::json::object history_json(const Job& job, double progress, const CreatorNames& creator);
/// The same with its chunks, which come in the order in which they apply, and when the first and the last
/// came.
boost::json::object history_json(const Job& job, double progress, const CreatorNames& creator,
                                 const std::vector<Chunk>& chunks);

}  // namespace adit
