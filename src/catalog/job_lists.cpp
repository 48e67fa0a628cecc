// Lists and counts of jobs in the SQLite catalog.
#include <limits>

#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

std::int64_t encode_limit(std::uint64_t limit) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  return limit > static_cast<std::uint64_t>(kMax) ? kMax : static_cast<std::int64_t>(limit);
}

}  // namespace

std::vector<Job> fetch_jobs(Query& query) {
  JobRow row;
  row.bind(query);
  std::vector<Job> jobs;
  while (query.next()) jobs.push_back(row.decode());
  return jobs;
}

Result<std::vector<Job>> SqliteCatalog::list_jobs(PoolId pool, const JobFilter& filter) {
  // One text per kind of filter, so that each is planned with its own index.
  std::string sql = "SELECT " + JobRow::kColumns + " FROM jobs WHERE deleted = 0 AND pool_id = :pool";
  if (filter.status) sql += " AND status = :status";
  if (filter.target_name) sql += " AND target_name = :target";
  if (filter.connection) sql += " AND connection_id = :connection";
  sql += " ORDER BY number DESC LIMIT :limit OFFSET :offset";
  return read([&](SqliteSession& session) {
    auto query = session.query(sql);
    query.with(pool.to_string());
    if (filter.status) query.with(to_string(*filter.status));
    if (filter.target_name) query.with(*filter.target_name);
    if (filter.connection) query.with(filter.connection->to_string());
    query.with(filter.limit ? encode_limit(*filter.limit) : -1).with(encode_limit(filter.offset));
    return fetch_jobs(query);
  });
}

Result<std::vector<Job>> SqliteCatalog::list_new_jobs_with_chunks() {
  static const std::string kSql =
      "SELECT " + JobRow::kColumns +
      " FROM jobs WHERE status = 'NEW' AND chunk_count > 0 AND deleted = 0 ORDER BY number";
  return read([](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_jobs(query);
  });
}

Result<std::vector<Job>> SqliteCatalog::list_landed_jobs(PoolId pool) {
  static const std::string kSql = "SELECT " + JobRow::kColumns +
                                  " FROM jobs WHERE status = 'DONE' AND chunks_kept = 1 AND pool_id = :pool "
                                  "ORDER BY execute_order";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_jobs(query.with(pool.to_string()));
  });
}

Result<std::vector<Job>> SqliteCatalog::list_expired_jobs(Timestamp before, std::uint64_t limit) {
  // Two walks along two indexes: what was thrown away unlanded, and what is old.
  static const std::string kThrownAway =
      "SELECT " + JobRow::kColumns +
      " FROM jobs WHERE chunks_kept = 1 AND deleted = 1 AND "
      "status IN ('NEW', 'ERROR', 'CANCELED') ORDER BY number LIMIT :limit";
  static const std::string kOld =
      "SELECT " + JobRow::kColumns +
      " FROM jobs WHERE chunks_kept = 1 AND finished IS NOT NULL AND finished < :before "
      "AND status IN ('DONE', 'ERROR', 'CANCELED') "
      "AND NOT (deleted = 1 AND status <> 'DONE') ORDER BY finished, execute_order LIMIT :limit";
  return read([&](SqliteSession& session) {
    auto thrown_away = session.query(kThrownAway);
    auto jobs = fetch_jobs(thrown_away.with(encode_limit(limit)));
    auto old = session.query(kOld);
    for (auto& job : fetch_jobs(old.with(to_epoch_ms(before)).with(encode_limit(limit - jobs.size())))) {
      jobs.push_back(std::move(job));
    }
    return jobs;
  });
}

Result<std::uint64_t> SqliteCatalog::count_jobs(JobStatus status) {
  // The word stands in the text, where it lets SQLite choose the index of that status.
  const auto sql = "SELECT count(*) FROM jobs WHERE status = '" + std::string(to_string(status)) + "'";
  return read([&](SqliteSession& session) {
    long long count = 0;
    session.query(sql).into(count).next();
    return static_cast<std::uint64_t>(count);
  });
}

}  // namespace adit
