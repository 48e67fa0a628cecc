// app/ is the program: its options, its commands and the only place that wires the concrete parts of all
// other folders together. Nobody includes it.
//
// This header: what the command line, the environment and the configuration file may say, as plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace adit {

/// Settings of `adit serve`. Sizes are bytes, times say their unit in the flag (`--head-timeout-ms`).
struct ServeOptions {
  std::filesystem::path data = "data";
  std::string listen = "127.0.0.1:8080";                     ///< HOST:PORT; port 0 is any
  std::optional<std::string> tls_listen = "127.0.0.1:8443";  ///< absent for `off`
  std::vector<std::string> tls_names{"localhost", "127.0.0.1", "::1"};
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kLogfmt;
  bool metrics_public = false;  ///< /metrics without a key

  std::uint64_t chunk_bytes_max = 1ULL << 30;
  std::uint64_t request_bytes_max = 4ULL << 30;
  std::uint64_t memory_bytes_max = 0;  ///< of the engine; never 0 after parse_command_line
  std::size_t pools_open_max = 32;
  std::size_t engine_threads = 0;  ///< 0 is one per core
  std::size_t stages_max = 2;
  std::size_t landings_max = 8;

  std::size_t io_threads = 1;
  std::size_t workers = 32;
  std::size_t connections_max = 2048;
  std::chrono::milliseconds head_timeout{10'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds read_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds drain_timeout{20'000};
  std::uint64_t body_bytes_per_second_min = 1024;
  std::vector<std::string> cors_origins;  ///< `scheme://host[:port]` or `*`; empty: cross-origin is off

  std::uint64_t query_rows_max = 1'000'000;
  std::chrono::milliseconds query_timeout_max{600'000};
  std::size_t queries_max = 4;

  std::chrono::hours chunk_retention{168};
  std::uint64_t held_chunk_bytes_max = 256ULL << 10;
  std::chrono::milliseconds checkpoint_interval{30'000};
};

/// How a client command finds its server: `url` and `key`, else listen.json and admin.key in `data`.
struct ConnectionOptions {
  std::optional<std::string> url;
  std::optional<std::string> key;
  std::filesystem::path data = "data";
  bool insecure = false;  ///< take any certificate
};

struct PushOptions {
  ConnectionOptions connection;
  std::vector<std::string> files;    ///< expanded; `-` is standard input
  std::vector<std::string> deletes;  ///< the same, of rows that go
  std::string pool;                  ///< name or id
  std::string table;
  std::string type;                   ///< REPLACE or DELTA
  std::optional<std::string> format;  ///< PARQUET or CSV; absent: by the files' names
  std::vector<std::string> keys;
  std::optional<std::string> schema;  ///< JSON of a tableSchema
  std::optional<std::string> separator;
  std::optional<std::string> quote;
  std::optional<std::string> escape;
  std::optional<std::string> upsert_strategy;
  std::optional<std::uint64_t> fallback_varchar_length;
  std::optional<std::string> change_date;
  std::optional<std::string> foreign_keys;
  std::uint64_t chunk_bytes_max = 256ULL << 20;
  std::size_t uploads_max = 4;
  std::chrono::seconds retry_time{300};
  bool create_pool = false;
  bool json = false;
  bool quiet = false;
};

enum class RowFormat { kTable, kJson, kJsonLines, kCsv, kParquet };

struct QueryOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string sql;                     ///< `-` reads standard input
  std::optional<std::uint64_t> limit;  ///< absent: the server's bound, or all rows of CSV and Parquet
  std::chrono::milliseconds timeout{60'000};
  RowFormat format = RowFormat::kTable;
  std::optional<std::string> output;  ///< absent: standard output
};

struct PoolListOptions {
  ConnectionOptions connection;
  bool json = false;
};
struct PoolShowOptions {
  ConnectionOptions connection;
  std::string pool;  ///< name or id
  bool json = false;
};
struct PoolCreateOptions {
  ConnectionOptions connection;
  std::string name;
  std::string description;
  std::string id;  ///< empty: a new one
  bool json = false;
};

struct PoolRenameOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string name;
  std::optional<std::string> description;
};
struct PoolDeleteOptions {
  ConnectionOptions connection;
  std::string pool;
  bool yes = false;  ///< do not ask
};

struct KeyListOptions {
  ConnectionOptions connection;
  bool json = false;
};
struct KeyCreateOptions {
  ConnectionOptions connection;
  std::string name;
  bool application = false;
  bool json = false;
};
struct KeyImportOptions {
  ConnectionOptions connection;
  std::string name;
  std::string file;  ///< holds the credential; `-` is standard input
  bool application = false;
  bool json = false;
};
struct KeyDeleteOptions {
  ConnectionOptions connection;
  std::string id;
};

struct JobListOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string status;  ///< empty for all
  std::string table;   ///< empty for all
  std::uint64_t limit = 20;
  bool json = false;
};
struct JobShowOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string job;
  bool json = false;
};
struct JobWatchOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string job;
  bool json = false;
  bool quiet = false;
};
struct JobCancelOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string job;
};
struct JobDeleteOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string job;
};

struct TableListOptions {
  ConnectionOptions connection;
  std::string pool;
  bool json = false;
};
struct TableShowOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string table;
  bool json = false;
};

enum class TableAction { kDrop, kTruncate, kDeleteRows };
struct TableChangeOptions {
  ConnectionOptions connection;
  TableAction action = TableAction::kDrop;
  std::string pool;
  std::string table;
  std::string where;  ///< kDeleteRows: an SQL expression
  bool yes = false;   ///< do not ask
};
struct TableExportOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string table;
  RowFormat format = RowFormat::kCsv;
  std::optional<std::string> output;  ///< absent: standard output
};

using Command = std::variant<ServeOptions, PushOptions, QueryOptions, PoolListOptions, PoolShowOptions,
                             PoolCreateOptions, PoolRenameOptions, PoolDeleteOptions, KeyListOptions,
                             KeyCreateOptions, KeyImportOptions, KeyDeleteOptions, JobListOptions,
                             JobShowOptions, JobWatchOptions, JobCancelOptions, JobDeleteOptions,
                             TableListOptions, TableShowOptions, TableChangeOptions, TableExportOptions>;

/// Exit codes of every command; docs and scripts rely on them.
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kUnreachable = 3,  ///< no server there
  kJobError = 4,     ///< the job ended in ERROR
  kJobCanceled = 5,  ///< somebody else canceled the job
  kInterrupted = 130,
};

/// Reads the command line, the ADIT_* variables and, for serve, the configuration file; a flag beats a
/// variable, which beats the file. Returns the command to run, or the code to exit with once help, version or
/// settings (on `out`) or what is wrong with the usage (on `err`) have been written.
std::variant<Command, ExitCode> parse_command_line(int argc, const char* const* argv, std::ostream& out,
                                                   std::ostream& err);

}  // namespace adit
