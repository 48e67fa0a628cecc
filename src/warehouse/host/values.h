// The fields of each value that crosses to an engine's process, named once.
//
// A field that is added to one of these structs and not here does not compile: the names of a structured
// binding must be as many as the fields.
#pragma once

#include "base/log.h"
#include "warehouse/warehouse.h"

namespace adit {

constexpr ErrorKind wire_last(ErrorKind) { return ErrorKind::kInternal; }
constexpr JobType wire_last(JobType) { return JobType::kDelta; }
constexpr FileType wire_last(FileType) { return FileType::kCsv; }
constexpr UpsertStrategy wire_last(UpsertStrategy) { return UpsertStrategy::kNullification; }
constexpr TableChangeKind wire_last(TableChangeKind) { return TableChangeKind::kDelete; }
constexpr ChunkOperation wire_last(ChunkOperation) { return ChunkOperation::kDelete; }
constexpr ColumnType wire_last(ColumnType) { return ColumnType::kString; }

template <class Visit>
void visit_fields(FieldError& value, Visit visit) {
  auto& [attribute, message] = value;
  visit(attribute, message);
}

template <class Visit>
void visit_fields(Error& value, Visit visit) {
  auto& [kind, public_message, internal_detail, fields] = value;
  visit(kind, public_message, internal_detail, fields);
}

template <class Visit>
void visit_fields(ColumnSchema& value, Visit visit) {
  auto& [name, type, field_length, decimals, primary_key] = value;
  visit(name, type, field_length, decimals, primary_key);
}

template <class Visit>
void visit_fields(TableSchema& value, Visit visit) {
  auto& [table_name, columns] = value;
  visit(table_name, columns);
}

template <class Visit>
void visit_fields(CsvOptions& value, Visit visit) {
  auto& [separator, quote, escape] = value;
  visit(separator, quote, escape);
}

template <class Visit>
void visit_fields(TableName& value, Visit visit) {
  auto& [schema, name] = value;
  visit(schema, name);
}

template <class Visit>
void visit_fields(TableChange& value, Visit visit) {
  auto& [kind, predicate] = value;
  visit(kind, predicate);
}

template <class Visit>
void visit_fields(JobSpec& value, Visit visit) {
  auto& [target_name, connection, schema, target_schema, type, file_type, keys, table_schema, csv,
         upsert_strategy, change_date, fallback_varchar_length, foreign_keys, change, allow_duplicate,
         duplicate_removal_column, mirror_target_names, post_execution_query] = value;
  visit(target_name, connection, schema, target_schema, type, file_type, keys, table_schema, csv,
        upsert_strategy, change_date, fallback_varchar_length, foreign_keys, change, allow_duplicate,
        duplicate_removal_column, mirror_target_names, post_execution_query);
}

template <class Visit>
void visit_fields(StagePlan& value, Visit visit) {
  auto& [pool, job, spec, change_date] = value;
  visit(pool, job, spec, change_date);
}

template <class Visit>
void visit_fields(FileDigest& value, Visit visit) {
  auto& [bytes, sha256] = value;
  visit(bytes, sha256);
}

template <class Visit>
void visit_fields(ChunkFile& value, Visit visit) {
  auto& [id, position, operation, path, stored] = value;
  visit(id, position, operation, path, stored);
}

template <class Visit>
void visit_fields(DataError& value, Visit visit) {
  auto& [message, row, line, byte, column, text] = value;
  visit(message, row, line, byte, column, text);
}

template <class Visit>
void visit_fields(StagedChunk& value, Visit visit) {
  auto& [id, rows, errors] = value;
  visit(id, rows, errors);
}

template <class Visit>
void visit_fields(JobPlace& value, Visit visit) {
  auto& [execute_order, job] = value;
  visit(execute_order, job);
}

template <class Visit>
void visit_fields(LandPlan& value, Visit visit) {
  auto& [stage, chunks] = value;
  visit(stage, chunks);
}

template <class Visit>
void visit_fields(Landing& value, Visit visit) {
  auto& [job, rows, landed_at, notes] = value;
  visit(job, rows, landed_at, notes);
}

template <class Visit>
void visit_fields(ColumnInfo& value, Visit visit) {
  auto& [name, type, declared_length] = value;
  visit(name, type, declared_length);
}

template <class Visit>
void visit_fields(TableInfo& value, Visit visit) {
  auto& [schema, name, view, rows_estimated, columns] = value;
  visit(schema, name, view, rows_estimated, columns);
}

template <class Visit>
void visit_fields(QueryRequest& value, Visit visit) {
  auto& [sql, row_limit, timeout, table] = value;
  visit(sql, row_limit, timeout, table);
}

}  // namespace adit
