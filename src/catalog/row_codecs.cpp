#include "catalog/row_codecs.h"

namespace adit {
namespace {

template <class Value>
Value decode_word(std::optional<Value> value, const std::string& word) {
  if (!value) throw CorruptRow("no such word: " + word);
  return *value;
}

std::optional<std::string> decode_text(const Nullable<std::string>& column) {
  return column.has_value() ? std::optional(column.value) : std::nullopt;
}

std::uint8_t decode_nibble(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  throw CorruptRow("no digest");
}

}  // namespace

Sha256Digest decode_digest(const std::string& hex) {
  Sha256Digest digest{};
  if (hex.size() != 2 * digest.size()) throw CorruptRow("no digest");
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::uint8_t>(decode_nibble(hex[2 * i]) << 4 | decode_nibble(hex[2 * i + 1]));
  }
  return digest;
}

DiskQuota decode_quota(const Nullable<long long>& column) {
  if (!column.has_value()) return {};
  if (column.value == 0) return {DiskQuotaKind::kNone};
  return {DiskQuotaKind::kOwn, static_cast<std::uint64_t>(column.value)};
}

std::optional<std::int64_t> encode(const DiskQuota& quota) {
  if (quota.kind == DiskQuotaKind::kDefault) return std::nullopt;
  return quota.kind == DiskQuotaKind::kNone ? 0 : static_cast<std::int64_t>(quota.bytes_max);
}

std::optional<Timestamp> decode_time(const Nullable<long long>& column) {
  return column.has_value() ? std::optional(from_epoch_ms(column.value)) : std::nullopt;
}

const std::string JobRow::kColumns =
    "number, id, pool_id, target_name, target_folded, type, file_type, keys, table_schema, csv_separator, "
    "csv_quote, "
    "csv_escape, upsert_strategy, change_date, fallback_varchar_length, foreign_keys, status, logs, "
    "execute_order, "
    "rows_landed, cancel_requested, deleted, created, modified, executed, started, finished, claims, "
    "chunk_count, chunk_bytes, rows_staged, table_change, predicate, allow_duplicate, "
    "duplicate_removal_column, mirror_target_names, post_execution_query, deleted_at, creator_user_id, "
    "creator_key_id, chunks_kept, connection_id, schema_name, target_schema";

Query& JobRow::bind(Query& query) {
  return query.into(number_)
      .into(id_)
      .into(pool_id_)
      .into(target_name_)
      .into(target_folded_)
      .into(type_)
      .into(file_type_)
      .into(keys_)
      .into(table_schema_)
      .into(csv_separator_)
      .into(csv_quote_)
      .into(csv_escape_)
      .into(upsert_strategy_)
      .into(change_date_)
      .into(fallback_varchar_length_)
      .into(foreign_keys_)
      .into(status_)
      .into(logs_)
      .into(execute_order_)
      .into(rows_landed_)
      .into(cancel_requested_)
      .into(deleted_)
      .into(created_)
      .into(modified_)
      .into(executed_)
      .into(started_)
      .into(finished_)
      .into(claims_)
      .into(chunk_count_)
      .into(chunk_bytes_)
      .into(rows_staged_)
      .into(table_change_)
      .into(predicate_)
      .into(allow_duplicate_)
      .into(duplicate_removal_column_)
      .into(mirror_target_names_)
      .into(post_execution_query_)
      .into(deleted_at_)
      .into(creator_user_id_)
      .into(creator_key_id_)
      .into(chunks_kept_)
      .into(connection_id_)
      .into(schema_name_)
      .into(target_schema_);
}

JobSpec JobRow::decode_spec() const {
  JobSpec spec;
  spec.target_name = target_name_;
  spec.type = decode_word(parse_job_type(type_), type_);
  spec.file_type = decode_word(parse_file_type(file_type_), file_type_);
  spec.keys = strings_from_json(keys_);
  if (table_schema_.has_value()) spec.table_schema = table_schema_from_json(table_schema_.value);
  spec.csv = {decode_text(csv_separator_), decode_text(csv_quote_), decode_text(csv_escape_)};
  spec.upsert_strategy = decode_word(parse_upsert_strategy(upsert_strategy_), upsert_strategy_);
  spec.change_date = decode_time(change_date_);
  if (fallback_varchar_length_.has_value()) spec.fallback_varchar_length = fallback_varchar_length_.value;
  spec.foreign_keys = decode_text(foreign_keys_);
  if (const auto change = decode_text(table_change_)) {
    spec.change = TableChange{decode_word(parse_table_change_kind(*change), *change),
                              decode_text(predicate_).value_or("")};
  }
  spec.allow_duplicate = allow_duplicate_ != 0;
  spec.duplicate_removal_column = decode_text(duplicate_removal_column_);
  spec.mirror_target_names = strings_from_json(mirror_target_names_);
  spec.post_execution_query = decode_text(post_execution_query_);
  if (connection_id_.has_value()) spec.connection = decode_id<DataSourceId>(connection_id_.value);
  spec.schema = decode_text(schema_name_).value_or("");
  spec.target_schema = decode_text(target_schema_);
  return spec;
}

