// The history of a pool as a client sees it.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/job_view.h"

namespace adit::client {

/// Which jobs of a history; the names are the parameters of the route, whose values the server checks.
struct HistoryRequest {
  std::vector<std::pair<std::string, std::string>> filters;
  std::uint64_t limit = 20;  ///< over all pages
};

struct HistoryView {
  JobView job;
  std::string kind;  ///< PUSH, DROP, TRUNCATE or DELETE
  std::optional<std::int64_t> deleted_ms;
  std::optional<std::int64_t> executed_ms;
  std::optional<std::int64_t> started_ms;
  std::optional<std::int64_t> first_chunk_ms;
  std::optional<std::int64_t> last_chunk_ms;
  std::uint64_t claims = 0;
  bool chunk_files_kept = false;
  std::string created_by;         ///< a name, else an id; empty where it is not known
  std::vector<ChunkView> chunks;  ///< of one job that was asked for
  std::vector<std::string> mirrors;
};

HistoryView history_view(const boost::json::value& value);

}  // namespace adit::client
