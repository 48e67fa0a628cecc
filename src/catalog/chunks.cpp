// Chunks in the SQLite catalog.
#include <algorithm>

#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

void insert(SqliteSession& session, std::int64_t job_number, const Chunk& chunk) {
  session
      .query(
          "INSERT INTO chunks (job_number, position, id, operation, bytes, digest, state, row_count, errors, "
          "created, sequence) VALUES (:job, :position, :id, :operation, :bytes, :digest, :state, :row_count, "
          ":errors, :created, :sequence)")
      .with(job_number)
      .with(chunk.position)
      .with(chunk.id.to_string())
      .with(to_string(chunk.operation))
      .with(static_cast<std::int64_t>(chunk.bytes))
      .with(to_hex(chunk.digest))
      .with(to_string(chunk.state))
      .with(encode(chunk.rows))
      .with(data_errors_to_json(chunk.errors))
      .with(to_epoch_ms(chunk.created))
      .with(chunk.sequence)
      .run();
}

/// kConflict if a chunk of the job has the number already.
Result<void> check_sequence(SqliteSession& session, std::int64_t job_number, const Chunk& chunk) {
  if (!chunk.sequence) return {};
  int taken = 0;
  session.query("SELECT 1 FROM chunks WHERE job_number = :job AND sequence = :sequence")
      .with(job_number)
      .with(*chunk.sequence)
      .into(taken)
      .next();
  if (taken == 0) return {};
  return conflict("The job has a chunk with Adit-Sequence " + std::to_string(*chunk.sequence) +
                  " already; it was not replaced.");
}

/// The order of application among chunks that come by position.
void sort_by_sequence(std::vector<Chunk>& chunks) {
  const auto numbered = [](const Chunk& chunk) { return chunk.sequence.has_value(); };
  if (std::ranges::none_of(chunks, numbered)) return;
  std::ranges::stable_sort(chunks, [](const Chunk& a, const Chunk& b) {
    return a.sequence && (!b.sequence || *a.sequence < *b.sequence);
  });
}

}  // namespace

Result<std::vector<Chunk>> SqliteCatalog::insert_chunks(JobId job, std::vector<Chunk> chunks,
                                                        const RequestCompletion* completion,
                                                        std::uint64_t default_quota_bytes) {
  const auto insert_all = [&](SqliteSession& session) -> Result<void> {
    const auto stored = find_stored_job(session, job);
    if (!stored) return no_such_job();
    if (stored->job.deleted) return conflict("The push job was deleted and takes no more chunks.");
    if (stored->job.status != JobStatus::kNew) return wrong_status(stored->job, "take more chunks");
    long long position = 0;
    session.query("SELECT coalesce(max(position) + 1, 0) FROM chunks WHERE job_number = :job")
        .with(stored->number)
        .into(position)
        .next();
    std::uint64_t bytes = 0;
    for (const auto& chunk : chunks) bytes += chunk.bytes;
    ADIT_CHECK(check_disk_quota(session, stored->job.pool, bytes, default_quota_bytes));
    std::int64_t rows = 0;
    for (auto& chunk : chunks) {
      rows += static_cast<std::int64_t>(chunk.rows.value_or(0));
      chunk.job = job;
      chunk.position = position++;
      ADIT_CHECK(check_sequence(session, stored->number, chunk));
      insert(session, stored->number, chunk);
      record_chunk(session, stored->number, chunk.created, chunk);
    }
    session
        .query(
            "UPDATE jobs SET chunk_count = chunk_count + :count, chunk_bytes = chunk_bytes + :bytes, "
            "rows_staged = rows_staged + :rows WHERE number = :number")
        .with(static_cast<std::int64_t>(chunks.size()))
        .with(static_cast<std::int64_t>(bytes))
        .with(rows)
        .with(stored->number)
        .run();
    return complete_request(session, completion);
  };
  ADIT_CHECK(write(Durability::kFull, "catalog.insert_chunks", insert_all));
  return chunks;
}

