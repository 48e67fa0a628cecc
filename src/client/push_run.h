// One push from its files to its end: `create upload* execute poll*`.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/adit_api.h"

namespace adit::client {

struct PushRequest {
  std::string pool;  ///< id
  JobRequest job;
  std::vector<std::filesystem::path> files;  ///< each becomes one chunk, in this order
};

/// Told how far a push is, on the thread that runs it.
class PushObserver {
 public:
  virtual ~PushObserver() = default;
  virtual void created(const std::string& job) = 0;
  /// `file` counts from 0; `sent` and `total` are bytes of all files together.
  virtual void sent(std::size_t file, std::uint64_t sent, std::uint64_t total) = 0;
  virtual void uploaded(std::size_t file) = 0;
  /// After execute, with every look at the job.
  virtual void polled(const JobView& job) = 0;
};

/// What is wrong with one file.
struct FileProblem {
  std::filesystem::path file;
  ChunkProblem problem;
};

struct PushOutcome {
  JobView job;  ///< as it ended
  std::uint64_t bytes = 0;
  std::chrono::duration<double> upload_time{0};  ///< first byte sent to last chunk acknowledged
  std::chrono::duration<double> total_time{0};   ///< first byte sent to the end of the job
  std::vector<FileProblem> problems;             ///< of a job that ended in ERROR
};

/// Runs a push until the job has ended, in whichever way. Where a step fails after the job was made, or the
/// client's stop flag is set, the job is canceled and stays readable; the error is that of the step
/// (kCanceled for the flag).
Result<PushOutcome> run_push(AditApi& api, const PushRequest& request, PushObserver& observer,
                             const std::atomic<bool>& stop);

/// PARQUET or CSV by the end of each name, which must be the same for all. kInvalid names the file.
Result<std::string> file_type_of(const std::vector<std::filesystem::path>& files);

}  // namespace adit::client
