// Makers of CSV and Parquet bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace adit::test {

/// The bytes of a Parquet file that holds a SELECT's rows, written by the engine. Throws
/// std::runtime_error on wrong SQL. Thread-safe.
std::string parquet_of(const std::string& select);
/// The same as CSV with a header.
std::string csv_of(const std::string& select);
/// Lower-case hexadecimal SHA-256.
std::string sha256_hex(std::string_view bytes);
/// Standard base64 with padding.
std::string base64(std::string_view bytes);

}  // namespace adit::test
