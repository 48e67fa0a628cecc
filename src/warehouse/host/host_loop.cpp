#include "warehouse/host/host_loop.h"

#include <pthread.h>

#include <utility>

#include "base/log.h"

namespace adit {
namespace {

/// Rows of one answer: so many bytes, or one row that is larger.
constexpr std::size_t kRowsBytes = 1 << 20;

struct Received {
  Timestamp server_time{};
  std::chrono::steady_clock::time_point at{};
};
thread_local Received received;

/// The line whose question this thread works on; none: the first connection's.
thread_local Channel* current_line = nullptr;

/// More of them than questions that can be on their way.
constexpr std::size_t kCanceledMax = 4096;

Error unreadable() { return internal("a question of the server can't be read"); }

template <class Request>
std::optional<Request> read_question(const Message& message) {
  Timestamp now;
  Request request;
  WireReader reader(message.payload);
  reader(now, request);
  if (!reader.done()) return std::nullopt;
  QuestionClock::set(now);
  return request;
}

std::size_t bytes_of(const std::vector<Cell>& row) {
  std::size_t bytes = sizeof(std::uint64_t);
  for (const auto& cell : row) {
    const auto* text = std::get_if<std::string>(&cell);
    bytes += 1 + sizeof(std::uint64_t) + (text == nullptr ? 0 : text->size());
  }
  return bytes;
}

Result<Nothing> nothing(const Result<void>& done) {
  if (!done) return done.error();
  return Nothing{};
}

}  // namespace

Timestamp QuestionClock::now() const {
  if (received.server_time == Timestamp()) return SystemClock().now();
  const auto passed = std::chrono::steady_clock::now() - received.at;
  return received.server_time + std::chrono::duration_cast<std::chrono::milliseconds>(passed);
}

void QuestionClock::set(Timestamp server_time) { received = {server_time, std::chrono::steady_clock::now()}; }

LandingBook HostLoop::book() {
  return {.landed = [this](PoolId, std::int64_t after) { return ask_book(BookLandedRequest{after}); },
          .plan = [this](PoolId, JobId job) { return ask_book(BookPlanRequest{job}); }};
}

template <class Request>
Result<typename Request::Answer> HostLoop::ask_book(const Request& request) {
  const auto question = to_wire(request);
  if (current_line != nullptr) {
    ADIT_CHECK(current_line->send(Request::kKind, kEveryQuestion, question));
    ADIT_TRY(const auto answer, current_line->receive());
    return read_answer<typename Request::Answer>(answer.payload);
  }
  // Somebody else reads the first connection.
  std::future<std::string> answer;
  std::uint64_t number = 0;
  {
    auto state = state_.lock();
    number = ++state->last_asked;
    answer = state->asked[number].get_future();
  }
  if (const auto sent = channel_.send(Request::kKind, number, question); !sent) {
    state_.lock()->asked.erase(number);
    return sent.error();
  }
  return read_answer<typename Request::Answer>(answer.get());
}

void HostLoop::run(Warehouse& warehouse) {
  warehouse_ = &warehouse;
  state_.lock()->idle = 1;
  auto ended = ended_.get_future();
  std::thread([this] { work(); }).detach();
  ended.wait();
}

void HostLoop::work() {
  ::pthread_setname_np(::pthread_self(), "engine-work");
  for (;;) {
    auto question = next_question();
    if (!question) return std::call_once(end_once_, [this] { ended_.set_value(); });
    answer(channel_, *question);
    ++state_.lock()->idle;
  }
}

std::optional<Message> HostLoop::next_question() {
  const std::scoped_lock lock(reading_);
  for (;;) {
    auto message = channel_.receive();
    if (!message) return std::nullopt;
    switch (message->kind) {
      case MessageKind::kCancel:
        cancel(message->number);
        continue;
      case MessageKind::kBookAnswer:
        fulfil(std::move(*message));
        continue;
      case MessageKind::kLine: {
        auto line = std::make_unique<Channel>(std::move(message->file));
        std::thread([this, line = std::move(line)] { serve(*line); }).detach();
        continue;
      }
      default:
        break;
    }
    bool alone = false;
    {
      auto state = state_.lock();
      begin(*state, message->number);
      alone = --state->idle == 0;
      if (alone) ++state->idle;
    }
    if (alone) std::thread([this] { work(); }).detach();
    return *std::move(message);
  }
}

void HostLoop::serve(Channel& line) {
  ::pthread_setname_np(::pthread_self(), "engine-line");
  current_line = &line;
  while (const auto question = line.receive()) {
    begin(*state_.lock(), question->number);
    answer(line, *question);
  }
}

/// Makes it one that can be canceled. A cancel does not come on a question's line and may have been faster.
void HostLoop::begin(State& state, std::uint64_t number) {
  auto& stop = state.stops[number];
  if (state.canceled.erase(number) > 0) stop.request_stop();
}

void HostLoop::cancel(std::uint64_t number) {
  // Requested without the lock: what it wakes may ask for it.
  std::vector<std::stop_source> stops;
  {
    auto state = state_.lock();
    if (number != kEveryQuestion && !state->stops.contains(number)) {
      state->canceled.insert(number);
      if (state->canceled.size() > kCanceledMax) state->canceled.erase(state->canceled.begin());
    }
    for (const auto& [question, stop] : state->stops) {
      if (question == number || number == kEveryQuestion) stops.push_back(stop);
    }
  }
  for (auto& stop : stops) stop.request_stop();
}

void HostLoop::fulfil(Message answer) {
  auto state = state_.lock();
  const auto asked = state->asked.find(answer.number);
  if (asked == state->asked.end()) return;
  asked->second.set_value(std::move(answer.payload));
  state->asked.erase(asked);
}

void HostLoop::answer(Channel& channel, const Message& question) {
  std::stop_token stop;
  {
    auto state = state_.lock();
    stop = state->stops[question.number].get_token();
  }
  FileHandle file;
  const auto bytes = answer_to(question, stop, file);
  {
    auto state = state_.lock();
    if (!state->streams.contains(question.number)) state->stops.erase(question.number);
  }
  const auto sent = channel.send(MessageKind::kAnswer, question.number, bytes, file.get());
  if (!sent && sent.error().kind == ErrorKind::kTooLarge) {
    static_cast<void>(
        channel.send(MessageKind::kAnswer, question.number, answer_bytes<Nothing>(sent.error())));
  }
}

std::string HostLoop::answer_to(const Message& question, const std::stop_token& stop, FileHandle& file) {
  switch (question.kind) {
    case MessageKind::kInspect:
      return reply<InspectRequest>(question, stop);
    case MessageKind::kStage:
      return reply<StageRequest>(question, stop);
    case MessageKind::kLand:
      return reply<LandRequest>(question, stop);
    case MessageKind::kCheckChange:
      return reply<CheckChangeRequest>(question, stop);
    case MessageKind::kDiscard:
      return reply<DiscardRequest>(question, stop);
    case MessageKind::kLanded:
      return reply<LandedRequest>(question, stop);
    case MessageKind::kCheckpoint:
      return reply<CheckpointRequest>(question, stop);
    case MessageKind::kHoldFiles:
      return hold_files(question);
    case MessageKind::kReleaseFiles:
      return reply<ReleaseFilesRequest>(question, stop);
    case MessageKind::kTableBytes:
      return reply<TableBytesRequest>(question, stop);
    case MessageKind::kTables:
      return reply<TablesRequest>(question, stop);
    case MessageKind::kColumns:
      return reply<ColumnsRequest>(question, stop);
    case MessageKind::kDropSchema:
      return reply<DropSchemaRequest>(question, stop);
    case MessageKind::kOpenQuery:
      return open_query(question, stop);
    case MessageKind::kNextRows:
      return reply<NextRowsRequest>(question, stop);
    case MessageKind::kEndQuery:
      return reply<EndQueryRequest>(question, stop);
    case MessageKind::kQueryParquet:
      return query_parquet(question, stop, file);
    case MessageKind::kProgress:
      return reply<ProgressRequest>(question, stop);
    case MessageKind::kFigures:
      return reply<FiguresRequest>(question, stop);
    case MessageKind::kClose:
      return reply<CloseRequest>(question, stop);
    case MessageKind::kConfigure:
    case MessageKind::kLine:
    case MessageKind::kCancel:
    case MessageKind::kAnswer:
    case MessageKind::kBookLanded:
    case MessageKind::kBookPlan:
    case MessageKind::kBookAnswer:
      break;
  }
  return answer_bytes<Nothing>(unreadable());
}

template <class Request>
std::string HostLoop::reply(const Message& question, const std::stop_token& stop) {
  const auto request = read_question<Request>(question);
  if (!request) return answer_bytes<typename Request::Answer>(unreadable());
  return answer_bytes(handle(*request, stop));
}

Result<std::vector<ColumnInfo>> HostLoop::handle(const InspectRequest& request, const std::stop_token&) {
  return warehouse_->inspect(request.plan, request.operation, request.file);
}

Result<StagedChunk> HostLoop::handle(const StageRequest& request, const std::stop_token& stop) {
  return warehouse_->stage(request.plan, request.chunk, stop);
}

Result<Landing> HostLoop::handle(const LandRequest& request, const std::stop_token& stop) {
  return warehouse_->land(request.plan, stop);
}

Result<Nothing> HostLoop::handle(const CheckChangeRequest& request, const std::stop_token&) {
  return nothing(warehouse_->check_change(pool_, request.table, request.change));
}

Result<Nothing> HostLoop::handle(const DiscardRequest& request, const std::stop_token&) {
  return nothing(warehouse_->discard(pool_, request.job));
}

Result<std::optional<Landing>> HostLoop::handle(const LandedRequest& request, const std::stop_token&) {
  return warehouse_->landed(pool_, request.job);
}

Result<Nothing> HostLoop::handle(const CheckpointRequest&, const std::stop_token&) {
  return nothing(warehouse_->checkpoint(pool_));
}

std::string HostLoop::hold_files(const Message& question) {
  if (!read_question<HoldFilesRequest>(question)) return answer_bytes<Nothing>(unreadable());
  auto hold = warehouse_->hold_files(pool_);
  if (!hold) return answer_bytes<Nothing>(hold.error());
  state_.lock()->holds[question.number] = *std::move(hold);
  return answer_bytes<Nothing>(Nothing{});
}

Result<Nothing> HostLoop::handle(const ReleaseFilesRequest& request, const std::stop_token&) {
  std::unique_ptr<FilesHold> hold;  // ends without the lock
  {
    auto state = state_.lock();
    const auto found = state->holds.find(request.hold);
    if (found == state->holds.end()) return internal("the end of a hold that is not there");
    hold = std::move(found->second);
    state->holds.erase(found);
  }
  return nothing(hold->end());
}

Result<std::optional<std::uint64_t>> HostLoop::handle(const TableBytesRequest&, const std::stop_token&) {
  return warehouse_->table_bytes(pool_, Opening::kIfNeeded);
}

Result<std::vector<TableInfo>> HostLoop::handle(const TablesRequest&, const std::stop_token&) {
  return warehouse_->tables(pool_);
}

Result<std::vector<ColumnInfo>> HostLoop::handle(const ColumnsRequest& request, const std::stop_token&) {
  return warehouse_->columns(pool_, request.table);
}

Result<Nothing> HostLoop::handle(const DropSchemaRequest& request, const std::stop_token&) {
  return nothing(warehouse_->drop_schema(pool_, request.schema));
}

std::string HostLoop::open_query(const Message& question, const std::stop_token& stop) {
  const auto request = read_question<OpenQueryRequest>(question);
  if (!request) return answer_bytes<std::vector<ColumnInfo>>(unreadable());
  auto opened = warehouse_->open_query(pool_, request->query, stop);
  if (!opened) return answer_bytes<std::vector<ColumnInfo>>(opened.error());
  auto stream = std::make_shared<OpenStream>();
  stream->rows = std::move(*opened);
  const auto bytes = answer_bytes<std::vector<ColumnInfo>>(stream->rows->columns());
  state_.lock()->streams.emplace(question.number, std::move(stream));
  return bytes;
}

Result<NextRowsRequest::Answer> HostLoop::handle(const NextRowsRequest& request, const std::stop_token&) {
  std::shared_ptr<OpenStream> stream;
  {
    auto state = state_.lock();
    const auto found = state->streams.find(request.stream);
    if (found == state->streams.end()) return internal("rows of a stream that is not open");
    stream = found->second;
  }
  const std::scoped_lock lock(stream->using_it);
  if (stream->taken == stream->ahead.size()) {
    stream->taken = 0;
    ADIT_CHECK(stream->rows->next(stream->ahead));
  }
  NextRowsRequest::Answer answer;
  for (std::size_t bytes = 0; stream->taken < stream->ahead.size() && bytes < kRowsBytes; ++stream->taken) {
    bytes += bytes_of(stream->ahead[stream->taken]);
    answer.rows.push_back(std::move(stream->ahead[stream->taken]));
  }
  answer.truncated = answer.rows.empty() && stream->rows->truncated();
  return answer;
}

Result<Nothing> HostLoop::handle(const EndQueryRequest& request, const std::stop_token&) {
  std::shared_ptr<OpenStream> stream;  // ends without the lock
  auto state = state_.lock();
  const auto found = state->streams.find(request.stream);
  if (found != state->streams.end()) stream = std::move(found->second);
  state->streams.erase(request.stream);
  state->stops.erase(request.stream);
  state.unique_lock().unlock();
  stream.reset();
  return Nothing{};
}

std::string HostLoop::query_parquet(const Message& question, const std::stop_token& stop, FileHandle& file) {
  const auto request = read_question<QueryParquetRequest>(question);
  if (!request) return answer_bytes<std::uint64_t>(unreadable());
  auto result = warehouse_->query_parquet(pool_, request->query, stop);
  if (!result) return answer_bytes<std::uint64_t>(result.error());
  file = std::move(result->file);
  return answer_bytes<std::uint64_t>(result->bytes);
}

Result<std::optional<double>> HostLoop::handle(const ProgressRequest& request, const std::stop_token&) {
  return warehouse_->progress(request.job);
}

Result<HostFigures> HostLoop::handle(const FiguresRequest&, const std::stop_token&) {
  const auto count = [](double value) { return static_cast<std::uint64_t>(value); };
  return HostFigures{.checkpoints = count(metrics_.checkpoints.Value()),
                     .checkpoints_refused = count(metrics_.checkpoints_refused.Value()),
                     .openings_short_of_memory = count(metrics_.openings_short_of_memory.Value()),
                     .wal_bytes = count(metrics_.wal_bytes.Value())};
}

Result<HostFigures> HostLoop::handle(const CloseRequest&, const std::stop_token& stop) {
  warehouse_->close();
  return handle(FiguresRequest{}, stop);
}

}  // namespace adit
