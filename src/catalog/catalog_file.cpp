#include "catalog/catalog_file.h"

#include <memory>
#include <optional>
#include <utility>

#include "catalog/migrations.h"
#include "catalog/row_codecs.h"
#include "catalog/sqlite_session.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// More lines say no more.
constexpr std::size_t kDamageLinesMax = 20;

Error damaged(std::string detail) {
  return {ErrorKind::kInvalid, "The catalog can't be read: the file catalog.db or its log is damaged.",
          std::move(detail)};
}

/// Runs `body` on a session of its own; what SQLite throws is damage or an error of the machine.
template <class Body>
auto with_session(const fs::path& file, SessionKind kind, Body body)
    -> decltype(body(std::declval<SqliteSession&>())) {
  std::error_code failure;
  if (!fs::exists(file, failure)) return Error{ErrorKind::kNotFound, "There is no catalog.", file.string()};
  std::optional<SqliteSession> session;
  try {
    session.emplace(file, kind);
    return body(*session);
  } catch (const std::exception& exception) {
    if (!session) return damaged("open catalog " + file.string() + ": " + exception.what());
    auto error = session->error_of(exception);
    if (SqliteSession::is_damage(exception)) return damaged(std::move(error.internal_detail));
    return error;
  }
}

void read_lines(SqliteSession& session, std::string_view sql, std::vector<std::string>& lines) {
  std::string line;
  auto query = session.query(sql);
  query.into(line);
  while (lines.size() < kDamageLinesMax && query.next()) {
    if (line != "ok") lines.push_back(line);
  }
}

template <class Tag>
bool parse_into(const std::string& text, Id<Tag>& id) {
  const auto parsed = Id<Tag>::parse(text);
  if (parsed) id = *parsed;
  return parsed.has_value();
}

/// What is said of a job's SQL stays when its text is forgotten: the lines that it stood in.
constexpr const char* kLandedJobsSql =
    "SELECT jobs.pool_id, jobs.id, target_name, schema_name, mirror_target_names, "
    "coalesce(other_lines = '*', 0), type = 'REPLACE', table_change, rows_landed, coalesce(finished, "
    "modified), chunks_kept, EXISTS (SELECT 1 FROM chunks WHERE job_number = jobs.number AND operation = "
    "'DELETE') FROM jobs JOIN pools ON pools.id = jobs.pool_id WHERE jobs.status = 'DONE' AND pools.deleting "
    "= 0 ORDER BY execute_order";

Result<std::vector<LandedJob>> read_landed_jobs(SqliteSession& session) {
  std::vector<LandedJob> jobs;
  std::string pool, job, table, mirrors;
  Nullable<std::string> schema, change;
  int runs_sql = 0, replaces = 0, kept = 0, removes_rows = 0;
  long long rows = 0, done = 0;
  auto query = session.query(kLandedJobsSql);
  query.into(pool).into(job).into(table).into(schema).into(mirrors).into(runs_sql).into(replaces);
  query.into(change).into(rows).into(done).into(kept).into(removes_rows);
  while (query.next()) {
    auto& landed = jobs.emplace_back();
    if (!parse_into(pool, landed.pool) || !parse_into(job, landed.job)) {
      return damaged("an id in the table jobs is none");
    }
    landed.table = {schema.has_value() ? schema.value : std::string(), table};
    landed.mirrors = strings_from_json(mirrors);
    landed.runs_sql = runs_sql != 0;
    if (change.has_value()) landed.change = parse_table_change_kind(change.value);
    if (change.has_value() && !landed.change) return damaged("the word of a table change is none");
    landed.replaces = replaces != 0 && !landed.change;
    landed.removes_rows = removes_rows != 0;
    landed.rows = static_cast<std::uint64_t>(rows);
    landed.done = from_epoch_ms(done);
    landed.chunks_kept = kept != 0;
  }
  return jobs;
}

}  // namespace

int newest_catalog_version() { return catalog_migrations().back().version; }

Result<void> copy_catalog(const fs::path& file, const fs::path& target) {
  // Not a reader's session: that may write nothing, not even another file.
  return with_session(file, SessionKind::kWriter,
                      [&](SqliteSession& session) -> Result<void> { return copy_into(session, target); });
}

