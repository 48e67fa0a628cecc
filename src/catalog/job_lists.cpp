// Lists and counts of jobs in the SQLite catalog.
#include <limits>

#include "catalog/sqlite_catalog.h"
#include "formats/names.h"

namespace adit {
namespace {

constexpr std::size_t kPageBytes = 512 * 1024;

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

Result<JobPage> SqliteCatalog::list_jobs(PoolId pool, const JobFilter& filter) {
  // One text per kind of filter, so that each is planned with its own index, which has the order of the list.
  std::string sql =
      "SELECT " + JobRow::kColumns + " FROM jobs WHERE deleted = 0 AND pool_id = :pool AND number < :before";
  if (filter.status) sql += " AND status = :status";
  if (filter.target_name) sql.append(" AND ").append(JobRow::kIsOfTarget);
  if (filter.connection) sql += " AND connection_id = :connection";
  sql += " ORDER BY number DESC LIMIT :limit OFFSET :offset";
  return read([&](SqliteSession& session) {
    JobPage page;
    JobRow row;
    auto query = session.query(sql);
    query.with(pool.to_string()).with(filter.before.value_or(std::numeric_limits<std::int64_t>::max()));
    if (filter.status) query.with(to_string(*filter.status));
    if (filter.target_name) query.with(fold_name(*filter.target_name));
    if (filter.connection) query.with(filter.connection->to_string());
    query.with(filter.limit ? encode_limit(*filter.limit) : -1).with(encode_limit(filter.offset));
    row.bind(query);
    for (std::size_t bytes = 0; query.next(); bytes += row.bytes()) {
      if (bytes >= kPageBytes) return page;
      page.jobs.push_back(row.decode());
      page.next = row.number();
    }
    page.next.reset();
    return page;
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

Result<std::vector<JobPlace>> SqliteCatalog::list_landed_jobs(PoolId pool, std::int64_t after,
                                                              std::uint64_t limit) {
  return read([&](SqliteSession& session) {
    auto query = session.query(
        "SELECT execute_order, id FROM jobs WHERE status = 'DONE' AND chunks_kept = 1 AND pool_id = :pool "
        "AND execute_order > :after ORDER BY execute_order LIMIT :limit");
    long long order = 0;
    std::string id;
    query.with(pool.to_string()).with(after).with(encode_limit(limit)).into(order).into(id);
    std::vector<JobPlace> places;
    while (query.next()) places.push_back({order, decode_id<JobId>(id)});
    return places;
  });
}

Result<std::vector<Job>> SqliteCatalog::list_expired_jobs(Timestamp before, std::uint64_t limit,
                                                          const ExpiryExceptions& exceptions) {
  // Two walks along two indexes: what was thrown away unlanded, and what is old.
  static const std::string kThrownAway =
      "SELECT " + JobRow::kColumns +
      " FROM jobs WHERE chunks_kept = 1 AND deleted = 1 AND "
      "status IN ('NEW', 'ERROR', 'CANCELED') AND pool_id NOT IN (SELECT value FROM json_each(:pools)) "
      "ORDER BY number LIMIT :limit";
  static const std::string kOld =
      "SELECT " + JobRow::kColumns +
      " FROM jobs WHERE chunks_kept = 1 AND finished IS NOT NULL AND finished < :before "
      "AND status IN ('DONE', 'ERROR', 'CANCELED') "
      "AND NOT (deleted = 1 AND status <> 'DONE') AND pool_id NOT IN (SELECT value FROM json_each(:pools)) "
      "AND NOT (status = 'DONE' AND pool_id IN (SELECT value FROM json_each(:landed_of))) "
      "ORDER BY finished, execute_order LIMIT :limit";
  const auto pools = ids_to_json(exceptions.pools);
  const auto landed_of = ids_to_json(exceptions.landed_of);
  return read([&](SqliteSession& session) {
    auto thrown_away = session.query(kThrownAway);
    auto jobs = fetch_jobs(thrown_away.with(pools).with(encode_limit(limit)));
    auto old = session.query(kOld);
    old.with(to_epoch_ms(before)).with(pools).with(landed_of).with(encode_limit(limit - jobs.size()));
    for (auto& job : fetch_jobs(old)) jobs.push_back(std::move(job));
    return jobs;
  });
}

Result<std::uint64_t> SqliteCatalog::count_jobs(JobStatus status, std::optional<PoolId> pool) {
  // The word stands in the text, where it lets SQLite choose the index of that status.
  const auto sql = "SELECT count(*) FROM jobs WHERE status = '" + std::string(to_string(status)) + "'" +
                   (pool ? " AND pool_id = :pool" : "");
  return read([&](SqliteSession& session) {
    long long count = 0;
    auto query = session.query(sql);
    if (pool) query.with(pool->to_string());
    query.into(count).next();
    return static_cast<std::uint64_t>(count);
  });
}

}  // namespace adit
