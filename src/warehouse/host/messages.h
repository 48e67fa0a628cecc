// What the server and an engine's process say to each other.
//
// The server asks, the process answers under the number of the question; questions are many at a time and
// their answers come in any order. A cancel names a question and has no answer. The other way go questions to
// the landing book only, where the question came from that opens the pool.
//
// Beside the first connection there are lines, on each of which one question at a time is asked and answered:
// two threads then talk without any third.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "warehouse/host/values.h"
#include "warehouse/host/wire.h"

namespace adit {

/// Both sides are one build; a process of another one is refused.
inline constexpr std::uint32_t kHostProtocol = 2;

namespace log {
constexpr Level wire_last(Level) { return Level::kOff; }
constexpr Format wire_last(Format) { return Format::kJson; }
}  // namespace log

/// The number of no question; a cancel with it is meant for all.
inline constexpr std::uint64_t kEveryQuestion = 0;

enum class MessageKind : std::uint8_t {
  kConfigure,
  kInspect,
  kStage,
  kLand,
  kCheckChange,
  kDiscard,
  kLanded,
  kCheckpoint,
  kHoldFiles,
  kReleaseFiles,
  kTableBytes,
  kTables,
  kColumns,
  kDropSchema,
  kOpenQuery,
  kNextRows,
  kEndQuery,
  kQueryParquet,
  kProgress,
  kFigures,
  kClose,
  kLine,        ///< server to host: what comes along is the end of a line
  kCancel,      ///< server to host, on the first connection; the number is that of the question
  kAnswer,      ///< host to server; the number is that of the question
  kBookLanded,  ///< host to server, with a number of the host's own
  kBookPlan,    ///< the same
  kBookAnswer,  ///< server to host, with that number
};
constexpr MessageKind wire_last(MessageKind) { return MessageKind::kBookAnswer; }

/// Whether a host asks the server.
constexpr bool asks_book(MessageKind kind) {
  return kind == MessageKind::kBookLanded || kind == MessageKind::kBookPlan;
}

/// For what an engine's process is there.
enum class HostRole : std::uint8_t {
  kPool,       ///< one pool's tables
  kInspector,  ///< looks at uploads of all pools; has no file of its own
};
constexpr HostRole wire_last(HostRole) { return HostRole::kInspector; }

/// How far an engine's process shuts itself in before it opens anything.
struct HostConfinement {
  bool files = true;  ///< Landlock: its pool's folder and the chunks
  bool calls = true;  ///< seccomp: no sockets, programs, mounts, …
};

struct HostConfiguration {
  std::uint32_t protocol = kHostProtocol;
  HostRole role = HostRole::kPool;
  PoolId pool;
  std::filesystem::path root;          ///< WarehouseOptions::root, of which it may use its pool's folder
  std::filesystem::path chunk_folder;  ///< read-only
  std::uint64_t memory_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t stages_max = 0;
  std::uint64_t held_chunk_bytes_max = 0;
  std::uint64_t wal_bytes_max = 0;
  std::chrono::milliseconds checkpoint_interval{};
  std::uint64_t free_bytes_min = 0;
  HostConfinement confinement;
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kLogfmt;
  std::string failpoint;
};

/// What an engine's process counts, for the server's metrics.
struct HostFigures {
  std::uint64_t checkpoints = 0;
  std::uint64_t checkpoints_refused = 0;
  std::uint64_t openings_short_of_memory = 0;
  std::uint64_t wal_bytes = 0;
};

/// For questions whose answer is only that it was done.
struct Nothing {};

struct ConfigureRequest {
  static constexpr auto kKind = MessageKind::kConfigure;
  struct Answer {
    std::uint32_t protocol = kHostProtocol;
    bool files_confined = false;  ///< the kernel may have no Landlock
  };
  HostConfiguration configuration;
};

struct InspectRequest {
  static constexpr auto kKind = MessageKind::kInspect;
  using Answer = std::vector<ColumnInfo>;
  StagePlan plan;
  ChunkOperation operation = ChunkOperation::kUpsert;
  std::filesystem::path file;
};

struct StageRequest {
  static constexpr auto kKind = MessageKind::kStage;
  using Answer = StagedChunk;
  StagePlan plan;
  ChunkFile chunk;
};

struct LandRequest {
  static constexpr auto kKind = MessageKind::kLand;
  using Answer = Landing;
  LandPlan plan;
};

struct CheckChangeRequest {
  static constexpr auto kKind = MessageKind::kCheckChange;
  using Answer = Nothing;
  TableName table;
  TableChange change;
};

struct DiscardRequest {
  static constexpr auto kKind = MessageKind::kDiscard;
  using Answer = Nothing;
  JobId job;
};

struct LandedRequest {
  static constexpr auto kKind = MessageKind::kLanded;
  using Answer = std::optional<Landing>;
  JobId job;
};

struct CheckpointRequest {
  static constexpr auto kKind = MessageKind::kCheckpoint;
  using Answer = Nothing;
};

/// The hold that it begins is called by the number of this question.
struct HoldFilesRequest {
  static constexpr auto kKind = MessageKind::kHoldFiles;
  using Answer = Nothing;
};

struct ReleaseFilesRequest {
  static constexpr auto kKind = MessageKind::kReleaseFiles;
  using Answer = Nothing;
  std::uint64_t hold = 0;
};

struct TableBytesRequest {
  static constexpr auto kKind = MessageKind::kTableBytes;
  using Answer = std::optional<std::uint64_t>;
};

struct TablesRequest {
  static constexpr auto kKind = MessageKind::kTables;
  using Answer = std::vector<TableInfo>;
};

struct ColumnsRequest {
  static constexpr auto kKind = MessageKind::kColumns;
  using Answer = std::vector<ColumnInfo>;
  TableName table;
};

struct DropSchemaRequest {
  static constexpr auto kKind = MessageKind::kDropSchema;
  using Answer = Nothing;
  std::string schema;
};

/// The stream that it opens is called by the number of this question.
struct OpenQueryRequest {
  static constexpr auto kKind = MessageKind::kOpenQuery;
  using Answer = std::vector<ColumnInfo>;
  QueryRequest query;
};

struct NextRowsRequest {
  static constexpr auto kKind = MessageKind::kNextRows;
  struct Answer {
    std::vector<std::vector<Cell>> rows;  ///< none at the end
    bool truncated = false;               ///< with the end: RowStream::truncated()
  };
  std::uint64_t stream = 0;
};

struct EndQueryRequest {
  static constexpr auto kKind = MessageKind::kEndQuery;
  using Answer = Nothing;
  std::uint64_t stream = 0;
};

/// The file comes along as a descriptor.
struct QueryParquetRequest {
  static constexpr auto kKind = MessageKind::kQueryParquet;
  using Answer = std::uint64_t;  ///< bytes of the file
  QueryRequest query;
};

struct ProgressRequest {
  static constexpr auto kKind = MessageKind::kProgress;
  using Answer = std::optional<double>;
  JobId job;
};

/// Also the sign of life.
struct FiguresRequest {
  static constexpr auto kKind = MessageKind::kFigures;
  using Answer = HostFigures;
};

/// A last checkpoint; then the process ends.
struct CloseRequest {
  static constexpr auto kKind = MessageKind::kClose;
  using Answer = HostFigures;
};

/// LandingBook's questions, from the host to the server.
struct BookLandedRequest {
  static constexpr auto kKind = MessageKind::kBookLanded;
  using Answer = std::vector<JobPlace>;
  std::int64_t after = 0;
};
struct BookPlanRequest {
  static constexpr auto kKind = MessageKind::kBookPlan;
  using Answer = std::optional<LandPlan>;
  JobId job;
};

template <class Visit>
void visit_fields(HostConfinement& value, Visit visit) {
  auto& [files, calls] = value;
  visit(files, calls);
}

template <class Visit>
void visit_fields(HostConfiguration& value, Visit visit) {
  auto& [protocol, role, pool, root, chunk_folder, memory_bytes, threads, stages_max, held_chunk_bytes_max,
         wal_bytes_max, checkpoint_interval, free_bytes_min, confinement, log_level, log_format, failpoint] =
      value;
  visit(protocol, role, pool, root, chunk_folder, memory_bytes, threads, stages_max, held_chunk_bytes_max,
        wal_bytes_max, checkpoint_interval, free_bytes_min, confinement, log_level, log_format, failpoint);
}

template <class Visit>
void visit_fields(HostFigures& value, Visit visit) {
  auto& [checkpoints, checkpoints_refused, openings_short_of_memory, wal_bytes] = value;
  visit(checkpoints, checkpoints_refused, openings_short_of_memory, wal_bytes);
}

template <class Visit>
void visit_fields(ConfigureRequest& value, Visit visit) {
  auto& [configuration] = value;
  visit(configuration);
}

template <class Visit>
void visit_fields(ConfigureRequest::Answer& value, Visit visit) {
  auto& [protocol, files_confined] = value;
  visit(protocol, files_confined);
}

template <class Visit>
void visit_fields(InspectRequest& value, Visit visit) {
  auto& [plan, operation, file] = value;
  visit(plan, operation, file);
}

template <class Visit>
void visit_fields(StageRequest& value, Visit visit) {
  auto& [plan, chunk] = value;
  visit(plan, chunk);
}

template <class Visit>
void visit_fields(LandRequest& value, Visit visit) {
  auto& [plan] = value;
  visit(plan);
}

template <class Visit>
void visit_fields(CheckChangeRequest& value, Visit visit) {
  auto& [table, change] = value;
  visit(table, change);
}

template <class Visit>
void visit_fields(ColumnsRequest& value, Visit visit) {
  auto& [table] = value;
  visit(table);
}

template <class Visit>
void visit_fields(DropSchemaRequest& value, Visit visit) {
  auto& [schema] = value;
  visit(schema);
}

template <class Visit>
void visit_fields(NextRowsRequest::Answer& value, Visit visit) {
  auto& [rows, truncated] = value;
  visit(rows, truncated);
}

template <class Visit>
void visit_fields(BookLandedRequest& value, Visit visit) {
  auto& [after] = value;
  visit(after);
}

template <class T>
concept OfOneJob = std::is_same_v<T, DiscardRequest> || std::is_same_v<T, LandedRequest> ||
                   std::is_same_v<T, ProgressRequest> || std::is_same_v<T, BookPlanRequest>;
template <OfOneJob T, class Visit>
void visit_fields(T& value, Visit visit) {
  auto& [job] = value;
  visit(job);
}

template <class T>
concept OfOneQuery = std::is_same_v<T, OpenQueryRequest> || std::is_same_v<T, QueryParquetRequest>;
template <OfOneQuery T, class Visit>
void visit_fields(T& value, Visit visit) {
  auto& [query] = value;
  visit(query);
}

template <class Visit>
void visit_fields(ReleaseFilesRequest& value, Visit visit) {
  auto& [hold] = value;
  visit(hold);
}

template <class T>
concept OfOneStream = std::is_same_v<T, NextRowsRequest> || std::is_same_v<T, EndQueryRequest>;
template <OfOneStream T, class Visit>
void visit_fields(T& value, Visit visit) {
  auto& [stream] = value;
  visit(stream);
}

template <class T>
concept Empty = std::is_same_v<T, Nothing> || std::is_same_v<T, CheckpointRequest> ||
                std::is_same_v<T, TableBytesRequest> || std::is_same_v<T, TablesRequest> ||
                std::is_same_v<T, FiguresRequest> || std::is_same_v<T, CloseRequest> ||
                std::is_same_v<T, HoldFilesRequest>;
template <Empty T, class Visit>
void visit_fields(T&, Visit visit) {
  visit();
}

/// A question as the server's time and the question itself.
template <class Request>
std::string question_bytes(Timestamp now, const Request& request) {
  WireWriter writer;
  writer(now, request);
  return std::move(writer).take();
}

/// An answer or the reason why there is none.
template <class T>
std::string answer_bytes(const Result<T>& answer) {
  WireWriter writer;
  writer(answer.ok());
  if (!answer) {
    writer(answer.error());
  } else if constexpr (!std::is_void_v<T>) {
    writer(*answer);
  }
  return std::move(writer).take();
}

/// kInternal for bytes that are no such answer.
template <class T>
Result<T> read_answer(std::string_view bytes) {
  WireReader reader(bytes);
  bool ok = false;
  reader(ok);
  T value{};
  Error error;
  if (ok) {
    reader(value);
  } else {
    reader(error);
  }
  if (!reader.done()) return internal("an answer of an engine's process can't be read");
  if (!ok) return error;
  return value;
}

}  // namespace adit
