#include "warehouse/host/hosted_warehouse.h"

#include <algorithm>
#include <condition_variable>
#include <utility>
#include <vector>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stopwatch.h"
#include "warehouse/duckdb/inspector.h"
#include "warehouse/duckdb/sql_gate.h"
#include "warehouse/duckdb/table_statement.h"
#include "warehouse/host/hosted_hold.h"
#include "warehouse/host/hosted_rows.h"
#include "warehouse/interruption.h"
#include "warehouse/pool_files.h"

namespace adit {
namespace {

/// The inspector's process looks at files of all pools and has none of its own.
const PoolId kNoPool{};
/// Who asks how a job goes is not kept waiting by an engine that does not answer.
constexpr std::chrono::milliseconds kProgressPatience{200};
constexpr std::chrono::milliseconds kReadingTime{500};
constexpr std::uint64_t kInspectorMemory = 128ULL << 20;
/// How long a process that has one upload to look at may take, in signs of life that are due meanwhile.
constexpr int kLonePatience = 6;

Error not_looked_at() {
  return {ErrorKind::kUnavailable, "The file could not be looked at in time. Send it again later.",
          "an engine's process did not answer what an upload is"};
}

Result<void> done(const Result<Nothing>& answer) {
  if (!answer) return answer.error();
  return {};
}

DataError gave_up_on_chunk() {
  DataError error;
  error.message =
      "The engine's process ended twice while it read this chunk, so it is not tried again. Look into the "
      "file: it "
      "may be damaged, or need more memory than the server has for its pool (--memory-bytes-max).";
  return error;
}

Error gave_up_on_landing() {
  return {ErrorKind::kInternal,
          "The engine's process ended twice while this job landed, so it is not tried again; the table is as "
          "it was "
          "before. The job may need more memory than the server has for its pool (--memory-bytes-max).",
          "the engine's process ended twice during the landing"};
}

/// Asks all before it waits for any: where several hang, they are given up at nearly the same time.
void check_lives(HostRegistry& registry, std::chrono::milliseconds timeout) {
  struct Asked {
    HostLease host;
    std::chrono::steady_clock::time_point deadline;
    std::unique_ptr<EngineHost::Question> question;
  };
  std::vector<Asked> asked;
  for (auto& host : registry.open_pools()) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    if (auto question = host->ask_for_life(deadline))
      asked.push_back({std::move(host), deadline, std::move(question)});
  }
  for (auto& [host, deadline, question] : asked) {
    // What has been answered in time may not have been read yet.
    host->take_life(*question, std::max(deadline, std::chrono::steady_clock::now() + kReadingTime));
  }
}

/// Says for as long as it lives which pool works on a job.
class Working {
 public:
  using Jobs = Guarded<std::unordered_map<JobId, PoolId>>;
  Working(Jobs& jobs, JobId job, PoolId pool) : jobs_(jobs), job_(job) { (*jobs_.lock())[job] = pool; }
  ~Working() { jobs_.lock()->erase(job_); }
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;

 private:
  Jobs& jobs_;
  const JobId job_;
};

}  // namespace

HostedWarehouse::HostedWarehouse(WarehouseOptions options, HostOptions hosts, LandingBook book,
                                 const Clock& clock, Metrics& metrics)
    : options_(std::move(options)),
      host_options_(std::move(hosts)),
      book_(std::move(book)),
      clock_(clock),
      metrics_(metrics),
      hosts_(
          {.pools_open_max = options_.pools_open_max, .memory_bytes_max = options_.memory_bytes_max},
          [this](PoolId pool, std::uint64_t memory_bytes) { return start_host(pool, memory_bytes); },
          [](PoolId, EngineHost* host) {
            if (host != nullptr) host->interrupt();
          },
          &metrics.pools_open),
      inspectors_(
          {.pools_open_max = 1, .memory_bytes_max = kInspectorMemory},
          [this](PoolId, std::uint64_t memory_bytes) {
            return EngineHost::start(starter_, host_start(HostRole::kInspector, kNoPool, memory_bytes),
                                     clock_, metrics_);
          },
          [](PoolId, EngineHost*) {}, nullptr),
      lone_inspectors_(
          {.pools_open_max = 1, .memory_bytes_max = kInspectorMemory},
          [this](PoolId upload, std::uint64_t memory_bytes) {
            return EngineHost::start(starter_, host_start(HostRole::kInspector, upload, memory_bytes), clock_,
                                     metrics_);
          },
          [](PoolId, EngineHost*) {}, nullptr),
      stage_places_(options_.stages_max) {
  // Apart: one that hangs, or takes its time to close, must not keep another from being stopped that eats the
  // memory of all.
  watches_ = {watch([this](HostRegistry& registry) { check_lives(registry, host_options_.life_timeout); }),
              watch([](HostRegistry& registry) {
                for (const auto& host : registry.open_pools()) host->check_memory();
              }),
              watch([this](HostRegistry& registry) { registry.close_idle(host_options_.idle_max); })};
}

