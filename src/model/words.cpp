// The words of the model's enums, as they stand on the wire and in the catalog.
#include <array>
#include <utility>

#include "model/audit.h"
#include "model/chunk.h"
#include "model/job.h"
#include "model/key.h"
#include "model/table_schema.h"

namespace adit {
namespace {

template <class Enum, std::size_t N>
std::optional<Enum> find_word(const std::array<Enum, N>& values, std::string_view word) {
  for (const auto value : values) {
    if (to_string(value) == word) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(ColumnType type) {
  switch (type) {
    case ColumnType::kInteger:
      return "INTEGER";
    case ColumnType::kDate:
      return "DATE";
    case ColumnType::kTime:
      return "TIME";
    case ColumnType::kDateTime:
      return "DATETIME";
    case ColumnType::kFloat:
      return "FLOAT";
    case ColumnType::kBoolean:
      return "BOOLEAN";
    case ColumnType::kString:
      return "STRING";
  }
  std::unreachable();
}

std::optional<ColumnType> parse_column_type(std::string_view word) {
  return find_word(
      std::array{ColumnType::kInteger, ColumnType::kDate, ColumnType::kTime, ColumnType::kDateTime,
                 ColumnType::kFloat, ColumnType::kBoolean, ColumnType::kString},
      word);
}

std::string_view to_string(JobType type) {
  switch (type) {
    case JobType::kReplace:
      return "REPLACE";
    case JobType::kDelta:
      return "DELTA";
  }
  std::unreachable();
}

std::optional<JobType> parse_job_type(std::string_view word) {
  if (word == "UPSERT") return JobType::kDelta;
  return find_word(std::array{JobType::kReplace, JobType::kDelta}, word);
}

std::string_view to_string(FileType type) {
  switch (type) {
    case FileType::kParquet:
      return "PARQUET";
    case FileType::kCsv:
      return "CSV";
  }
  std::unreachable();
}

std::optional<FileType> parse_file_type(std::string_view word) {
  return find_word(std::array{FileType::kParquet, FileType::kCsv}, word);
}

std::string_view to_string(JobStatus status) {
  switch (status) {
    case JobStatus::kNew:
      return "NEW";
    case JobStatus::kQueued:
      return "QUEUED";
    case JobStatus::kRunning:
      return "RUNNING";
    case JobStatus::kDone:
      return "DONE";
    case JobStatus::kError:
      return "ERROR";
    case JobStatus::kCanceled:
      return "CANCELED";
  }
  std::unreachable();
}

std::optional<JobStatus> parse_job_status(std::string_view word) {
  return find_word(std::array{JobStatus::kNew, JobStatus::kQueued, JobStatus::kRunning, JobStatus::kDone,
                              JobStatus::kError, JobStatus::kCanceled},
                   word);
}

std::string_view to_string(UpsertStrategy strategy) {
  switch (strategy) {
    case UpsertStrategy::kUnchangedMetadata:
      return "UPSERT_WITH_UNCHANGED_METADATA";
    case UpsertStrategy::kNullification:
      return "UPSERT_WITH_NULLIFICATION";
  }
  std::unreachable();
}

std::optional<UpsertStrategy> parse_upsert_strategy(std::string_view word) {
  return find_word(std::array{UpsertStrategy::kUnchangedMetadata, UpsertStrategy::kNullification}, word);
}

std::string_view to_string(TableChangeKind kind) {
  switch (kind) {
    case TableChangeKind::kDrop:
      return "DROP";
    case TableChangeKind::kTruncate:
      return "TRUNCATE";
    case TableChangeKind::kDelete:
      return "DELETE";
  }
  std::unreachable();
}

std::optional<TableChangeKind> parse_table_change_kind(std::string_view word) {
  return find_word(std::array{TableChangeKind::kDrop, TableChangeKind::kTruncate, TableChangeKind::kDelete},
                   word);
}

bool is_final(JobStatus status) {
  switch (status) {
    case JobStatus::kNew:
    case JobStatus::kQueued:
    case JobStatus::kRunning:
      return false;
    case JobStatus::kDone:
    case JobStatus::kError:
    case JobStatus::kCanceled:
      return true;
  }
  std::unreachable();
}

std::vector<std::string> JobSpec::key_columns() const {
  if (!keys.empty() || !table_schema) return keys;
  std::vector<std::string> marked;
  for (const auto& column : table_schema->columns) {
    if (column.primary_key) marked.push_back(column.name);
  }
  return marked;
}

std::vector<std::string> JobSpec::matching_keys() const {
  return allow_duplicate ? std::vector<std::string>() : key_columns();
}

std::string_view to_string(ChunkOperation operation) {
  switch (operation) {
    case ChunkOperation::kUpsert:
      return "UPSERT";
    case ChunkOperation::kDelete:
      return "DELETE";
  }
  std::unreachable();
}

std::optional<ChunkOperation> parse_chunk_operation(std::string_view word) {
  return find_word(std::array{ChunkOperation::kUpsert, ChunkOperation::kDelete}, word);
}

std::string_view to_string(ChunkState state) {
  switch (state) {
    case ChunkState::kStored:
      return "STORED";
    case ChunkState::kStaging:
      return "STAGING";
    case ChunkState::kStaged:
      return "STAGED";
    case ChunkState::kFailed:
      return "FAILED";
  }
  std::unreachable();
}

std::optional<ChunkState> parse_chunk_state(std::string_view word) {
  return find_word(
      std::array{ChunkState::kStored, ChunkState::kStaging, ChunkState::kStaged, ChunkState::kFailed}, word);
}

std::string_view to_string(KeyKind kind) {
  switch (kind) {
    case KeyKind::kUser:
      return "USER";
    case KeyKind::kApplication:
      return "APPLICATION";
  }
  std::unreachable();
}

std::optional<KeyKind> parse_key_kind(std::string_view word) {
  return find_word(std::array{KeyKind::kUser, KeyKind::kApplication}, word);
}

std::string_view to_string(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kUser:
      return "USER";
    case SubjectKind::kApplication:
      return "APPLICATION";
    case SubjectKind::kGroup:
      return "GROUP";
  }
  std::unreachable();
}

std::string_view to_string(AuditOutcome outcome) {
  switch (outcome) {
    case AuditOutcome::kSuccess:
      return "SUCCESS";
    case AuditOutcome::kRefused:
      return "REFUSED";
    case AuditOutcome::kFailed:
      return "FAILED";
  }
  std::unreachable();
}

std::optional<AuditOutcome> parse_audit_outcome(std::string_view word) {
  return find_word(std::array{AuditOutcome::kSuccess, AuditOutcome::kRefused, AuditOutcome::kFailed}, word);
}

AuditOutcome audit_outcome(int status) {
  if (status < 400) return AuditOutcome::kSuccess;
  return status == 401 || status == 403 || status == 429 ? AuditOutcome::kRefused : AuditOutcome::kFailed;
}

std::optional<SubjectKind> parse_subject_kind(std::string_view word) {
  return find_word(std::array{SubjectKind::kUser, SubjectKind::kApplication, SubjectKind::kGroup}, word);
}

}  // namespace adit
