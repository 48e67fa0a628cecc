#include "client/push_upload.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace adit::client {
namespace {

/// `Line 7: …` of a chunk that begins behind line 100 of its file is `Line 107: …`.
void restate(std::string& message, const std::string& word, std::uint64_t in_chunk, std::uint64_t in_file) {
  const std::string start = word + " " + std::to_string(in_chunk);
  if (message.starts_with(start)) message.replace(0, start.size(), word + " " + std::to_string(in_file));
}

}  // namespace

FileProblem problem_of_file(const PiecePlace& place, ChunkProblem problem) {
  if (problem.line) {
    restate(problem.message, "Line", *problem.line, *problem.line + place.lines_before);
    *problem.line += place.lines_before;
  }
  if (problem.row) {
    restate(problem.message, "Row", *problem.row, *problem.row + place.rows_before);
    *problem.row += place.rows_before;
  }
  if (problem.byte) *problem.byte += static_cast<std::uint64_t>(place.bytes_before);
  return {place.file, std::move(problem)};
}

PushUpload::PushUpload(const PushRequest& request, std::string job, std::string repeat_key,
                       PushObserver& observer, StopQuestion stop)
    : request_(request),
      job_(std::move(job)),
      repeat_key_(std::move(repeat_key)),
      observer_(observer),
      stop_(std::move(stop)),
      state_(
          State{PieceSource(request.files, {request.job.file_type, request.dialect, request.piece_bytes_max}),
                {},
                {},
                0,
                0,
                std::nullopt}) {
  for (const auto& file : request.files) bytes_total_ += file.file.bytes();
}

std::size_t PushUpload::threads() const {
  std::uint64_t pieces = 0;
  for (const auto& file : request_.files) pieces += file.file.bytes() / request_.piece_bytes_max + 1;
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(pieces, 1, std::max<std::uint64_t>(request_.uploads_max, 1)));
}

Result<void> PushUpload::run(AditApi& api) {
  const auto ending = [this] { return failed_.load() || (stop_ && stop_()); };
  std::vector<AditApi> others;
  for (std::size_t i = 1; i < threads(); ++i) {
    others.push_back(api.sibling());
    others.back().set_stop(ending);
  }
  api.set_stop(ending);
  {
    std::vector<std::jthread> running;
    for (auto& other : others) running.emplace_back([this, &other] { work(other); });
    work(api);
  }
  api.set_stop(stop_);
  auto state = state_.lock();
  if (state->error) return *state->error;
  return {};
}

void PushUpload::work(AditApi& api) {
  while (auto piece = take()) {
    const auto sequence = piece->sequence;
    const auto key = repeat_key_ + "-" + std::to_string(sequence);
    const auto sent = api.upload(request_.pool, job_, *piece, key,
                                 [&](std::uint64_t bytes) { note_sent(sequence, bytes); });
    if (!sent) {
      Error error = sent.error();
      error.public_message = request_.files[piece->file].file.name() + ": " + error.public_message;
      return fail(std::move(error));
    }
    note_acknowledged(*piece);
  }
}

std::optional<Piece> PushUpload::take() {
  if (failed_) return std::nullopt;
  auto state = state_.lock();
  auto piece = state->source.next();
  if (!piece) {
    if (!state->error) state->error = piece.error();
    failed_ = true;
    return std::nullopt;
  }
  if (*piece) {
    const auto& cut = **piece;
    state->places.push_back(
        {request_.files[cut.file].file.name(), cut.lines_before, cut.rows_before, cut.bytes_before});
    state->under_way[cut.sequence] = 0;
  }
  return *std::move(piece);
}

void PushUpload::note_sent(std::uint64_t sequence, std::uint64_t bytes) {
  auto state = state_.lock();
  state->under_way[sequence] = bytes;
  observer_.sending(progress(*state));
}

void PushUpload::note_acknowledged(const Piece& piece) {
  auto state = state_.lock();
  state->under_way.erase(piece.sequence);
  state->acknowledged_bytes += piece.body.length;
  ++state->acknowledged;
  auto arrived = progress(*state);
  arrived.bytes = std::min(state->acknowledged_bytes, bytes_total_);
  observer_.acknowledged(arrived);
}

void PushUpload::fail(Error error) {
  auto state = state_.lock();
  // The others end with kCanceled once one has failed; the first one says why.
  if (!state->error) state->error = std::move(error);
  failed_ = true;
}

SendProgress PushUpload::progress(const State& state) const {
  SendProgress progress;
  if (!state.places.empty()) progress.file = state.places.back().file;
  progress.bytes = state.acknowledged_bytes;
  for (const auto& [sequence, bytes] : state.under_way) progress.bytes += bytes;
  // Headers that are repeated are sent as well, but are no part of the files.
  progress.bytes = std::min(progress.bytes, bytes_total_);
  progress.bytes_total = bytes_total_;
  progress.pieces = state.acknowledged;
  return progress;
}

std::vector<PiecePlace> PushUpload::places() const { return state_.lock()->places; }

}  // namespace adit::client