HostedWarehouse::~HostedWarehouse() { close(); }

void HostedWarehouse::close() {
  // Watched to the end: whoever still waits for one that hangs is waited for here.
  hosts_.close();
  inspectors_.close();
  lone_inspectors_.close();
  for (auto& watch : watches_) watch.request_stop();
  for (auto& watch : watches_) {
    if (watch.joinable()) watch.join();
  }
}

HostStart HostedWarehouse::host_start(HostRole role, PoolId pool, std::uint64_t memory_bytes) {
  const bool one_pool = role == HostRole::kPool;
  const auto reserve = host_options_.memory_reserve_bytes;
  HostConfiguration configuration{
      .role = role,
      .pool = pool,
      .root = options_.root,
      .chunk_folder = one_pool && host_options_.chunk_folder
                          ? std::filesystem::absolute(host_options_.chunk_folder(pool))
                          : options_.chunks_root,
      .memory_bytes = memory_bytes,
      .threads = options_.threads_per_pool,
      .stages_max = options_.stages_max,
      .held_chunk_bytes_max = options_.held_chunk_bytes_max,
      .wal_bytes_max = options_.wal_bytes_max,
      .checkpoint_interval = options_.checkpoint_interval,
      .free_bytes_min = options_.free_bytes_min,
      .confinement = {.files = host_options_.confined, .calls = host_options_.confined},
      .log_level = log::configured_level(),
      .log_format = log::configured_format(),
      .failpoint = {}};
  if (failpoint_is_armed("warehouse.")) configuration.failpoint = armed_failpoint();
  if (one_pool && host_options_.failpoint) configuration.failpoint = host_options_.failpoint(pool);
  std::function<void()> note_end;
  if (one_pool) note_end = [this, pool] { crashes_.process_ended(pool, std::chrono::steady_clock::now()); };
  return {.configuration = std::move(configuration),
          .book = book_,
          .ended = note_end,
          .short_of_memory = one_pool ? [this, pool] { hosts_.enlarge(pool); } : std::function<void()>(),
          .resident_bytes_max = reserve == 0 ? 0 : memory_bytes + reserve,
          .close_timeout = host_options_.close_timeout,
          .send_timeout = host_options_.life_timeout};
}

Result<std::unique_ptr<EngineHost>> HostedWarehouse::start_host(PoolId pool, std::uint64_t memory_bytes) {
  if (options_.may_open) ADIT_CHECK(options_.may_open(pool));
  if (crashes_.wait_left(pool, std::chrono::steady_clock::now()) > std::chrono::milliseconds(0)) {
    return Error{ErrorKind::kUnavailable,
                 "The pool's engine has ended several times and is given a pause. Try again in some seconds.",
                 "the engine's process is not started again yet"};
  }
  return EngineHost::start(starter_, host_start(HostRole::kPool, pool, memory_bytes), clock_, metrics_);
}

bool HostedWarehouse::exists(PoolId pool) const {
  std::error_code error;
  return std::filesystem::exists(options_.root / pool.to_string() / "pool.db", error);
}

/// Then the process waits for a checkpoint before it stages: not in a place that others have use for. Those
/// of the process itself bound what it does afterwards.
bool HostedWarehouse::log_is_large(PoolId pool) const {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(options_.root / pool.to_string() / kPoolLogName, error);
  return !error && bytes > options_.wal_bytes_max;
}

Result<HostLease> HostedWarehouse::acquire(PoolId pool) {
  for (;;) {
    ADIT_TRY(auto host, hosts_.acquire(pool));
    // One that has ended while it had nothing to do costs nobody a question.
    host->look();
    if (host->healthy()) return host;
  }
}

template <class Request>
Result<typename Request::Answer> HostedWarehouse::ask(PoolId pool, const Request& request,
                                                      const std::stop_token& stop) {
  ADIT_TRY(const auto host, acquire(pool));
  return host->ask(request, stop);
}

