#include "warehouse/duckdb/small_chunk.h"

#include "warehouse/duckdb/plain_csv.h"

namespace adit {
namespace {

/// A small Parquet file may hold a great many equal rows.
constexpr std::uint64_t kHeldBytesMax = 8 << 20;

/// What the texts of a column take beside the vector itself.
std::uint64_t text_bytes(const DataChunk& piece, std::size_t column) {
  auto* vector = duckdb_data_chunk_get_vector(piece.get(), column);
  auto* validity = duckdb_vector_get_validity(vector);
  const auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  std::uint64_t bytes = 0;
  for (std::size_t row = 0; row < piece.size(); ++row) {
    if (validity == nullptr || duckdb_validity_row_is_valid(validity, row))
      bytes += duckdb_string_t_length(texts[row]);
  }
  return bytes;
}

std::uint64_t bytes_of(const DataChunk& piece, Rows& rows) {
  std::uint64_t bytes = 0;
  for (std::size_t column = 0; column < rows.column_count(); ++column) {
    bytes += piece.size() * sizeof(duckdb_string_t);
    if (duckdb_column_type(rows.get(), column) == DUCKDB_TYPE_VARCHAR) bytes += text_bytes(piece, column);
  }
  return bytes;
}

Tried<std::optional<HeldRows>> read_result(Connection& connection, const ChunkSelect& select,
                                           const RowConstants& constants) {
  auto statement = Statement::prepare(connection, select.rows_sql(constants));
  if (!statement) return std::unexpected(statement.error());
  auto rows = statement->stream(connection);
  if (!rows) return std::unexpected(rows.error());
  HeldRows held{.columns = select.column_names(constants)};
  while (auto piece = rows->next()) {
    if (piece.size() == 0) break;
    held.rows += piece.size();
    held.bytes += bytes_of(piece, *rows);
    if (held.bytes > kHeldBytesMax) return std::optional<HeldRows>();
    held.pieces.push_back(std::move(piece));
  }
  if (const auto failure = rows->stream_failure()) return std::unexpected(connection.note(*failure));
  return std::optional(std::move(held));
}

}  // namespace

Result<std::optional<HeldRows>> read_small_chunk(Connection& connection, const ChunkSource& source,
                                                 const ChunkSelect& select, const RowConstants& constants) {
  if (source.dialect) return read_plain_csv(source, select.columns(), constants);
  auto rows = read_result(connection, select, constants);
  if (rows) return std::move(*rows);
  if (is_own_failure(rows.error())) return to_error(rows.error(), source.from);
  return std::optional<HeldRows>();
}

}  // namespace adit
