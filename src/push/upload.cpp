#include "push/upload.h"

#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "catalog/refused_commit.h"

namespace adit {

UploadContent::UploadContent(ChunkOperation operation) { digest_.update(to_string(operation)); }

void UploadContent::add(const Sha256Digest& chunk, std::optional<std::int64_t> sequence) {
  digest_.update(" " + to_hex(chunk) + " " + (sequence ? std::to_string(*sequence) : "-"));
}

std::string UploadContent::finish() && { return to_hex(std::move(digest_).finish()); }

Upload::Upload(Parts parts, Job job, ChunkOperation operation)
    : parts_(parts), job_(std::move(job)), operation_(operation) {}

Upload::~Upload() {
  if (acknowledged_) return;
  for (std::size_t i = 0; i < kept_; ++i) {
    if (const auto removed = parts_.store.remove(job_.pool, job_.id, received_[i].chunk.id); !removed) {
      log::warning("chunk file of a refused upload stays",
                   {{"job", job_.id}, {"detail", removed.error().internal_detail}});
    }
  }
}

Result<void> Upload::begin_chunk(std::optional<std::int64_t> sequence) {
  Received next;
  next.chunk.id = ChunkId::random();
  next.chunk.job = job_.id;
  next.chunk.operation = operation_;
  next.chunk.sequence = sequence;
  ADIT_TRY(next.writer,
           parts_.store.open_for_write(job_.pool, job_.id, next.chunk.id, parts_.limits.chunk_bytes_max));
  received_.push_back(std::move(next));
  return {};
}

Result<void> Upload::write(std::string_view bytes) {
  bytes_ += bytes.size();
  if (reservation_) ADIT_CHECK(reservation_->hold(bytes_));
  parts_.metrics.upload_bytes.Increment(static_cast<double>(bytes.size()));
  return received_.back().writer->write(bytes);
}

Result<void> Upload::end_chunk() {
  auto& [chunk, writer] = received_.back();
  ADIT_TRY(const auto stored, writer->finish());
  chunk.bytes = stored.bytes;
  chunk.digest = stored.digest;
  if (chunk.bytes == 0) {
    return invalid(
        "The chunk is empty (0 bytes). A chunk without rows still needs its CSV header or Parquet footer.");
  }
  if (auto seen = parts_.warehouse.inspect(stage_plan(job_), operation_, writer->path()); !seen)
    return unless_given_up(std::move(seen).error());
  return {};
}

/// A job that is canceled or deleted meanwhile takes its files with it.
Error Upload::unless_given_up(Error error) const {
  const auto job = parts_.catalog.find_job(job_.pool, job_.id);
  if (!job || (*job && (*job)->status == JobStatus::kNew)) return error;
  return conflict("The push job left the status NEW during the upload; nothing of it was kept.");
}

std::string Upload::content() const {
  UploadContent content(operation_);
  for (const auto& received : received_) content.add(received.chunk.digest, received.chunk.sequence);
  return std::move(content).finish();
}

Result<std::vector<Chunk>> Upload::finish(const RequestCompletion* completion) {
  if (received_.empty()) {
    return invalid(
        "The request holds no chunk: send the file as the form field \"file\", or as the raw body.");
  }
  std::vector<Chunk> chunks;
  std::uint64_t largest = 0;
  for (auto& [chunk, writer] : received_) {
    if (auto kept = writer->keep(); !kept) return unless_given_up(std::move(kept).error());
    ++kept_;
    chunk.created = parts_.clock.now();
    largest = std::max(largest, chunk.bytes);
    chunks.push_back(chunk);
  }
  failpoint("push.upload.kept");
  // Before the chunks count, so that nothing counts twice.
  if (reservation_) reservation_->give_back();
  auto inserted =
      parts_.catalog.insert_chunks(job_.id, std::move(chunks), completion, parts_.limits.default_quota_bytes);
  if (!inserted && reservation_ && inserted.error().kind == ErrorKind::kStorageFull)
    parts_.metrics.quota_refusals.Increment();
  if (!inserted && may_come_back(inserted.error())) {
    log::warning("chunk files of a refused upload stay: their rows may come with a restart",
                 {{"job", job_.id}, {"chunks", static_cast<std::uint64_t>(kept_)}});
    // Rows need their files then, for who repeats the request is told that they are there.
    kept_ = 0;
  }
  if (!inserted) return std::move(inserted).error();
  acknowledged_ = true;
  parts_.metrics.chunks_stored.Increment(static_cast<double>(inserted->size()));
  parts_.stages.chunks_added(job_, largest);
  return inserted;
}

}  // namespace adit