Result<std::vector<Chunk>> SqliteCatalog::list_chunks(JobId job) {
  static const std::string kSql = "SELECT " + ChunkRow::kColumns +
                                  " FROM chunks WHERE job_number = (SELECT number FROM jobs WHERE id = :job) "
                                  "ORDER BY position";
  return read([&](SqliteSession& session) {
    std::vector<Chunk> chunks;
    ChunkRow row;
    auto query = session.query(kSql);
    row.bind(query.with(job.to_string()));
    while (query.next()) chunks.push_back(row.decode(job));
    sort_by_sequence(chunks);
    return chunks;
  });
}

Result<Chunk> SqliteCatalog::remove_chunk(JobId job, ChunkId id, Timestamp at) {
  static const std::string kFind =
      "SELECT " + ChunkRow::kColumns + " FROM chunks WHERE job_number = :job AND id = :id";
  return write(Durability::kFull, "catalog.remove_chunk", [&](SqliteSession& session) -> Result<Chunk> {
    const auto stored = find_stored_job(session, job);
    if (!stored || stored->job.deleted) return no_such_job();
    Chunk chunk;
    {
      ChunkRow row;
      auto query = session.query(kFind);
      if (!row.bind(query.with(stored->number).with(id.to_string())).next()) {
        return not_found("The push job has no chunk " + id.to_string() + ".");
      }
      chunk = row.decode(job);
    }
    if (stored->job.status != JobStatus::kNew) return wrong_status(stored->job, "lose a chunk any more");
    session.query("DELETE FROM chunks WHERE job_number = :job AND position = :position")
        .with(stored->number)
        .with(chunk.position)
        .run();
    record_chunk_removed(session, stored->number, at, chunk);
    const bool stage_again = chunk.state != ChunkState::kStored;
    if (stage_again) {
      session
          .query(
              "UPDATE chunks SET state = 'STORED', row_count = NULL, errors = '[]' WHERE job_number = :job")
          .with(stored->number)
          .run();
    }
    session
        .query(
            "UPDATE jobs SET chunk_count = chunk_count - 1, chunk_bytes = chunk_bytes - :bytes, rows_staged "
            "= "
            "CASE WHEN :again THEN 0 ELSE rows_staged END WHERE number = :number")
        .with(static_cast<std::int64_t>(chunk.bytes))
        .with(stage_again)
        .with(stored->number)
        .run();
    return chunk;
  });
}

Result<void> SqliteCatalog::update_chunk(const Chunk& chunk, Timestamp at) {
  return write(Durability::kRelaxed, "catalog.update_chunk", [&](SqliteSession& session) -> Result<void> {
    long long job_number = 0;
    Nullable<long long> rows_before;
    auto present = session.query(
        "SELECT job_number, row_count FROM chunks WHERE job_number = (SELECT number FROM jobs WHERE id = "
        ":job) AND "
        "position = :position AND id = :id");
    present.with(chunk.job.to_string()).with(chunk.position).with(chunk.id.to_string());
    if (!present.into(job_number).into(rows_before).next()) return not_found("There is no such chunk.");
    session
        .query(
            "UPDATE chunks SET state = :state, row_count = :rows, errors = :errors WHERE job_number = :job "
            "AND "
            "position = :position")
        .with(to_string(chunk.state))
        .with(encode(chunk.rows))
        .with(data_errors_to_json(chunk.errors))
        .with(std::int64_t{job_number})
        .with(chunk.position)
        .run();
    // How a stage gets on is nobody's event, only how it ends.
    if (chunk.state == ChunkState::kStaged || chunk.state == ChunkState::kFailed) {
      record_chunk(session, job_number, at, chunk);
    }
    const auto more_rows = encode(chunk.rows).value_or(0) - (rows_before.has_value() ? rows_before.value : 0);
    if (more_rows != 0) {
      session.query("UPDATE jobs SET rows_staged = rows_staged + :rows WHERE number = :number")
          .with(std::int64_t{more_rows})
          .with(std::int64_t{job_number})
          .run();
    }
    return {};
  });
}

}  // namespace adit
