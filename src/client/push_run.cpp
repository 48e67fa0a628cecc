#include "client/push_run.h"

#include <algorithm>
#include <cctype>
#include <thread>

namespace adit::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollMin{5};
constexpr std::chrono::milliseconds kPollMax{500};
constexpr std::chrono::milliseconds kStopCheckInterval{50};
// A server that restarts while it lands the job is back within this time, and the job goes on.
constexpr std::chrono::seconds kAbsenceMax{30};

Error interrupted() { return {ErrorKind::kCanceled, "Interrupted."}; }

// Sleeps, unless the flag is set meanwhile.
bool wait(std::chrono::milliseconds time, const std::atomic<bool>& stop) {
  for (const auto end = Clock::now() + time; Clock::now() < end && !stop;) {
    std::this_thread::sleep_for(std::min(time, kStopCheckInterval));
  }
  return !stop;
}

Result<std::uint64_t> bytes_of(const std::vector<std::filesystem::path>& files) {
  std::uint64_t total = 0;
  for (const auto& file : files) {
    std::error_code failure;
    total += std::filesystem::file_size(file, failure);
    if (failure) return invalid(file.string() + " can't be read: " + failure.message() + ".");
  }
  return total;
}

Result<void> upload_all(AditApi& api, const PushRequest& request, const std::string& job, std::uint64_t total,
                        PushObserver& observer) {
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < request.files.size(); ++i) {
    std::uint64_t of_file = 0;
    const auto progress = [&](std::uint64_t sent) {
      of_file = sent;
      observer.sent(i, before + sent, total);
    };
    if (const auto uploaded = api.upload(request.pool, job, request.files[i], progress); !uploaded) {
      Error error = uploaded.error();
      error.public_message = request.files[i].string() + ": " + error.public_message;
      return error;
    }
    before += of_file;
    observer.uploaded(i);
  }
  return {};
}

Result<JobView> wait_for_end(AditApi& api, const PushRequest& request, const std::string& job,
                             PushObserver& observer, const std::atomic<bool>& stop) {
  auto pause = kPollMin;
  auto last_seen = Clock::now();
  while (true) {
    auto view = api.job(request.pool, job);
    if (view) {
      last_seen = Clock::now();
      observer.polled(*view);
      if (view->ended()) return view;
    } else if (view.error().kind != ErrorKind::kUnavailable || Clock::now() - last_seen > kAbsenceMax) {
      return view;
    }
    if (!wait(pause, stop)) return interrupted();
    pause = std::min(pause * 3 / 2 + std::chrono::milliseconds(1), kPollMax);
  }
}

Result<std::vector<FileProblem>> problems_of(AditApi& api, const PushRequest& request,
                                             const std::string& job) {
  ADIT_TRY(const auto chunks, api.chunks(request.pool, job));
  std::vector<FileProblem> problems;
  for (std::size_t i = 0; i < std::min(chunks.size(), request.files.size()); ++i) {
    if (chunks[i].state != "FAILED") continue;
    for (const auto& problem : chunks[i].problems) problems.push_back({request.files[i], problem});
  }
  return problems;
}

Result<PushOutcome> run_job(AditApi& api, const PushRequest& request, const std::string& job,
                            PushObserver& observer, const std::atomic<bool>& stop) {
  PushOutcome outcome;
  ADIT_TRY(outcome.bytes, bytes_of(request.files));
  const auto start = Clock::now();
  ADIT_CHECK(upload_all(api, request, job, outcome.bytes, observer));
  outcome.upload_time = Clock::now() - start;
  ADIT_CHECK(api.execute(request.pool, job));
  ADIT_TRY(outcome.job, wait_for_end(api, request, job, observer, stop));
  outcome.total_time = Clock::now() - start;
  if (outcome.job.status == "ERROR") {
    ADIT_TRY(outcome.problems, problems_of(api, request, job));
  }
  return outcome;
}

}  // namespace

Result<PushOutcome> run_push(AditApi& api, const PushRequest& request, PushObserver& observer,
                             const std::atomic<bool>& stop) {
  api.http().set_stop(&stop);
  ADIT_TRY(const auto created, api.create_job(request.pool, request.job));
  observer.created(created.id);
  auto outcome = run_job(api, request, created.id, observer, stop);
  if (outcome) return outcome;
  api.http().set_stop(nullptr);  // the flag must not end the cancel as well
  Error error = outcome.error();
  if (const auto canceled = api.cancel(request.pool, created.id); canceled) {
    error.public_message += " Job " + created.id + " was canceled; the table is as it was.";
  } else {
    error.public_message +=
        " Job " + created.id + " could not be canceled: " + canceled.error().public_message;
  }
  return error;
}

Result<std::string> file_type_of(const std::vector<std::filesystem::path>& files) {
  std::string type;
  for (const auto& file : files) {
    std::string ending = file.extension().string();
    std::ranges::transform(ending, ending.begin(),
                           [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    const std::string found = ending == ".parquet" ? "PARQUET" : ending == ".csv" ? "CSV" : "";
    if (found.empty()) return invalid(file.string() + " ends neither in .parquet nor in .csv; say --format.");
    if (!type.empty() && found != type) {
      return invalid(file.string() + " is " + found + ", the files before it are " + type +
                     "; a push takes files of one type.");
    }
    type = found;
  }
  return type;
}

}  // namespace adit::client
