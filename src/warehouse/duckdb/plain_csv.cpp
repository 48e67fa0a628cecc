#include "warehouse/duckdb/plain_csv.h"

#include <algorithm>

#include "formats/names.h"
#include "formats/plain_values.h"
#include "warehouse/duckdb/mapped_file.h"

namespace adit {
namespace {

/// What the engine can read in more than one way, or refuses, is left to it.
bool is_plain_text(std::string_view text, const CsvDialect& dialect) {
  if (dialect.separator.size() != 1 || dialect.escape != dialect.quote) return false;
  for (auto at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1)) {
    if (at + 1 == text.size() || text[at + 1] != '\n') return false;
  }
  return text.find('\0') == std::string_view::npos && is_utf8(text);
}

duckdb_type engine_type(TypeKind kind) {
  switch (kind) {
    case TypeKind::kInteger:
      return DUCKDB_TYPE_BIGINT;
    case TypeKind::kFloat:
      return DUCKDB_TYPE_DOUBLE;
    case TypeKind::kBoolean:
      return DUCKDB_TYPE_BOOLEAN;
    case TypeKind::kDate:
      return DUCKDB_TYPE_DATE;
    case TypeKind::kDateTime:
      return DUCKDB_TYPE_TIMESTAMP;
    case TypeKind::kString:
      return DUCKDB_TYPE_VARCHAR;
    case TypeKind::kDecimal:
    case TypeKind::kTime:
    case TypeKind::kDateTimeNs:
    case TypeKind::kOther:
      break;
  }
  return DUCKDB_TYPE_INVALID;
}

/// One column of the piece that is being filled.
struct Column {
  std::size_t field = 0;  ///< its place in the file
  TypeKind kind = TypeKind::kString;
  bool key = false;
  bool one_text = false;   ///< as TextRule::kKey has it
  bool undecided = false;  ///< held only as long as it has no value
  duckdb_vector vector = nullptr;
  void* data = nullptr;
};

class PlainReader {
 public:
  PlainReader(const ChunkSource& source, const RowConstants& constants)
      : dialect_(*source.dialect), fields_(source.fields), constants_(constants) {}
  PlainReader(const PlainReader&) = delete;
  PlainReader& operator=(const PlainReader&) = delete;
  ~PlainReader() {
    for (auto& type : types_) duckdb_destroy_logical_type(&type);
  }

  bool add(const ChunkColumn& column) {
    const auto type = engine_type(column.target.type.kind);
    if (type == DUCKDB_TYPE_INVALID) return false;
    Column added{.field = column.source.field,
                 .kind = column.target.type.kind,
                 .key = column.key,
                 .one_text = column.rule == TextRule::kKey,
                 .undecided = column.target.undecided};
    if (!added.undecided) {
      rows_.columns.push_back(column.target.name);
      types_.push_back(duckdb_create_logical_type(type));
    }
    columns_.push_back(added);
    return true;
  }

  std::optional<HeldRows> read(std::string_view text) {
    add_constants();
    CsvScanner scanner(text.substr(0, end_of_rows(text)), dialect_);
    CsvRecord record;
    if (!scanner.next(record)) return std::nullopt;
    while (scanner.next(record)) {
      if (record.blank()) {
        if (fields_ == 1) return std::nullopt;  // a null: the engine knows
        continue;
      }
      if (record.problem || record.fields.size() != fields_ || !take(record)) return std::nullopt;
    }
    close_piece();
    rows_.bytes = text.size() + rows_.rows * rows_.columns.size() * sizeof(duckdb_string_t);
    return std::move(rows_);
  }

 private:
  void add_constants() {
    const auto add = [&](std::string_view name, duckdb_type type) {
      rows_.columns.emplace_back(name);
      types_.push_back(duckdb_create_logical_type(type));
    };
    add(kChangeDateColumn, DUCKDB_TYPE_TIMESTAMP);
    if (!constants_.hidden) return;
    add(kHiddenChunk, DUCKDB_TYPE_BIGINT);
    add(kHiddenOperation, DUCKDB_TYPE_BOOLEAN);
  }