Result<std::vector<ColumnInfo>> HostedWarehouse::inspect(const StagePlan& plan, ChunkOperation operation,
                                                         const std::filesystem::path& file) {
  if (plan.spec.file_type == FileType::kCsv) return inspect_csv(plan.spec, operation, file);
  const InspectRequest request{plan, operation, file};
  if (const auto host = inspectors_.acquire(kNoPool)) {
    auto columns = (*host)->ask(request);
    if (columns || (*host)->healthy()) return columns;
  }
  // Another upload may have ended the process: in one that looks at nothing else only this file can.
  ADIT_TRY(const auto host, lone_inspectors_.acquire(PoolId::random()));
  const auto deadline = std::chrono::steady_clock::now() + kLonePatience * host_options_.life_timeout;
  auto columns = host->ask(request, {}, deadline);
  if (!columns && columns.error().kind == ErrorKind::kTimeout) {
    host->kill("it did not say in time what an upload is");
    return not_looked_at();
  }
  if (columns || host->healthy()) return columns;
  return invalid("The file can't be read: the engine's process ended each time it looked at it.");
}

Result<StagedChunk> HostedWarehouse::stage(const StagePlan& plan, const ChunkFile& chunk,
                                           std::stop_token stop) {
  if (crashes_.is_given_up(chunk.id.uuid())) return StagedChunk{chunk.id, 0, {gave_up_on_chunk()}};
  ADIT_TRY(const auto host, acquire(plan.pool));
  const Working working(working_, plan.job, plan.pool);
  const auto ask = [&] {
    const Stopwatch stopwatch(metrics_.stage_seconds);
    return host->ask(StageRequest{plan, chunk}, stop);
  };
  auto staged = log_is_large(plan.pool) ? ask() : stage_places_.with_place(plan.pool, stop, ask);
  if (staged || host->healthy()) return tell_cancels_from_closing(std::move(staged), stop);
  crashes_.blame(chunk.id.uuid());
  if (crashes_.is_given_up(chunk.id.uuid())) return StagedChunk{chunk.id, 0, {gave_up_on_chunk()}};
  return staged;
}

Result<Landing> HostedWarehouse::land(const LandPlan& plan, std::stop_token stop) {
  const auto& job = plan.stage.job;
  if (crashes_.is_given_up(job.uuid())) return settle_given_up(plan.stage.pool, job);
  Result<Landing> landing = Error{};
  bool ended = false;
  {
    ADIT_TRY(const auto host, acquire(plan.stage.pool));
    const Working working(working_, job, plan.stage.pool);
    const Stopwatch stopwatch(metrics_.land_seconds);
    landing = tell_cancels_from_closing(host->ask(LandRequest{plan}, stop), stop);
    ended = !landing && !host->healthy();
  }
  if (ended) {
    crashes_.blame(job.uuid());
    if (crashes_.is_given_up(job.uuid())) landing = settle_given_up(plan.stage.pool, job);
  }
  if (landing && !plan.stage.spec.change) metrics_.rows_landed.Increment(static_cast<double>(landing->rows));
  return landing;
}

/// The process may have ended after the commit: the mark decides. Where it can't be asked the job is not
/// given up yet, whatever the error.
Result<Landing> HostedWarehouse::settle_given_up(PoolId pool, JobId job) {
  auto mark = landed(pool, job);
  if (!mark) {
    return Error{ErrorKind::kUnavailable, mark.error().public_message, mark.error().internal_detail};
  }
  if (!*mark) return gave_up_on_landing();
  crashes_.forgive(job.uuid());
  return **std::move(mark);
}

Result<void> HostedWarehouse::check_change(PoolId pool, const TableName& table, const TableChange& change) {
  return done(ask(pool, CheckChangeRequest{table, change}));
}

/// Text only: no engine looks at it.
Result<void> HostedWarehouse::check_post_execution_query(const JobSpec& spec) {
  ADIT_CHECK(parse_table_statement(spec.post_execution_query.value_or(""), spec.schema));
  return {};
}

Result<void> HostedWarehouse::discard(PoolId pool, JobId job) {
  crashes_.forgive(job.uuid());
  if (!exists(pool)) return {};
  return done(ask(pool, DiscardRequest{job}));
}

Result<std::optional<Landing>> HostedWarehouse::landed(PoolId pool, JobId job) {
  return ask(pool, LandedRequest{job});
}

