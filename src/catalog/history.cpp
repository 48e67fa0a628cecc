// The history of jobs in the SQLite catalog.
#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "catalog/sqlite_catalog.h"
#include "formats/names.h"

namespace adit {
namespace {

/// A transaction removes about this many chunks at most.
constexpr std::int64_t kChunksRemovedMax = 20'000;

constexpr auto kLast = std::numeric_limits<std::int64_t>::max();

std::string_view word_of(HistoryKind kind) {
  switch (kind) {
    case HistoryKind::kPush:
      return "PUSH";
    case HistoryKind::kTableChange:
      return "TABLE_CHANGE";
    case HistoryKind::kDrop:
      return to_string(TableChangeKind::kDrop);
    case HistoryKind::kTruncate:
      return to_string(TableChangeKind::kTruncate);
    case HistoryKind::kDelete:
      return to_string(TableChangeKind::kDelete);
  }
  std::unreachable();
}

/// A text for each choice of an index; what no index helps with is decided by what is bound.
std::string select_of(const HistoryFilter& filter) {
  std::string sql = "SELECT " + JobRow::kColumns + " FROM jobs WHERE pool_id = :pool";
  if (filter.status) sql += " AND status = :status";
  if (filter.status && *filter.status != JobStatus::kDone) sql += " AND status <> 'DONE'";
  if (filter.target_name) sql.append(" AND ").append(JobRow::kIsOfTarget);
  return sql +
         " AND created >= :from AND created <= :upto AND (created < :created OR number < :number)"
         " AND (:type IS NULL OR (type = :type2 AND table_change IS NULL))"
         " AND (:kind IS NULL OR (:kind2 = 'PUSH' AND table_change IS NULL)"
         " OR (:kind3 = 'TABLE_CHANGE' AND table_change IS NOT NULL) OR table_change = :kind4)"
         " AND (:deleted IS NULL OR (deleted_at IS NOT NULL) = :deleted2)"
         " ORDER BY created DESC, number DESC LIMIT :limit";
}

void bind(Query& query, PoolId pool, const HistoryFilter& filter, const std::optional<HistoryCursor>& after) {
  query.with(pool.to_string());
  if (filter.status) query.with(to_string(*filter.status));
  if (filter.target_name) query.with(fold_name(*filter.target_name));
  const auto cursor_ms = after ? to_epoch_ms(after->created) : kLast;
  const auto before_ms = filter.before ? to_epoch_ms(*filter.before) : kLast;
  std::optional<std::string> type;
  if (filter.type) type = std::string(to_string(*filter.type));
  std::optional<std::string> kind;
  if (filter.kind) kind = std::string(word_of(*filter.kind));
  std::optional<std::int64_t> deleted;
  if (filter.deleted) deleted = *filter.deleted ? 1 : 0;
  query.with(filter.from ? to_epoch_ms(*filter.from) : std::numeric_limits<std::int64_t>::min())
      .with(std::min(cursor_ms, before_ms == kLast ? kLast : before_ms - 1))
      .with(cursor_ms)
      .with(after ? after->number : kLast)
      .with(type)
      .with(type)
      .with(kind)
      .with(kind)
      .with(kind)
      .with(kind)
      .with(deleted)
      .with(deleted);
}

/// The numbers of the oldest jobs that may be forgotten.
std::vector<std::int64_t> jobs_to_forget(SqliteSession& session, Timestamp before, std::uint64_t jobs_max) {
  auto query = session.query(
      "SELECT number, chunk_count FROM jobs WHERE chunks_kept = 0 AND finished IS NOT NULL AND "
      "finished < :before AND status IN ('DONE', 'ERROR', 'CANCELED') ORDER BY finished LIMIT :limit");
  return fetch_jobs_to_remove(query.with(to_epoch_ms(before)).with(static_cast<std::int64_t>(jobs_max)));
}

void count_forgotten(SqliteSession& session, std::int64_t number) {
  session
      .query(
          "UPDATE pools SET jobs_forgotten = jobs_forgotten + 1, "
          "jobs_forgotten_until = max(jobs_forgotten_until, finished) FROM jobs "
          "WHERE jobs.number = :number AND status = 'DONE' AND pools.id = pool_id")
      .with(number)
      .run();
}

}  // namespace

std::vector<std::int64_t> fetch_jobs_to_remove(Query& query) {
  long long number = 0;
  long long chunk_count = 0;
  query.into(number).into(chunk_count);
  std::vector<std::int64_t> numbers;
  std::int64_t chunks = 0;
  while (chunks < kChunksRemovedMax && query.next()) {
    numbers.push_back(number);
    chunks += chunk_count;
  }
  return numbers;
}

void remove_jobs(SqliteSession& session, const std::vector<std::int64_t>& numbers) {
  for (const auto number : numbers) {
    session.query("DELETE FROM chunks WHERE job_number = :number").with(number).run();
    session.query("DELETE FROM events WHERE job_number = :number").with(number).run();
    session.query("DELETE FROM jobs WHERE number = :number").with(number).run();
  }
}

Result<HistoryPage> SqliteCatalog::list_history(PoolId pool, const HistoryFilter& filter,
                                                const std::optional<HistoryCursor>& after,
                                                std::uint64_t limit) {
  const auto sql = select_of(filter);
  return read([&](SqliteSession& session) {
    HistoryPage page;
    JobRow row;
    auto query = session.query(sql);
    bind(query, pool, filter, after);
    row.bind(query.with(static_cast<std::int64_t>(limit) + 1));
    std::int64_t number = 0;
    while (query.next()) {
      if (page.jobs.size() == limit) {
        page.next = HistoryCursor{page.jobs.back().created, number};
        break;
      }
      page.jobs.push_back(row.decode());
      number = row.number();
    }
    return page;
  });
}

Result<std::uint64_t> SqliteCatalog::forget_history(Timestamp before, std::uint64_t jobs_max) {
  ADIT_TRY(const auto found,
           read([&](SqliteSession& session) { return jobs_to_forget(session, before, 1); }));
  if (found.empty()) return std::uint64_t{0};
  return write(Durability::kRelaxed, "catalog.forget_history",
               [&](SqliteSession& session) -> Result<std::uint64_t> {
                 const auto numbers = jobs_to_forget(session, before, jobs_max);
                 for (const auto number : numbers) count_forgotten(session, number);
                 remove_jobs(session, numbers);
                 return static_cast<std::uint64_t>(numbers.size());
               });
}

}  // namespace adit
