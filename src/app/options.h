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
#include "http/ip_network.h"
#include "model/disk_quota.h"

namespace adit {

/// Settings of `adit serve`. Sizes are bytes, times say their unit in the flag (`--head-timeout-ms`).
struct ServeOptions {
  std::filesystem::path data = "data";
  std::filesystem::path backup_folder;                       ///< empty: no backups while it runs
  std::string listen = "127.0.0.1:8080";                     ///< HOST:PORT; port 0 is any
  std::optional<std::string> tls_listen = "127.0.0.1:8443";  ///< absent for `off`
  std::filesystem::path tls_certificate;              ///< empty: the self-signed one of the data folder
  std::filesystem::path tls_key;                      ///< empty just as tls_certificate is
  std::optional<std::vector<std::string>> tls_names;  ///< of the self-signed one; absent: those it has
  std::optional<std::chrono::seconds> hsts_age;       ///< absent for `off`
  std::string public_url;                             ///< `https://adit.example/path`, no slash at its end
  std::vector<http::IpNetwork> trusted_proxies;
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kLogfmt;
  bool metrics_public = false;  ///< /metrics without a key

  std::uint64_t chunk_bytes_max = 1ULL << 30;
  std::uint64_t request_bytes_max = 4ULL << 30;
  std::uint64_t pool_disk_bytes_max = 0;  ///< of pools without a disk quota of their own; 0: none
  std::uint64_t memory_bytes_max = 0;     ///< of the engine; never 0 after parse_command_line
  std::size_t pools_open_max = 32;
  std::size_t engine_threads = 0;  ///< 0 is one per core
  bool engine_in_process = false;  ///< the engines of all pools in the server's own process
  std::size_t stages_max = 2;
  std::size_t landings_max = 16;
  std::size_t stages_waiting_max = 10'000;
  std::uint64_t jobs_queued_max = 10'000;

  std::size_t io_threads = 1;
  std::size_t workers = 32;
  std::size_t connections_max = 2048;
  std::uint64_t body_memory_bytes_max = 512ULL << 20;
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

  bool execute_limits = true;            ///< of the team that the first start makes
  std::chrono::days audit_retention{0};  ///< 0: for ever

