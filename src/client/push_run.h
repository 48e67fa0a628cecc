// One push from its files to its end: `create upload* execute poll*`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/adit_api.h"
#include "client/push_pieces.h"

namespace adit::client {

struct PushRequest {
  std::string pool;  ///< id
  JobRequest job;
  std::vector<PushFile> files;  ///< their rows in this order
  CsvDialect dialect;           ///< of CSV files that are cut
  std::uint64_t piece_bytes_max = 0;
  std::size_t uploads_max = 1;  ///< side by side
};

/// How far the sending is, over all files.
struct SendProgress {
  std::string file;  ///< of the piece that was cut last
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;
  std::size_t pieces = 0;  ///< that were acknowledged
};

/// Told how far a push is, by any of its threads but one at a time.
class PushObserver {
 public:
  virtual ~PushObserver() = default;
  virtual void created(const std::string& job) = 0;
  virtual void sending(const SendProgress& progress) = 0;
  /// The same, its bytes being those that have arrived for good.
  virtual void acknowledged(const SendProgress& progress) = 0;
  /// After execute, with every look at the job.
  virtual void polled(const JobView& job) = 0;
  virtual void canceling(const std::string& job) = 0;
};

/// What is wrong with one file; row, line and byte are those of the file.
struct FileProblem {
  std::string file;
  ChunkProblem problem;
};

struct PushOutcome {
  JobView job;  ///< as it ended
  std::uint64_t bytes = 0;
  std::size_t pieces = 0;
  std::chrono::duration<double> upload_time{0};  ///< first byte sent to last chunk acknowledged
  std::chrono::duration<double> total_time{0};   ///< first byte sent to the end of the job
  std::vector<FileProblem> problems;             ///< of a job that ended in ERROR
};

/// Runs a push until the job has ended, in whichever way. Where a step fails after the job was made, or
/// `stop` says so, the job is canceled and stays readable; the error is that of the step (kCanceled for
/// `stop`). A job that was DONE before it could be canceled is an outcome like any other.
Result<PushOutcome> run_push(AditApi& api, const PushRequest& request, PushObserver& observer,
                             const StopQuestion& stop);

}  // namespace adit::client
