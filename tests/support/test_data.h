// Makers of CSV, Parquet and compressed bytes, and of digests.
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
/// Standard base64 of the binary digests.
std::string sha256_base64(std::string_view bytes);
std::string md5_base64(std::string_view bytes);
/// One gzip member, and one zstd frame.
std::string gzip(std::string_view bytes);
std::string zstd(std::string_view bytes);
/// Standard base64 with padding.
std::string base64(std::string_view bytes);
std::string from_base64(std::string_view text);

}  // namespace adit::test
