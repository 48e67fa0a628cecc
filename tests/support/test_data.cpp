#include "support/test_data.h"

#include <duckdb.h>
#include <openssl/evp.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include "support/temp_folder.h"

namespace adit::test {
namespace {

/// An engine in memory, for writing files only. It is never closed: that needs values of the thread, which
/// are gone when what is static is destroyed.
class Engine {
 public:
  Engine() {
    if (duckdb_open(nullptr, &database_) != DuckDBSuccess ||
        duckdb_connect(database_, &connection_) != DuckDBSuccess) {
      throw std::runtime_error("no engine for test data");
    }
    run("SET threads = 1");
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void run(const std::string& sql) {
    duckdb_result result{};
    const auto state = duckdb_query(connection_, sql.c_str(), &result);
    const char* message = duckdb_result_error(&result);
    const std::string error = message != nullptr ? message : "";
    duckdb_destroy_result(&result);
    if (state != DuckDBSuccess) throw std::runtime_error("test data: " + error + "\n" + sql);
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

std::string copy_of(const std::string& select, const std::string& options) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  static auto& engine = *new Engine;
  static const TempFolder folder;
  const auto file = folder.path() / "data";
  engine.run("COPY (" + select + ") TO '" + file.string() + "' (" + options + ")");
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  return bytes.str();
}

}  // namespace

std::string parquet_of(const std::string& select) { return copy_of(select, "FORMAT parquet"); }

std::string csv_of(const std::string& select) { return copy_of(select, "FORMAT csv, HEADER true"); }

std::string sha256_hex(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return text;
}

std::string from_base64(std::string_view text) {
  std::string bytes(3 * (text.size() / 4), '\0');
  const int written =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (written < 0) throw std::runtime_error("no base64: " + std::string(text.substr(0, 60)));
  const auto end = text.find_last_not_of('=');
  bytes.resize(bytes.size() - (text.size() - 1 - (end == std::string::npos ? 0 : end)));
  return bytes;
}

namespace {

std::string digest_base64(std::string_view bytes, const EVP_MD* algorithm) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &length, algorithm, nullptr);
  return base64({reinterpret_cast<const char*>(digest), length});
}

}  // namespace

std::string sha256_base64(std::string_view bytes) { return digest_base64(bytes, EVP_sha256()); }

std::string md5_base64(std::string_view bytes) { return digest_base64(bytes, EVP_md5()); }

std::string gzip(std::string_view bytes) {
  constexpr int kGzip = 16;
  z_stream stream{};
  if (::deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("test data: no gzip");
  }
  std::string text(::deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  ::deflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  ::deflateEnd(&stream);
  return text;
}

std::string zstd(std::string_view bytes) {
  std::string text(::ZSTD_compressBound(bytes.size()), '\0');
  text.resize(::ZSTD_compress(text.data(), text.size(), bytes.data(), bytes.size(), 3));
  return text;
}

}  // namespace adit::test
