#include "client/push_run.h"

#include <algorithm>

#include "base/id.h"
#include "client/push_upload.h"

namespace adit::client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPollMin{5};
constexpr milliseconds kPollMax{500};
// Somebody waits for it with a finger on Ctrl-C.
constexpr RetryPolicy kCancelRetries{milliseconds(200), milliseconds(2000), milliseconds(20'000)};

Result<JobView> wait_for_end(AditApi& api, const PushRequest& request, const std::string& job,
                             PushObserver& observer, const StopQuestion& stop) {
  auto pause = kPollMin;
  while (true) {
    ADIT_TRY(auto view, api.job(request.pool, job));
    observer.polled(view);
    if (view.ended()) return view;
    if (!sleep_unless(stop, pause)) return Error{ErrorKind::kCanceled, "Interrupted."};
    pause = std::min(pause * 3 / 2 + milliseconds(1), kPollMax);
  }
}

Result<std::vector<FileProblem>> problems_of(AditApi& api, const PushRequest& request, const std::string& job,
                                             const std::vector<PiecePlace>& places) {
  ADIT_TRY(const auto chunks, api.chunks(request.pool, job));
  std::vector<FileProblem> problems;
  for (std::size_t i = 0; i < std::min(chunks.size(), places.size()); ++i) {
    if (chunks[i].state != "FAILED") continue;
    for (const auto& problem : chunks[i].problems) problems.push_back(problem_of_file(places[i], problem));
  }
  return problems;
}

Result<PushOutcome> run_job(AditApi& api, const PushRequest& request, const std::string& job,
                            const std::string& repeat_key, PushObserver& observer, const StopQuestion& stop) {
  PushOutcome outcome;
  PushUpload upload(request, job, repeat_key, observer, stop);
  outcome.bytes = upload.bytes_total();
  const auto start = Clock::now();
  ADIT_CHECK(upload.run(api));
  const auto places = upload.places();
  outcome.pieces = places.size();
  outcome.upload_time = Clock::now() - start;
  ADIT_CHECK(api.execute(request.pool, job, repeat_key + "-execute"));
  ADIT_TRY(outcome.job, wait_for_end(api, request, job, observer, stop));
  outcome.total_time = Clock::now() - start;
  if (outcome.job.status == "ERROR") {
    ADIT_TRY(outcome.problems, problems_of(api, request, job, places));
  }
  return outcome;
}

/// Cancels what a failed step has left. The step's error, with what became of the job.
Result<PushOutcome> give_up(AditApi& api, const PushRequest& request, const std::string& job, Error error,
                            PushObserver& observer) {
  observer.canceling(job);
  api.set_stop({});  // what ended the step must not end the cancel as well
  api.set_retries(kCancelRetries, {});
  auto ended = api.cancel(request.pool, job);
  if (!ended && ended.error().kind == ErrorKind::kConflict) ended = api.job(request.pool, job);
  if (!ended) {
    error.public_message += " Job " + job + " could not be canceled: " + ended.error().public_message;
  } else if (ended->status == "DONE") {
    PushOutcome outcome;
    outcome.job = *std::move(ended);
    outcome.bytes = outcome.job.bytes;
    outcome.pieces = outcome.job.chunks;
    return outcome;
  } else {
    error.public_message += " Job " + job + " is " + ended->status + "; the table is as it was.";
  }
  return error;
}

}  // namespace

Result<PushOutcome> run_push(AditApi& api, const PushRequest& request, PushObserver& observer,
                             const StopQuestion& stop) {
  api.set_stop(stop);
  const auto repeat_key = "adit-" + Uuid::random().to_string();
  ADIT_TRY(const auto created, api.create_job(request.pool, request.job, repeat_key));
  observer.created(created.id);
  auto outcome = run_job(api, request, created.id, repeat_key, observer, stop);
  if (outcome) return outcome;
  return give_up(api, request, created.id, outcome.error(), observer);
}

}  // namespace adit::client
