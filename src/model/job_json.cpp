#include "model/job_json.h"

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "model/json_fields.h"

namespace adit {
namespace {

namespace json = boost::json;

constexpr std::string_view kAbsentFeature = "is not supported by this version of adit; leave it out";

/// A word of a closed list.
template <class Enum>
std::optional<Enum> read_word(FieldReader& reader, std::string_view name,
                              std::optional<Enum> (*parse)(std::string_view), std::string_view words) {
  const auto text = reader.string(name);
  if (!text) return std::nullopt;
  const auto value = parse(*text);
  if (!value) reader.fail(name, "must be one of " + std::string(words) + ", not \"" + *text + "\"");
  return value;
}

/// A length or scale, of which 0 means unset.
std::optional<std::int64_t> read_length(FieldReader& reader, std::string_view name) {
  const auto value = reader.integer(name);
  if (value && *value < 0) reader.fail(name, "must not be negative");
  return value && *value > 0 ? value : std::nullopt;
}

void refuse_if_set(FieldReader& reader, std::string_view name) {
  if (const auto* value = reader.find(name)) {
    const bool empty = (value->is_string() && value->get_string().empty()) ||
                       (value->is_array() && value->get_array().empty());
    if (!empty) reader.fail(name, std::string(kAbsentFeature));
  }
}

ColumnSchema read_column(FieldReader& reader) {
  ColumnSchema column;
  const auto name = reader.string("columnName");
  if (!name || name->empty()) reader.fail("columnName", "is required");
  column.name = name.value_or("");
  if (reader.find("columnType") == nullptr) reader.fail("columnType", "is required");
  column.type = read_word(reader, "columnType", &parse_column_type,
                          "INTEGER, DATE, TIME, DATETIME, FLOAT, BOOLEAN, STRING")
                    .value_or(ColumnType::kString);
  column.field_length = read_length(reader, "fieldLength");
  column.decimals = read_length(reader, "decimals");
  column.primary_key = reader.boolean("pkField").value_or(false);
  return column;
}

std::optional<TableSchema> read_table_schema(FieldReader& reader, std::vector<FieldError>& errors) {
  const auto* object = reader.object("tableSchema");
  if (object == nullptr) return std::nullopt;
  FieldReader schema_reader(*object, errors, reader.path("tableSchema"));
  TableSchema schema;
  schema.table_name = schema_reader.string("tableName");
  const auto* columns = schema_reader.array("columns");
  if (columns == nullptr || columns->empty()) return std::nullopt;  // declares nothing
  for (std::size_t i = 0; i < columns->size(); ++i) {
    const auto place = schema_reader.path("columns") + "[" + std::to_string(i) + "]";
    if (!(*columns)[i].is_object()) {
      errors.push_back({place, "must be an object"});
      continue;
    }
    FieldReader column_reader((*columns)[i].get_object(), errors, place);
    schema.columns.push_back(read_column(column_reader));
  }
  return schema;
}

std::optional<std::string> read_sequence(FieldReader& reader, std::string_view name, std::size_t bytes_max) {
  auto text = reader.string(name);
  if (!text) return std::nullopt;
  if (text->empty() || text->size() > bytes_max || text->find('\0') != std::string::npos) {
    reader.fail(name, bytes_max == 1 ? "must be one ASCII character" : "must be 1 to 4 bytes long");
  }
  if (text->find_first_of("\r\n") != std::string::npos) {
    reader.fail(name, "must not hold a line's end: that is where a row ends");
  }
  return text;
}

CsvOptions read_csv_options(FieldReader& reader, std::vector<FieldError>& errors) {
  CsvOptions options;
  const auto* object = reader.object("csvParsingOptions");
  if (object == nullptr) return options;
  FieldReader csv(*object, errors, reader.path("csvParsingOptions"));
  options.separator = read_sequence(csv, "separatorSequence", 4);
  options.quote = read_sequence(csv, "quoteSequence", 1);
  options.escape = read_sequence(csv, "escapeSequence", 1);
  if (const auto ending = csv.string("lineEnding");
      ending && *ending != "\n" && *ending != "\r\n" && !ending->empty()) {
    csv.fail("lineEnding", "is found out from the file; only \"\\n\" and \"\\r\\n\" are read");
  }
  if (const auto charset = csv.string("charSet"); charset && !charset->empty()) {
    if (*charset != "UTF-8" && *charset != "utf-8" && *charset != "UTF8" && *charset != "utf8") {
      csv.fail("charSet", "only UTF-8 is read by this version of adit; convert the file");
    }
  }
  if (const auto decimal = csv.string("decimalSeparator"); decimal && !decimal->empty() && *decimal != ".") {
    csv.fail("decimalSeparator", "only \".\" is read by this version of adit");
  }
  for (const auto* name : {"thousandSeparator", "dateFormat", "additionalColumnOptions"})
    refuse_if_set(csv, name);
  return options;
}

void read_adit_options(FieldReader& reader, std::vector<FieldError>& errors) {
  const auto* object = reader.object("adit");
  if (object == nullptr) return;
  FieldReader options(*object, errors, reader.path("adit"));
  for (const auto* name : {"maxRejectedRows", "maxRejectedRatio"}) {
    const auto* value = options.find(name);
    const bool zero = value != nullptr && ((value->is_int64() && value->get_int64() == 0) ||
                                           (value->is_double() && value->get_double() == 0.0));
    if (value != nullptr && !zero) options.fail(name, std::string(kAbsentFeature));
  }
  if (const auto mode = options.string("schemaMode"); mode && *mode != "evolve") {
    options.fail("schemaMode", "only \"evolve\" is supported by this version of adit");
  }
  refuse_if_set(options, "nullValues");
  refuse_if_set(options, "label");
}

/// An empty text is what some clients send for nothing.
std::optional<std::string> read_nonempty(FieldReader& reader, std::string_view name) {
  auto text = reader.string(name);
  return text && text->empty() ? std::nullopt : text;
}

std::optional<DataSourceId> read_connection(FieldReader& reader) {
  std::optional<DataSourceId> connection;
  for (const auto* name : {"connectionId", "dataConnectionId"}) {
    const auto text = read_nonempty(reader, name);
    if (!text) continue;
    const auto id = DataSourceId::parse(*text);
    if (!id) {
      reader.fail(name, "must be the id of a data connection, a UUID");
    } else if (connection && *connection != *id) {
      reader.fail(name, "names another data connection than connectionId; send one of the two");
    }
    if (!connection) connection = id;
  }
  return connection;
}

json::value optional_string(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::value optional_id(const std::optional<DataSourceId>& id) {
  return id ? json::value(id->to_string()) : json::value(nullptr);
}

json::value optional_number(const std::optional<std::int64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::value optional_count(const std::optional<std::uint64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::value optional_time(const std::optional<Timestamp>& time) {
  return time ? json::value(to_epoch_ms(*time)) : json::value(nullptr);
}

json::array string_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

json::value table_schema_json(const std::optional<TableSchema>& schema) {
  if (!schema) return nullptr;
  json::array columns;
  for (const auto& column : schema->columns) {
    columns.push_back(json::object{{"columnName", column.name},
                                   {"columnType", to_string(column.type)},
                                   {"fieldLength", optional_number(column.field_length)},
                                   {"decimals", optional_number(column.decimals)},
                                   {"pkField", column.primary_key}});
  }
  return json::object{{"tableName", optional_string(schema->table_name)}, {"columns", std::move(columns)}};
}

json::value csv_options_json(const CsvOptions& options) {
  if (options == CsvOptions{}) return nullptr;
  return json::object{{"separatorSequence", optional_string(options.separator)},
                      {"quoteSequence", optional_string(options.quote)},
                      {"escapeSequence", optional_string(options.escape)}};
}

std::string_view phase_of(const Job& job) {
  switch (job.status) {
    case JobStatus::kNew:
      return job.chunks == 0 ? "CREATED" : "RECEIVING";
    case JobStatus::kQueued:
      return "WAITING";
    case JobStatus::kRunning:
      return "LANDING";
    case JobStatus::kDone:
      return "LANDED";
    case JobStatus::kError:
    case JobStatus::kCanceled:
      return "ENDED";
  }
  std::unreachable();
}

/// How long a phase took; null until it is over, or if it never was.
json::value phase_ms(const std::optional<Timestamp>& begin, const std::optional<Timestamp>& end) {
  return begin && end ? json::value(to_epoch_ms(*end) - to_epoch_ms(*begin)) : json::value(nullptr);
}

json::object adit_block(const Job& job, double progress) {
  return json::object{{"progress", progress},
                      {"phase", phase_of(job)},
                      {"chunks", job.chunks},
                      {"bytes", job.bytes},
                      {"rowsStaged", job.rows_staged},
                      {"rowsLanded", job.rows_landed},
                      {"rowsRejected", 0},
                      {"executedAt", optional_time(job.executed)},
                      {"startedAt", optional_time(job.started)},
                      {"finishedAt", optional_time(job.finished)},
                      {"timings", json::object{{"receivingMs", phase_ms(job.created, job.executed)},
                                               {"waitingMs", phase_ms(job.executed, job.started)},
                                               {"landingMs", phase_ms(job.started, job.finished)}}}};
}

}  // namespace

Result<JobSpec> job_spec_from_json(const json::object& body, PoolId pool) {
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  JobSpec spec;
  auto target = reader.string("targetName");
  if (!target) target = reader.string("targetTable");
  if (!target && errors.empty())
    reader.fail("targetName", "is required: the name of the table (\"targetTable\" is read as well)");
  spec.target_name = target.value_or("");
  if (reader.find("type") == nullptr) reader.fail("type", "is required: REPLACE or DELTA");
  spec.type = read_word(reader, "type", &parse_job_type, "REPLACE, DELTA").value_or(JobType::kDelta);
  spec.file_type =
      read_word(reader, "fileType", &parse_file_type, "PARQUET, CSV").value_or(FileType::kParquet);
  spec.connection = read_connection(reader);
  spec.target_schema = read_nonempty(reader, "targetSchema");
  if (const auto id = reader.string("dataPoolId"); id && PoolId::parse(*id) != pool) {
    reader.fail("dataPoolId", "must be the id of the data pool in the path, " + pool.to_string());
  }
  spec.keys = reader.strings("keys");
  spec.table_schema = read_table_schema(reader, errors);
  spec.csv = read_csv_options(reader, errors);
  spec.upsert_strategy = read_word(reader, "upsertStrategy", &parse_upsert_strategy,
                                   "UPSERT_WITH_UNCHANGED_METADATA, UPSERT_WITH_NULLIFICATION")
                             .value_or(UpsertStrategy::kUnchangedMetadata);
  spec.change_date = reader.timestamp("changeDate");
  spec.fallback_varchar_length = read_length(reader, "fallbackVarcharLength");
  spec.foreign_keys = reader.string("foreignKeys");
  spec.allow_duplicate = reader.boolean("allowDuplicate").value_or(false);
  spec.mirror_target_names = reader.strings("mirrorTargetNames");
  spec.post_execution_query = read_nonempty(reader, "postExecutionQuery");
  read_adit_options(reader, errors);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  return spec;
}

json::object to_json(const Job& job, double progress) {
  const auto& spec = job.spec;
  return json::object{{"id", job.id.to_string()},
                      {"dataPoolId", job.pool.to_string()},
                      {"targetName", spec.target_name},
                      {"connectionId", optional_id(spec.connection)},
                      {"type", to_string(spec.type)},
                      {"fileType", to_string(spec.file_type)},
                      {"status", to_string(job.status)},
                      {"keys", string_array(spec.keys)},
                      {"tableSchema", table_schema_json(spec.table_schema)},
                      {"csvParsingOptions", csv_options_json(spec.csv)},
                      {"fallbackVarcharLength", optional_number(spec.fallback_varchar_length)},
                      {"upsertStrategy", to_string(spec.upsert_strategy)},
                      {"allowDuplicate", spec.allow_duplicate},
                      {"foreignKeys", optional_string(spec.foreign_keys)},
                      {"targetSchema", optional_string(spec.target_schema)},
                      {"postExecutionQuery", optional_string(spec.post_execution_query)},
                      {"mirrorTargetNames", string_array(spec.mirror_target_names)},
                      {"logs", string_array(job.logs)},
                      {"lastModified", to_epoch_ms(job.modified)},
                      {"lastPing", to_epoch_ms(job.modified)},
                      {"changeDate", optional_time(spec.change_date)},
                      {"creationDate", to_epoch_ms(job.created)},
                      {"adit", adit_block(job, progress)}};
}

json::object to_json(const Chunk& chunk) {
  json::array errors;
  for (const auto& error : chunk.errors) {
    errors.push_back(json::object{{"message", error.message},
                                  {"row", optional_count(error.row)},
                                  {"line", optional_count(error.line)},
                                  {"byte", optional_count(error.byte)},
                                  {"column", optional_string(error.column)},
                                  {"value", optional_string(error.value)}});
  }
  return json::object{{"id", chunk.id.to_string()},
                      {"creationDate", to_epoch_ms(chunk.created)},
                      {"type", to_string(chunk.operation)},
                      {"pushJobId", chunk.job.to_string()},
                      {"checksum", to_hex(chunk.digest)},
                      {"adit", json::object{{"bytes", chunk.bytes},
                                            {"rows", optional_count(chunk.rows)},
                                            {"state", to_string(chunk.state)},
                                            {"sequence", optional_number(chunk.sequence)},
                                            {"errors", std::move(errors)}}}};
}

}  // namespace adit
