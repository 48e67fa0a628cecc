// Uploads: how fast a chunk gets from the socket onto the disk, and what that takes of memory.
#include <algorithm>
#include <atomic>
#include <thread>

#include "comparisons.h"
#include "disk.h"
#include "nginx.h"
#include "push.h"

namespace adit::bench {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr std::chrono::milliseconds kSampleInterval{20};

/// Staging begins only after the answer; cancel ends it before the next turn, and delete removes the file.
double seconds_to_adit(AditServer& adit, Pool& pool, const std::filesystem::path& file) {
  adit.settle();
  const auto job = pool.create_job(test::csv_job("REPLACE", "t"));
  const auto sent = pool.upload_chunk(job, file);
  pool.cancel_and_delete(job);
  adit.settle();
  return seconds_between(sent.first_byte, sent.answered);
}

/// nginx answers without fsync: the bench adds it, for the file and its folder.
double seconds_to_nginx(const Nginx& nginx, const std::filesystem::path& file) {
  const auto sent = upload({nginx.address(), "PUT", "/uploaded.csv", "", file, std::nullopt});
  const auto target = nginx.file("uploaded.csv");
  make_durable(target);
  const auto durable = SteadyClock::now();
  std::filesystem::remove(target);
  flush_volume(target.parent_path());
  return seconds_between(sent.first_byte, durable);
}

/// Samples a process's resident memory from construction to finish().
class MemoryWatch {
 public:
  explicit MemoryWatch(pid_t process)
      : thread_([this, process](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            greatest_ = std::max(greatest_.load(), resident_bytes(process));
            std::this_thread::sleep_for(kSampleInterval);
          }
        }) {}

  /// The greatest sample.
  std::uint64_t finish() {
    thread_.request_stop();
    thread_.join();
    return greatest_;
  }

 private:
  std::atomic<std::uint64_t> greatest_{0};
  std::jthread thread_;
};

}  // namespace

Lines compare_upload(const Setup& setup) {
  AditServer adit(setup.folder);
  const Nginx nginx(setup.folder / "nginx");
  Pool pool(adit);
  const auto bytes = static_cast<double>(std::filesystem::file_size(setup.data.csv));
  // One turn for nothing: the first touches memory and files that the others find ready.
  seconds_to_adit(adit, pool, setup.data.csv);
  seconds_to_nginx(nginx, setup.data.csv);
  Pairs pairs;
  for (int run = 1; run <= setup.runs; ++run) {
    pairs.adit.push_back(seconds_to_adit(adit, pool, setup.data.csv));
    pairs.yardstick.push_back(seconds_to_nginx(nginx, setup.data.csv));
    say("upload", run, setup.runs,
        "adit " + number_text(pairs.adit.back(), 2, " s") + ", nginx and fsync " +
            number_text(pairs.yardstick.back(), 2, " s"));
  }
  const auto name = "upload of " + number_text(bytes / 1e6, 0, " MB") + ": throughput / nginx PUT + fsync";
  return {throughput_line(name, pairs, bytes, {Bound::kAtLeast, 0.8, "×"})};
}

Lines measure_upload_memory(const Setup& setup) {
  std::vector<double> growths;
  for (int run = 1; run <= setup.runs; ++run) {
    // A fresh process each turn: memory that staging once used must not pass for idle memory.
    AditServer adit(setup.folder);
    Pool pool(adit);
    const auto job = pool.create_job(test::csv_job("REPLACE", "t"));
    adit.settle();
    const auto idle = resident_bytes(adit.pid());
    MemoryWatch watch(adit.pid());
    const auto sent = pool.upload_chunk(job, setup.data.csv);
    const auto greatest = watch.finish();
    pool.cancel_and_delete(job);
    growths.push_back((static_cast<double>(greatest) - static_cast<double>(idle)) / kMebibyte);
    say("upload-memory", run, setup.runs,
        "idle " + number_text(static_cast<double>(idle) / kMebibyte, 0, " MiB") + ", +" +
            number_text(growths.back(), 1, " MiB") + " in " +
            number_text(seconds_between(sent.first_byte, sent.answered), 2, " s"));
  }
  return {absolute_line("the same upload: memory above idle", growths, {Bound::kAtMost, 32, " MiB", 1})};
}

}  // namespace adit::bench