  void open_piece() {
    rows_.pieces.emplace_back(duckdb_create_data_chunk(types_.data(), types_.size()));
    idx_t place = 0;
    for (auto& column : columns_) {
      if (column.undecided) continue;
      column.vector = vector(place++);
      column.data = duckdb_vector_get_data(column.vector);
    }
  }

  /// Fills the constant columns, which are as long as the piece has become.
  void close_piece() {
    if (rows_.pieces.empty() || filled_ == 0) return;
    duckdb_data_chunk_set_size(rows_.pieces.back().get(), filled_);
    auto place = rows_.columns.size() - (constants_.hidden ? 3 : 1);
    fill(place, to_epoch_ms(constants_.change_date) * 1000);
    if (constants_.hidden) {
      fill(place + 1, constants_.hidden->position);
      fill(place + 2, constants_.hidden->operation == ChunkOperation::kDelete);
    }
    rows_.rows += filled_;
    filled_ = 0;
  }

  template <class Value>
  void fill(std::size_t place, Value value) {
    auto* data = static_cast<Value*>(duckdb_vector_get_data(vector(place)));
    std::fill_n(data, filled_, value);
  }

  duckdb_vector vector(idx_t place) const {
    return duckdb_data_chunk_get_vector(rows_.pieces.back().get(), place);
  }

  bool take(const CsvRecord& record) {
    if (filled_ == duckdb_vector_size()) close_piece();
    if (filled_ == 0) open_piece();
    for (const auto& column : columns_) {
      if (!take(column, record.fields[column.field])) return false;
    }
    ++filled_;
    return true;
  }

  bool take(const Column& column, const CsvField& field) {
    if (!field.quoted && field.raw.empty()) return take_null(column);
    if (column.undecided) return false;
    if (!field.quoted && field.raw.find(dialect_.quote) != std::string_view::npos) return false;
    switch (column.kind) {
      case TypeKind::kInteger:
        return store(column, plain_integer(field.raw));
      case TypeKind::kFloat:
        if (column.one_text && !is_printed_float(field.raw)) return false;
        return store(column, plain_float(field.raw));
      case TypeKind::kBoolean:
        if (column.one_text && !is_printed_boolean(field.raw)) return false;
        return store(column, plain_boolean(field.raw));
      case TypeKind::kDate:
        return store(column, plain_date(field.raw));
      case TypeKind::kDateTime:
        return store(column, plain_moment(field.raw));
      default:
        return store_text(column, field);
    }
  }

  bool take_null(const Column& column) const {
    if (column.key) return false;
    if (column.undecided) return true;
    duckdb_vector_ensure_validity_writable(column.vector);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(column.vector), filled_);
    return true;
  }

  template <class Value>
  bool store(const Column& column, std::optional<Value> value) const {
    if (!value) return false;
    static_cast<Value*>(column.data)[filled_] = *value;
    return true;
  }

  bool store_text(const Column& column, const CsvField& field) const {
    const bool escaped = field.quoted && field.raw.find(dialect_.quote) != std::string_view::npos;
    const auto value = escaped ? csv_value(field, dialect_) : std::string();
    const auto text = escaped ? std::string_view(value) : field.raw;
    duckdb_vector_assign_string_element_len(column.vector, filled_, text.data(), text.size());
    return true;
  }

  const CsvDialect& dialect_;
  const std::size_t fields_;
  const RowConstants& constants_;
  std::vector<Column> columns_;
  std::vector<duckdb_logical_type> types_;
  HeldRows rows_;
  idx_t filled_ = 0;  ///< rows in the last piece, as long as it is open
};

}  // namespace

std::optional<HeldRows> read_plain_csv(const ChunkSource& source, const std::vector<ChunkColumn>& columns,
                                       const RowConstants& constants) {
  const auto file = MappedFile::open(source.path);
  if (!file || !is_plain_text(file->bytes(), *source.dialect)) return std::nullopt;
  PlainReader reader(source, constants);
  for (const auto& column : columns) {
    if (!reader.add(column)) return std::nullopt;
  }
  return reader.read(file->bytes());
}

}  // namespace adit
