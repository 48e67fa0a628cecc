// The engine's process from inside: reads questions, lets a Warehouse answer them.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "warehouse/host/channel.h"
#include "warehouse/warehouse.h"

namespace adit {

/// The server's time: what came with the question that this thread works on, and what has passed since.
class QuestionClock final : public Clock {
 public:
  Timestamp now() const override;
  /// For the questions of this thread from now on.
  static void set(Timestamp server_time);
};

/// Lifecycle: run() returns when the server has asked to close, or is gone. Threads: each line has one that
/// reads and answers in turns. On the first connection whoever has read a question answers it, after making
/// sure that somebody else reads on; so there is always one that reads, and a question is not handed from one
/// thread to another. Their number is the greatest number of questions at one time.
class HostLoop {
 public:
  HostLoop(Channel& channel, PoolId pool, const Metrics& metrics)
      : channel_(channel), pool_(pool), metrics_(metrics) {}

  /// The server's, asked where the question came from that the calling thread works on. Use: by run().
  LandingBook book();

  /// Answers questions until the end, after which the process has nothing more to do: other threads may be at
  /// work still.
  void run(Warehouse& warehouse);

 private:
  /// A stream of rows, and what of it did not fit into the last answer.
  struct OpenStream {
    std::unique_ptr<RowStream> rows;
    std::vector<std::vector<Cell>> ahead;
    std::size_t taken = 0;
    std::mutex using_it;
  };
  struct State {
    std::map<std::uint64_t, std::stop_source> stops;  ///< of questions under way and of open streams
    std::set<std::uint64_t> canceled;  ///< not under way: they are still on a line, or answered already
    std::map<std::uint64_t, std::shared_ptr<OpenStream>> streams;
    std::map<std::uint64_t, std::unique_ptr<FilesHold>> holds;
    std::map<std::uint64_t, std::promise<std::string>> asked;
    std::uint64_t last_asked = 0;
    std::size_t idle = 0;  ///< threads that read or wait to
  };

  template <class Request>
  Result<typename Request::Answer> ask_book(const Request& request);
  void work();
  /// The next question; nothing at the end.
  std::optional<Message> next_question();
  void cancel(std::uint64_t number);
  void fulfil(Message answer);
  /// One thread's whole life.
  void serve(Channel& line);
  void begin(State& state, std::uint64_t number);
  void answer(Channel& channel, const Message& question);
  std::string answer_to(const Message& question, const std::stop_token& stop, FileHandle& file);

  template <class Request>
  std::string reply(const Message& question, const std::stop_token& stop);
  Result<std::vector<ColumnInfo>> handle(const InspectRequest& request, const std::stop_token& stop);
  Result<StagedChunk> handle(const StageRequest& request, const std::stop_token& stop);
  Result<Landing> handle(const LandRequest& request, const std::stop_token& stop);
  Result<Nothing> handle(const CheckChangeRequest& request, const std::stop_token& stop);
  Result<Nothing> handle(const DiscardRequest& request, const std::stop_token& stop);
  Result<std::optional<Landing>> handle(const LandedRequest& request, const std::stop_token& stop);
  Result<Nothing> handle(const CheckpointRequest& request, const std::stop_token& stop);
  Result<Nothing> handle(const ReleaseFilesRequest& request, const std::stop_token& stop);
  Result<std::optional<std::uint64_t>> handle(const TableBytesRequest& request, const std::stop_token& stop);
  Result<std::vector<TableInfo>> handle(const TablesRequest& request, const std::stop_token& stop);
  Result<std::vector<ColumnInfo>> handle(const ColumnsRequest& request, const std::stop_token& stop);
  Result<Nothing> handle(const DropSchemaRequest& request, const std::stop_token& stop);
  Result<NextRowsRequest::Answer> handle(const NextRowsRequest& request, const std::stop_token& stop);
  Result<Nothing> handle(const EndQueryRequest& request, const std::stop_token& stop);
  Result<std::optional<double>> handle(const ProgressRequest& request, const std::stop_token& stop);
  Result<HostFigures> handle(const FiguresRequest& request, const std::stop_token& stop);
  Result<HostFigures> handle(const CloseRequest& request, const std::stop_token& stop);
  std::string hold_files(const Message& question);
  std::string open_query(const Message& question, const std::stop_token& stop);
  std::string query_parquet(const Message& question, const std::stop_token& stop, FileHandle& file);

  Channel& channel_;
  const PoolId pool_;
  const Metrics& metrics_;
  Warehouse* warehouse_ = nullptr;
  std::mutex reading_;
  std::promise<void> ended_;
  std::once_flag end_once_;
  Guarded<State> state_;
};

}  // namespace adit
