// How the model's values stand in the catalog's columns.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/sqlite_session.h"
#include "model/chunk.h"
#include "model/job.h"
#include "model/key.h"
#include "model/pool.h"
#include "model/team.h"

namespace adit {

/// A column holds what adit never writes there. A bug or a damaged file; becomes kInternal.
class CorruptRow : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// JSON texts. The readers throw CorruptRow. Text that is no UTF-8 survives.
std::string strings_to_json(const std::vector<std::string>& strings);
std::vector<std::string> strings_from_json(std::string_view json);
std::string table_schema_to_json(const TableSchema& schema);
TableSchema table_schema_from_json(std::string_view json);
std::string data_errors_to_json(const std::vector<DataError>& errors);
std::vector<DataError> data_errors_from_json(std::string_view json);

template <class Ids>
std::string ids_to_json(const Ids& ids) {
  std::vector<std::string> texts;
  for (const auto& id : ids) texts.push_back(id.to_string());
  return strings_to_json(texts);
}

template <class AnyId>
AnyId decode_id(const std::string& text) {
  const auto id = AnyId::parse(text);
  if (!id) throw CorruptRow("no id: " + text);
  return *id;
}
Sha256Digest decode_digest(const std::string& hex);

inline std::optional<std::int64_t> encode(const std::optional<Timestamp>& time) {
  return time ? std::optional(to_epoch_ms(*time)) : std::nullopt;
}
inline std::optional<std::int64_t> encode(const std::optional<std::uint64_t>& count) {
  return count ? std::optional(static_cast<std::int64_t>(*count)) : std::nullopt;
}
inline std::optional<std::string> encode(const std::optional<DataSourceId>& id) {
  return id ? std::optional(id->to_string()) : std::nullopt;
}
/// Global tables have null.
inline std::optional<std::string> encode_schema(const JobSpec& spec) {
  return spec.schema.empty() ? std::nullopt : std::optional(spec.schema);
}
std::optional<Timestamp> decode_time(const Nullable<long long>& column);
/// The column disk_bytes_max of a pool.
DiskQuota decode_quota(const Nullable<long long>& column);
std::optional<std::int64_t> encode(const DiskQuota& quota);

/// One row of `jobs`: `row.bind(session.query("SELECT " + kColumns + …))`, then decode() after each next().
/// Must live as long as the query.
class JobRow {
 public:
  static const std::string kColumns;
  /// That the job is of the table `:target`, a folded name. As an index has it.
  static constexpr std::string_view kIsOfTarget =
      "substr(target_folded, instr(target_folded, 'C') + 1) = :target";

  JobRow() = default;
  JobRow(const JobRow&) = delete;
  JobRow& operator=(const JobRow&) = delete;

  Query& bind(Query& query);
  Job decode() const;
  /// The row's key in `jobs`, which `chunks` refers to.
  std::int64_t number() const { return number_; }
  const std::string& target_folded() const { return target_folded_; }
  /// About what the decoded job takes of memory.
  std::size_t bytes() const;

 private:
  JobSpec decode_spec() const;

  long long number_ = 0;
  std::string id_, pool_id_, target_name_, target_folded_, type_, file_type_, keys_;
  Nullable<std::string> table_schema_, csv_separator_, csv_quote_, csv_escape_;
  std::string upsert_strategy_;
  Nullable<long long> change_date_, fallback_varchar_length_;
  Nullable<std::string> foreign_keys_;
  std::string status_, logs_;
  long long execute_order_ = 0, rows_landed_ = 0;
  int cancel_requested_ = 0, deleted_ = 0;
  long long created_ = 0, modified_ = 0;
  Nullable<long long> executed_, started_, finished_;
  long long claims_ = 0, chunk_count_ = 0, chunk_bytes_ = 0, rows_staged_ = 0;
  Nullable<std::string> table_change_, predicate_;
  int allow_duplicate_ = 0;
  Nullable<std::string> duplicate_removal_column_;
  std::string mirror_target_names_;
  Nullable<std::string> post_execution_query_;
  Nullable<long long> deleted_at_;
  Nullable<std::string> creator_user_id_, creator_key_id_;
  int chunks_kept_ = 0;
  Nullable<std::string> connection_id_, schema_name_, target_schema_;
};

/// One row of `chunks`, likewise.
class ChunkRow {
 public:
  static const std::string kColumns;

  ChunkRow() = default;
  ChunkRow(const ChunkRow&) = delete;
  ChunkRow& operator=(const ChunkRow&) = delete;

  Query& bind(Query& query);
  Chunk decode(JobId job) const;

 private:
  long long position_ = 0;
  std::string id_, operation_;
  long long bytes_ = 0;
  std::string digest_, state_;
  Nullable<long long> row_count_;
  std::string errors_;
  long long created_ = 0;
  Nullable<long long> sequence_;
};

// The restrictions of a key as JSON texts.
std::optional<std::string> scopes_to_json(const KeyLimits& limits);
std::optional<std::string> pools_to_json(const KeyLimits& limits);

/// One row of `api_keys`, likewise.
class KeyRow {
 public:
  static const std::string kColumns;

  KeyRow() = default;
  KeyRow(const KeyRow&) = delete;
  KeyRow& operator=(const KeyRow&) = delete;

  Query& bind(Query& query);
  Key decode() const;

 private:
  std::string id_, team_id_, owner_kind_, owner_id_, creator_id_, name_, secret_digest_;
  long long created_ = 0;
  Nullable<long long> last_used_, expires_;
  Nullable<std::string> scopes_, pools_, replaced_by_;
};

}  // namespace adit
