// Events in the SQLite catalog.
#include <utility>

#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

const std::string kSelect =
    "SELECT e.number, e.pool_id, j.id, j.target_name, j.table_change, e.at, e.kind, e.word, e.chunk_id, "
    "e.row_count FROM events e JOIN jobs j ON j.number = e.job_number";

std::string_view word_of(EventKind kind) {
  switch (kind) {
    case EventKind::kJob:
      return "JOB";
    case EventKind::kChunk:
      return "CHUNK";
    case EventKind::kDeleted:
      return "DELETED";
  }
  std::unreachable();
}

constexpr std::string_view kRemoved = "REMOVED";

/// One row of kSelect. Must live as long as the query.
class EventRow {
 public:
  void bind(Query& query) {
    query.into(number_)
        .into(pool_id_)
        .into(job_id_)
        .into(target_name_)
        .into(table_change_)
        .into(at_)
        .into(kind_)
        .into(word_)
        .into(chunk_id_)
        .into(row_count_);
  }
  Event decode() const {
    Event event;
    event.number = number_;
    event.pool = decode_id<PoolId>(pool_id_);
    event.job = decode_id<JobId>(job_id_);
    event.target_name = target_name_;
    if (table_change_.has_value()) event.change = parse_table_change_kind(table_change_.value);
    event.at = from_epoch_ms(at_);
    if (kind_ == word_of(EventKind::kJob)) {
      event.status = parse_job_status(word_);
      if (!event.status) throw CorruptRow("no such status: " + word_);
    } else if (kind_ == word_of(EventKind::kChunk)) {
      event.kind = EventKind::kChunk;
      event.chunk_state = parse_chunk_state(word_);
      if (!event.chunk_state && word_ != kRemoved) throw CorruptRow("no such state: " + word_);
      event.chunk = decode_id<ChunkId>(chunk_id_.value);
    } else if (kind_ == word_of(EventKind::kDeleted)) {
      event.kind = EventKind::kDeleted;
    } else {
      throw CorruptRow("no such kind of event: " + kind_);
    }
    if (row_count_.has_value()) event.rows = static_cast<std::uint64_t>(row_count_.value);
    return event;
  }

 private:
  long long number_ = 0;
  std::string pool_id_, job_id_, target_name_;
  Nullable<std::string> table_change_;
  long long at_ = 0;
  std::string kind_, word_;
  Nullable<std::string> chunk_id_;
  Nullable<long long> row_count_;
};

std::vector<Event> fetch_events(Query& query) {
  EventRow row;
  row.bind(query);
  std::vector<Event> events;
  while (query.next()) events.push_back(row.decode());
  return events;
}

EventBounds read_bounds(SqliteSession& session) {
  long long last = 0;
  long long purged = 0;
  session.query("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)")
      .into(last)
      .next();
  session.query("SELECT value FROM counters WHERE name = 'events_purged'").into(purged).next();
  return {last, purged};
}

void insert(SqliteSession& session, std::int64_t job_number, Timestamp at, EventKind kind,
            std::string_view word, const Chunk* chunk) {
  std::optional<std::string> chunk_id;
  std::optional<std::int64_t> rows;
  if (chunk != nullptr) {
    chunk_id = chunk->id.to_string();
    rows = encode(chunk->rows);
  }
  session
      .query(
          "INSERT INTO events (pool_id, job_number, at, kind, word, chunk_id, row_count) "
          "SELECT pool_id, number, :at, :kind, :word, :chunk, :rows FROM jobs WHERE number = :job")
      .with(to_epoch_ms(at))
      .with(word_of(kind))
      .with(word)
      .with(chunk_id)
      .with(rows)
      .with(job_number)
      .run();
}

/// The number of the last of the oldest events that may go; 0 for none.
std::int64_t last_to_forget(SqliteSession& session, Timestamp before, std::int64_t kept_max,
                            std::uint64_t limit) {
  const auto too_many = read_bounds(session).last - kept_max;
  long long number = 0;
  long long at = 0;
  auto query = session.query("SELECT number, at FROM events ORDER BY number LIMIT :limit");
  query.with(static_cast<std::int64_t>(limit)).into(number).into(at);
  std::int64_t last = 0;
  while (query.next() && (at < to_epoch_ms(before) || number <= too_many)) last = number;
  return last;
}

}  // namespace

void record_status(SqliteSession& session, std::int64_t job_number, Timestamp at, JobStatus status) {
  insert(session, job_number, at, EventKind::kJob, to_string(status), nullptr);
}

void record_chunk(SqliteSession& session, std::int64_t job_number, Timestamp at, const Chunk& chunk) {
  insert(session, job_number, at, EventKind::kChunk, to_string(chunk.state), &chunk);
}

void record_chunk_removed(SqliteSession& session, std::int64_t job_number, Timestamp at, const Chunk& chunk) {
  insert(session, job_number, at, EventKind::kChunk, kRemoved, &chunk);
}

void record_deleted(SqliteSession& session, std::int64_t job_number, Timestamp at) {
  insert(session, job_number, at, EventKind::kDeleted, "", nullptr);
}

Result<EventPage> SqliteCatalog::list_events(const EventScope& scope, std::int64_t after,
                                             std::uint64_t limit) {
  static const std::string kOfPool =
      kSelect + " WHERE e.pool_id = :pool AND e.number > :after ORDER BY e.number LIMIT :limit";
  static const std::string kOfJob =
      kSelect +
      " WHERE e.job_number = (SELECT number FROM jobs WHERE id = :job AND pool_id = :pool) AND "
      "e.number > :after ORDER BY e.number LIMIT :limit";
  return read([&](SqliteSession& session) {
    EventPage page;
    // The events first: what is forgotten in between makes the bounds tell a gap that is none. The other way
    // around, a gap would stay unsaid.
    auto query = session.query(scope.job ? kOfJob : kOfPool);
    if (scope.job) query.with(scope.job->to_string());
    query.with(scope.pool.to_string()).with(after).with(static_cast<std::int64_t>(limit));
    page.events = fetch_events(query);
    page.bounds = read_bounds(session);
    return page;
  });
}

Result<std::vector<Event>> SqliteCatalog::list_all_events(std::int64_t after, std::uint64_t limit) {
  static const std::string kSql = kSelect + " WHERE e.number > :after ORDER BY e.number LIMIT :limit";
  return read([&](SqliteSession& session) {
    auto query = session.query(kSql);
    return fetch_events(query.with(after).with(static_cast<std::int64_t>(limit)));
  });
}

Result<EventBounds> SqliteCatalog::event_bounds() { return read(read_bounds); }

Result<std::uint64_t> SqliteCatalog::forget_events(Timestamp before, std::int64_t kept_max,
                                                   std::uint64_t limit) {
  ADIT_TRY(const auto found,
           read([&](SqliteSession& session) { return last_to_forget(session, before, kept_max, 1); }));
  if (found == 0) return std::uint64_t{0};
  return write(
      Durability::kRelaxed, "catalog.forget_events", [&](SqliteSession& session) -> Result<std::uint64_t> {
        const auto last = last_to_forget(session, before, kept_max, limit);
        const auto forgotten = session.query("DELETE FROM events WHERE number <= :last").with(last).run();
        session.query("UPDATE counters SET value = max(value, :last) WHERE name = 'events_purged'")
            .with(last)
            .run();
        return forgotten;
      });
}

}  // namespace adit