Result<int> CatalogFile::version() const {
  return with_session(file_, SessionKind::kVisitor,
                      [](SqliteSession& session) -> Result<int> { return schema_version(session); });
}

Result<std::vector<std::string>> CatalogFile::damage() const {
  using Lines = std::vector<std::string>;
  auto found = with_session(file_, SessionKind::kVisitor, [](SqliteSession& session) -> Result<Lines> {
    Lines lines;
    read_lines(session, "PRAGMA integrity_check(20)", lines);
    if (!lines.empty()) return lines;
    read_lines(session,
               "SELECT \"table\" || ': row ' || coalesce(rowid, '?') || ' refers to none in ' || parent "
               "FROM pragma_foreign_key_check()",
               lines);
    return lines;
  });
  if (!found && found.error().kind == ErrorKind::kInvalid) return Lines{found.error().internal_detail};
  return found;
}

Result<std::vector<KeptChunk>> CatalogFile::kept_chunks() const {
  return with_session(
      file_, SessionKind::kVisitor, [](SqliteSession& session) -> Result<std::vector<KeptChunk>> {
        std::vector<KeptChunk> chunks;
        std::string pool, job, chunk, digest;
        long long bytes = 0;
        auto query = session.query(
            "SELECT jobs.pool_id, jobs.id, chunks.id, chunks.bytes, chunks.digest FROM chunks JOIN jobs ON "
            "jobs.number = "
            "chunks.job_number JOIN pools ON pools.id = jobs.pool_id WHERE jobs.chunks_kept = 1 AND "
            "pools.deleting = 0 "
            "AND jobs.status <> 'CANCELED' AND (jobs.deleted = 0 OR jobs.status NOT IN ('NEW', 'ERROR')) "
            "ORDER BY jobs.number, position");
        query.into(pool).into(job).into(chunk).into(bytes).into(digest);
        while (query.next()) {
          auto& kept = chunks.emplace_back();
          if (!parse_into(pool, kept.pool) || !parse_into(job, kept.job) || !parse_into(chunk, kept.chunk)) {
            return damaged("an id in the table chunks is none");
          }
          kept.stored = {static_cast<std::uint64_t>(bytes), decode_digest(digest)};
        }
        return chunks;
      });
}

Result<std::vector<LandedJob>> CatalogFile::landed_jobs() const {
  return with_session(file_, SessionKind::kVisitor, read_landed_jobs);
}

Result<std::unordered_map<JobId, JobStatus>> CatalogFile::jobs_of(PoolId pool) const {
  using Jobs = std::unordered_map<JobId, JobStatus>;
  return with_session(file_, SessionKind::kVisitor, [&](SqliteSession& session) -> Result<Jobs> {
    Jobs jobs;
    std::string id, word;
    auto query = session.query("SELECT id, status FROM jobs WHERE pool_id = :pool");
    query.with(pool.to_string()).into(id).into(word);
    while (query.next()) {
      const auto job = JobId::parse(id);
      const auto status = parse_job_status(word);
      if (!job || !status) return damaged("an id or a status in the table jobs is none");
      jobs.emplace(*job, *status);
    }
    return jobs;
  });
}

Result<std::vector<NamedPool>> CatalogFile::pools() const {
  return with_session(
      file_, SessionKind::kVisitor, [](SqliteSession& session) -> Result<std::vector<NamedPool>> {
        std::vector<NamedPool> pools;
        std::string id, team, name;
        long long created = 0, forgotten = 0, forgotten_until = 0;
        auto query = session.query(
            "SELECT id, team_id, name, created, jobs_forgotten, jobs_forgotten_until FROM pools "
            "WHERE deleting = 0 ORDER BY number");
        query.into(id).into(team).into(name).into(created).into(forgotten).into(forgotten_until);
        while (query.next()) {
          auto& pool = pools.emplace_back();
          if (!parse_into(id, pool.pool) || !parse_into(team, pool.team))
            return damaged("an id in the table pools is none");
          pool.name = name;
          pool.created = from_epoch_ms(created);
          pool.jobs_forgotten = static_cast<std::uint64_t>(forgotten);
          pool.jobs_forgotten_until = from_epoch_ms(forgotten_until);
        }
        return pools;
      });
}

}  // namespace adit
