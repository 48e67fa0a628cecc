// The upload of a push: its pieces, cut one after the other and sent side by side.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "client/push_run.h"

namespace adit::client {

/// Where a piece begins in its file; see Piece.
struct PiecePlace {
  std::string file;
  std::uint64_t lines_before = 0;
  std::uint64_t rows_before = 0;
  std::int64_t bytes_before = 0;
};

/// The chunk's problem as one of the file that the chunk was cut from: its counts, and those in its message.
FileProblem problem_of_file(const PiecePlace& place, ChunkProblem problem);

/// Sends all pieces of a request into a job. Lifecycle: run() once. Each piece carries its place in the order
/// of the rows, so that the order in which they arrive does not matter.
class PushUpload {
 public:
  PushUpload(const PushRequest& request, std::string job, std::string repeat_key, PushObserver& observer,
             StopQuestion stop);

  /// The error of the first piece that failed, with its file's name; the others end then.
  Result<void> run(AditApi& api);
  /// Of all pieces, by sequence. After run().
  std::vector<PiecePlace> places() const;
  std::uint64_t bytes_total() const { return bytes_total_; }

 private:
  struct State {
    PieceSource source;
    std::vector<PiecePlace> places;
    std::map<std::uint64_t, std::uint64_t> under_way;  ///< bytes sent, by sequence
    std::uint64_t acknowledged_bytes = 0;
    std::size_t acknowledged = 0;
    std::optional<Error> error;
  };

  void work(AditApi& api);
  std::optional<Piece> take();
  void note_sent(std::uint64_t sequence, std::uint64_t bytes);
  void note_acknowledged(const Piece& piece);
  void fail(Error error);
  SendProgress progress(const State& state) const;
  std::size_t threads() const;

  const PushRequest& request_;
  const std::string job_;
  const std::string repeat_key_;
  PushObserver& observer_;  // called under the state's lock
  const StopQuestion stop_;
  std::uint64_t bytes_total_ = 0;
  std::atomic<bool> failed_{false};
  mutable Guarded<State> state_;
};

}  // namespace adit::client
