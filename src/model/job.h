// A push job: what a client asked for, and how far it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/table_name.h"
#include "model/table_schema.h"

namespace adit {

enum class JobType { kReplace, kDelta };
enum class FileType { kParquet, kCsv };
/// Clients have closed enums: no other word may ever be sent.
enum class JobStatus { kNew, kQueued, kRunning, kDone, kError, kCanceled };
/// What happens to a column of a matching row that the chunk lacks.
enum class UpsertStrategy {
  kUnchangedMetadata,  ///< it keeps its old value; the default
  kNullification,      ///< it becomes null
};

std::string_view to_string(JobType type);
std::string_view to_string(FileType type);
std::string_view to_string(JobStatus status);
std::string_view to_string(UpsertStrategy strategy);
std::optional<JobType> parse_job_type(std::string_view word);  ///< also UPSERT, the old name of DELTA
std::optional<FileType> parse_file_type(std::string_view word);
std::optional<JobStatus> parse_job_status(std::string_view word);
std::optional<UpsertStrategy> parse_upsert_strategy(std::string_view word);

/// DONE, ERROR and CANCELED: nothing more will happen.
bool is_final(JobStatus status);

/// How a table is changed other than by chunks.
enum class TableChangeKind {
  kDrop,      ///< the table is gone
  kTruncate,  ///< its rows are
  kDelete,    ///< the rows for which a predicate is true are
};
std::string_view to_string(TableChangeKind kind);
std::optional<TableChangeKind> parse_table_change_kind(std::string_view word);

struct TableChange {
  TableChangeKind kind = TableChangeKind::kDelete;
  std::string predicate;  ///< of kDelete: an SQL expression over one row
};

/// So many tables beside its target a job may fill.
inline constexpr std::size_t kMirrorsMax = 16;

/// What a client asked for at create and at execute; never changes afterwards.
struct JobSpec {
  std::string target_name;
  std::optional<DataSourceId> connection;    ///< whose tables the job fills; none: the pool's global ones
  std::string schema;                        ///< that connection's name; empty: none
  std::optional<std::string> target_schema;  ///< as sent; see find_target_schema()
  JobType type = JobType::kDelta;
  FileType file_type = FileType::kParquet;
  std::vector<std::string> keys;  ///< as sent; see key_columns()
  std::optional<TableSchema> table_schema;
  CsvOptions csv;
  UpsertStrategy upsert_strategy = UpsertStrategy::kUnchangedMetadata;
  std::optional<Timestamp> change_date;
  std::optional<std::int64_t> fallback_varchar_length;
  std::optional<std::string> foreign_keys;  ///< kept and returned, without effect
  /// The job has no chunks and does this instead. It stands in its table's line like any other job, hidden
  /// from the push routes from the start.
  std::optional<TableChange> change;
  bool allow_duplicate = false;  ///< rows are appended although there are keys
  /// Of the rows of a key within one chunk, the one with the greatest value here wins. Named at execute.
  std::optional<std::string> duplicate_removal_column;

  std::vector<std::string> mirror_target_names;     ///< tables of the same schema that get the same rows
  std::optional<std::string> post_execution_query;  ///< run in the landing's transaction

  TableName target() const { return {schema, target_name}; }
  /// `keys`, else the columns that tableSchema marks with pkField.
  std::vector<std::string> key_columns() const;
  /// The keys by which rows replace and remove each other: none where duplicates are allowed.
  std::vector<std::string> matching_keys() const;
};

/// Whose request made a job. Names are looked up when they are shown: they may change, and are forgotten with
/// their owner.
struct JobCreator {
  UserId user;
  KeyId key;

  bool operator==(const JobCreator&) const = default;
};

/// Where a job stands in the order in which jobs were executed.
struct JobPlace {
  std::int64_t execute_order = 0;  ///< rises with every execute of the installation
  JobId job;

  bool operator==(const JobPlace&) const = default;
};

struct Job {
  JobId id;
  PoolId pool;
  JobSpec spec;
  JobStatus status = JobStatus::kNew;
  std::vector<std::string> logs;   ///< what a client shows when a job fails
  std::int64_t execute_order = 0;  ///< rises with every execute of the installation; 0 before it
  std::uint64_t rows_landed = 0;
  std::int64_t claims = 0;  ///< how often a worker took it: more than once after a crash or a stop
  bool cancel_requested = false;
  bool deleted = false;                   ///< hidden from the push routes
  std::optional<Timestamp> deleted_at{};  ///< when a client deleted it; never for a table change
  std::optional<JobCreator> creator{};    ///< where it is known
  Timestamp created{};
  Timestamp modified{};
  std::optional<Timestamp> executed{};  ///< when execute was accepted
  std::optional<Timestamp> started{};   ///< when a worker took it
  std::optional<Timestamp> finished{};

  // Sums over the job's chunks, filled by the catalog whenever it reads a job; not stored with it.
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t rows_staged = 0;
  /// Whether its chunk files may still be there; afterwards the texts of SQL that came with it are forgotten.
  bool chunk_files_kept = true;

  Timestamp change_date() const { return spec.change_date.value_or(created); }
};

}  // namespace adit