Result<void> HostedWarehouse::checkpoint(PoolId pool) { return done(ask(pool, CheckpointRequest{})); }

Result<std::optional<std::uint64_t>> HostedWarehouse::table_bytes(PoolId pool, Opening opening) {
  if (!exists(pool)) return std::optional<std::uint64_t>(0);
  if (opening == Opening::kIfNeeded) return ask(pool, TableBytesRequest{});
  const auto host = hosts_.find(pool);
  if (!host) return std::optional<std::uint64_t>();
  return (*host)->ask(TableBytesRequest{});
}

Result<std::unique_ptr<FilesHold>> HostedWarehouse::hold_files(PoolId pool) {
  ADIT_TRY(auto host, acquire(pool));
  return hold_hosted_files(std::move(host), clock_);
}

Result<std::vector<TableInfo>> HostedWarehouse::tables(PoolId pool) { return ask(pool, TablesRequest{}); }

Result<std::vector<ColumnInfo>> HostedWarehouse::columns(PoolId pool, const TableName& table) {
  return ask(pool, ColumnsRequest{table});
}

Result<void> HostedWarehouse::drop_schema(PoolId pool, const std::string& schema) {
  if (!exists(pool)) return {};
  return done(ask(pool, DropSchemaRequest{schema}));
}

Result<std::unique_ptr<RowStream>> HostedWarehouse::open_query(PoolId pool, const QueryRequest& request,
                                                               std::stop_token stop) {
  ADIT_CHECK(check_query_length(request.sql));
  ADIT_TRY(auto host, acquire(pool));
  return open_hosted_rows(std::move(host), clock_, request, std::move(stop));
}

Result<ParquetResult> HostedWarehouse::query_parquet(PoolId pool, const QueryRequest& request,
                                                     std::stop_token stop) {
  ADIT_CHECK(check_query_length(request.sql));
  ADIT_TRY(const auto host, acquire(pool));
  const QueryParquetRequest question{request};
  auto answer = host->call(question.kKind, question_bytes(clock_.now(), question), stop);
  if (!answer) return std::move(answer).error();
  ADIT_TRY(const auto bytes, read_answer<std::uint64_t>(answer->payload));
  if (!answer->file) return internal("an engine's process sent no file with its answer");
  return ParquetResult{std::move(answer->file), bytes};
}

Result<void> HostedWarehouse::remove_pool(PoolId pool) {
  const auto folder = options_.root / pool.to_string();
  return hosts_.retire(pool, [&]() -> Result<void> {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    if (error) return system_error(error.value(), "remove " + folder.string());
    return sync_folder(options_.root);
  });
}

std::optional<double> HostedWarehouse::progress(JobId job) const {
  PoolId pool;
  {
    auto working = working_.lock();
    const auto found = working->find(job);
    if (found == working->end()) return std::nullopt;
    pool = found->second;
  }
  const auto host = hosts_.find(pool);
  if (!host) return std::nullopt;
  const auto answer =
      (*host)->ask(ProgressRequest{job}, {}, std::chrono::steady_clock::now() + kProgressPatience);
  return answer ? *answer : std::nullopt;
}

std::jthread HostedWarehouse::watch(const std::function<void(HostRegistry&)>& look) {
  return std::jthread([this, look](const std::stop_token& stop) {
    std::condition_variable_any wake;
    Guarded<bool> nothing;
    for (;;) {
      {
        auto never = nothing.lock();
        wake.wait_for(never.unique_lock(), stop, host_options_.life_interval, [] { return false; });
      }
      if (stop.stop_requested()) return;
      for (auto* registry : {&hosts_, &inspectors_, &lone_inspectors_}) look(*registry);
    }
  });
}

Result<std::unique_ptr<Warehouse>> open_hosted_warehouse(WarehouseOptions options, HostOptions hosts,
                                                         LandingBook book, const Clock& clock,
                                                         Metrics& metrics) {
  options.root = std::filesystem::absolute(options.root);
  options.chunks_root = std::filesystem::absolute(options.chunks_root);
  ADIT_CHECK(create_folders(options.root));
  ADIT_CHECK(create_folders(options.chunks_root));
  return std::unique_ptr<Warehouse>(std::make_unique<HostedWarehouse>(std::move(options), std::move(hosts),
                                                                      std::move(book), clock, metrics));
}

}  // namespace adit