  std::size_t event_streams_max = 1024;
  std::size_t event_streams_per_pool_max = 256;
  std::chrono::milliseconds event_heartbeat{15'000};
  std::chrono::hours event_retention{7 * 24};  ///< 0 is for ever
  std::uint64_t events_kept_max = 1'000'000;

  std::chrono::hours chunk_retention{168};
  std::chrono::milliseconds expiry_interval{600'000};
  std::chrono::hours abandoned_job_retention{30 * 24};  ///< 0 is for ever
  std::chrono::hours history_retention{400 * 24};       ///< 0 is for ever
  std::uint64_t held_chunk_bytes_max = 256ULL << 10;
  std::chrono::milliseconds checkpoint_interval{30'000};
};

/// How a client command finds its server: `url` and `key`, else listen.json and admin.key in `data`.
struct ConnectionOptions {
  std::optional<std::string> url;
  std::optional<std::string> key;
  std::filesystem::path data = "data";
  bool insecure = false;            ///< take any certificate
  std::optional<std::string> team;  ///< domain or id, on the folder of a stopped server; absent: the first
};

struct PushOptions {
  ConnectionOptions connection;
  std::vector<std::string> files;              ///< expanded; `-` is standard input
  std::vector<std::string> deletes;            ///< the same, of rows that go
  std::string pool;                            ///< name or id
  std::optional<std::string> data_connection;  ///< name or id; absent: a global table
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
  bool create_connection = false;
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
/// What a data pool may use of the disk.
struct PoolQuotaOptions {
  ConnectionOptions connection;
  std::string pool;
  std::optional<DiskQuota> quota{};  ///< absent: it is only shown
  bool json = false;
};
struct PoolDeleteOptions {
  ConnectionOptions connection;
  std::string pool;
  bool yes = false;  ///< do not ask
};

enum class KeyAction { kList, kCreate, kImport, kRotate, kDelete };
struct KeyOptions {
  ConnectionOptions connection;
  KeyAction action = KeyAction::kList;
  std::string name;          ///< kCreate, kImport
  std::string id;            ///< kRotate, kDelete
  std::string file;          ///< kImport: holds the credential; `-` is standard input
  bool application = false;  ///< of an application that is made with it
  std::string app;           ///< of this application; name or id
  std::string user;          ///< of this user; email or id
  std::optional<std::uint64_t> expires_days{};
  std::vector<std::string> scopes{};             ///< empty: all
  std::vector<std::string> pools{};              ///< names or ids; empty: all
  std::optional<std::uint64_t> overlap_hours{};  ///< kRotate
  bool json = false;
};

enum class UserAction { kList, kCreate, kChange, kDelete, kResetPassword };
struct UserOptions {
  ConnectionOptions connection;
  UserAction action = UserAction::kList;
  std::string user;   ///< email or id; kCreate: the email
  std::string name;   ///< empty: as it is; kCreate: the email
  std::string email;  ///< empty: as it is
  std::string role;   ///< empty: as it is, MEMBER for a new one
  bool disable = false;
  bool enable = false;
  bool json = false;
};

enum class AppAction { kList, kCreate, kEnable, kDisable, kDelete };
struct AppOptions {
  ConnectionOptions connection;
  AppAction action = AppAction::kList;
  std::string app;  ///< name or id; kCreate: the name
  bool json = false;
};

enum class ClientAction { kList, kShow, kCreate, kChange, kSecret, kRevoke, kDelete };
struct ClientOptions {
  ConnectionOptions connection;
  ClientAction action = ClientAction::kList;
  std::string client;               ///< name or id; kCreate: the name
  std::string name;                 ///< kChange: another one
  std::string app;                  ///< kCreate
  std::vector<std::string> scopes;  ///< empty: not said; like the next two
  std::vector<std::string> redirect_uris;
  std::vector<std::string> grant_types;
  std::optional<std::uint64_t> overlap_hours{};  ///< kSecret
  bool is_public = false;                        ///< kCreate
  bool disable = false, enable = false;          ///< kChange
  bool json = false;
};

enum class GroupAction { kList, kCreate, kAdd, kRemove, kDelete };
struct GroupOptions {
  ConnectionOptions connection;
  GroupAction action = GroupAction::kList;
  std::string group;  ///< name or id; kCreate: the name
  std::string user;   ///< email or id
  bool json = false;
};

enum class GrantAction { kList, kGive, kTake };
struct GrantOptions {
  ConnectionOptions connection;
  GrantAction action = GrantAction::kList;
  std::string permission;
  std::string user, app, group;  ///< to one of these; name, email or id
  std::string pool;              ///< name or id; empty: in the team
  bool json = false;
};

enum class TeamAction { kList, kCreate };
struct TeamOptions {
  std::filesystem::path data;
  TeamAction action = TeamAction::kList;
  std::string name;
  std::string domain;
  std::string email;  ///< of the new team's administrator
  bool json = false;
};

struct BackupOptions {
  ConnectionOptions connection;
  std::filesystem::path target;
  bool json = false;
  bool quiet = false;
};
struct RestoreOptions {
  std::filesystem::path backup;
  std::filesystem::path data;
  bool check = false;  ///< look at the backup, copy nothing
  bool leave_damaged_chunks_out = false;
  bool quiet = false;
};

struct DoctorOptions {
  std::filesystem::path data;
  bool quick = false;   ///< read no rows and no chunk files
  std::string rebuild;  ///< this pool, by name or id; empty: only look
  std::optional<std::filesystem::path> backup;
  std::filesystem::path backup_folder;
  bool chunks_only = false;
  bool removed_rows_return = false;
  bool force = false;
  bool json = false;
};

struct JobListOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string status;  ///< empty for all
  std::string table;   ///< empty for all
  std::uint64_t limit = 20;
  bool json = false;
};
struct JobHistoryOptions {
  ConnectionOptions connection;
  std::string pool;
  std::string job;  ///< empty: the list
  std::string status;
  std::string table;
  std::string type;
  std::string kind;
  std::string from;
  std::string to;
  std::optional<bool> deleted;
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
  std::optional<std::string> data_connection;  ///< name or id; absent: all tables
  bool json = false;
};
struct TableShowOptions {
  ConnectionOptions connection;
  std::string pool;
  std::optional<std::string> data_connection;  ///< name or id; absent: a global table
  std::string table;
  bool json = false;
};

enum class TableAction { kDrop, kTruncate, kDeleteRows };
struct TableChangeOptions {
  ConnectionOptions connection;
  TableAction action = TableAction::kDrop;
  std::string pool;
  std::optional<std::string> data_connection;  ///< as above
  std::string table;
  std::string where;  ///< kDeleteRows: an SQL expression
  bool yes = false;   ///< do not ask
};
struct TableExportOptions {
  ConnectionOptions connection;
  std::string pool;
  std::optional<std::string> data_connection;  ///< as above
  std::string table;
  RowFormat format = RowFormat::kCsv;
  std::optional<std::string> output;  ///< absent: standard output
};

/// Which entries of the audit log; empty means all.
struct AuditChoice {
  std::string from;
  std::string to;
  std::string principal;
  std::string operation;
  std::string object;
  std::string outcome;
};
struct AuditListOptions {
  ConnectionOptions connection;
  AuditChoice choice;
  std::uint64_t limit = 50;
  bool json = false;
};
struct AuditExportOptions {
  ConnectionOptions connection;
  AuditChoice choice;
  RowFormat format = RowFormat::kCsv;
  std::optional<std::string> output;  ///< absent: standard output
};

using Command =
    std::variant<ServeOptions, PushOptions, QueryOptions, PoolListOptions, PoolShowOptions, PoolCreateOptions,
                 PoolRenameOptions, PoolQuotaOptions, PoolDeleteOptions, KeyOptions, UserOptions, AppOptions,
                 ClientOptions, GroupOptions, GrantOptions, TeamOptions, JobListOptions, JobHistoryOptions,
                 JobShowOptions, JobWatchOptions, JobCancelOptions, JobDeleteOptions, TableListOptions,
                 TableShowOptions, TableChangeOptions, TableExportOptions, AuditListOptions,
                 AuditExportOptions, BackupOptions, RestoreOptions, DoctorOptions>;

/// Exit codes of every command; docs and scripts rely on them.
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kUnreachable = 3,  ///< no server there
  kJobError = 4,     ///< the job ended in ERROR
  kJobCanceled = 5,  ///< somebody else canceled the job
  kUnservable = 6,   ///< the data folder is damaged, or of a newer version
  kInterrupted = 130,
};

/// Reads the command line, the ADIT_* variables and, for serve, the configuration file; a flag beats a
/// variable, which beats the file. Returns the command to run, or the code to exit with once help, version or
/// settings (on `out`) or what is wrong with the usage (on `err`) have been written.
std::variant<Command, ExitCode> parse_command_line(int argc, const char* const* argv, std::ostream& out,
                                                   std::ostream& err);

}  // namespace adit