Job JobRow::decode() const {
  Job job;
  job.id = decode_id<JobId>(id_);
  job.pool = decode_id<PoolId>(pool_id_);
  job.spec = decode_spec();
  job.status = decode_word(parse_job_status(status_), status_);
  job.logs = strings_from_json(logs_);
  job.execute_order = execute_order_;
  job.rows_landed = static_cast<std::uint64_t>(rows_landed_);
  job.cancel_requested = cancel_requested_ != 0;
  job.deleted = deleted_ != 0;
  job.created = from_epoch_ms(created_);
  job.modified = from_epoch_ms(modified_);
  job.executed = decode_time(executed_);
  job.started = decode_time(started_);
  job.finished = decode_time(finished_);
  job.claims = claims_;
  job.chunks = static_cast<std::uint64_t>(chunk_count_);
  job.bytes = static_cast<std::uint64_t>(chunk_bytes_);
  job.rows_staged = static_cast<std::uint64_t>(rows_staged_);
  job.deleted_at = decode_time(deleted_at_);
  if (creator_user_id_.has_value() && creator_key_id_.has_value()) {
    job.creator =
        JobCreator{decode_id<UserId>(creator_user_id_.value), decode_id<KeyId>(creator_key_id_.value)};
  }
  job.chunk_files_kept = chunks_kept_ != 0;
  return job;
}

std::size_t JobRow::bytes() const {
  return sizeof(Job) + keys_.size() + logs_.size() + mirror_target_names_.size() +
         table_schema_.value.size() + foreign_keys_.value.size() + predicate_.value.size() +
         post_execution_query_.value.size() + target_schema_.value.size();
}

const std::string ChunkRow::kColumns =
    "position, id, operation, bytes, digest, state, row_count, errors, created, sequence";

Query& ChunkRow::bind(Query& query) {
  return query.into(position_)
      .into(id_)
      .into(operation_)
      .into(bytes_)
      .into(digest_)
      .into(state_)
      .into(row_count_)
      .into(errors_)
      .into(created_)
      .into(sequence_);
}

Chunk ChunkRow::decode(JobId job) const {
  Chunk chunk;
  chunk.id = decode_id<ChunkId>(id_);
  chunk.job = job;
  chunk.operation = decode_word(parse_chunk_operation(operation_), operation_);
  chunk.position = position_;
  chunk.bytes = static_cast<std::uint64_t>(bytes_);
  chunk.digest = decode_digest(digest_);
  chunk.state = decode_word(parse_chunk_state(state_), state_);
  if (row_count_.has_value()) chunk.rows = static_cast<std::uint64_t>(row_count_.value);
  chunk.errors = data_errors_from_json(errors_);
  chunk.created = from_epoch_ms(created_);
  if (sequence_.has_value()) chunk.sequence = sequence_.value;
  return chunk;
}

std::optional<std::string> scopes_to_json(const KeyLimits& limits) {
  if (!limits.scopes) return std::nullopt;
  std::vector<std::string> words;
  for (const auto scope : all_scopes()) {
    if (limits.scopes->has(scope)) words.emplace_back(to_string(scope));
  }
  return strings_to_json(words);
}

std::optional<std::string> pools_to_json(const KeyLimits& limits) {
  return limits.pools ? std::optional(ids_to_json(*limits.pools)) : std::nullopt;
}

const std::string KeyRow::kColumns =
    "id, team_id, owner_kind, owner_id, creator_id, name, secret_digest, created, last_used, expires, "
    "scopes, "
    "pools, replaced_by";

Query& KeyRow::bind(Query& query) {
  return query.into(id_)
      .into(team_id_)
      .into(owner_kind_)
      .into(owner_id_)
      .into(creator_id_)
      .into(name_)
      .into(secret_digest_)
      .into(created_)
      .into(last_used_)
      .into(expires_)
      .into(scopes_)
      .into(pools_)
      .into(replaced_by_);
}

Key KeyRow::decode() const {
  Key key;
  key.id = decode_id<KeyId>(id_);
  key.team = decode_id<TeamId>(team_id_);
  key.owner = {decode_word(parse_subject_kind(owner_kind_), owner_kind_), decode_id<Uuid>(owner_id_)};
  key.creator = decode_id<UserId>(creator_id_);
  key.name = name_;
  key.secret_digest = decode_digest(secret_digest_);
  key.created = from_epoch_ms(created_);
  key.last_used = decode_time(last_used_);
  key.expires = decode_time(expires_);
  if (scopes_.has_value()) {
    key.limits.scopes.emplace();
    for (const auto& word : strings_from_json(scopes_.value)) {
      key.limits.scopes->add(decode_word(parse_scope(word), word));
    }
  }
  if (pools_.has_value()) {
    key.limits.pools.emplace();
    for (const auto& id : strings_from_json(pools_.value)) {
      key.limits.pools->push_back(decode_id<PoolId>(id));
    }
  }
  if (replaced_by_.has_value()) key.replaced_by = decode_id<KeyId>(replaced_by_.value);
  return key;
}

}  // namespace adit
