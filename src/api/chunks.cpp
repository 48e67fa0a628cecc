// Chunks of a push job: upload, list, remove.
#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <charconv>

#include "api/chunk_sink.h"
#include "api/endpoint.h"
#include "api/idempotency.h"
#include "model/job_json.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::BodySink;
using http::Method;
using http::Request;
using http::Response;

/// Keeps the chunks. An upload may take long, so that whoever sends it is asked for their right once more
/// before it is acknowledged.
class KeepingTarget final : public ChunkTarget {
 public:
  KeepingTarget(std::unique_ptr<Upload> upload, Once once, Authenticator& authenticator, Principal principal,
                PoolId pool)
      : upload_(std::move(upload)),
        once_(std::move(once)),
        authenticator_(authenticator),
        principal_(std::move(principal)),
        pool_(pool) {}

  Result<void> begin(std::optional<std::int64_t> sequence) override { return upload_->begin_chunk(sequence); }
  Result<void> write(std::string_view bytes) override { return upload_->write(bytes); }
  Result<void> end() override { return upload_->end_chunk(); }
  Result<Response> finish() override {
    ADIT_TRY(const auto principal, authenticator_.ask_again(principal_));
    ADIT_CHECK(authorize(principal, Needs::kPushData, pool_));
    std::optional<RequestCompletion> completion;
    if (once_.claimed()) completion = once_.completion(upload_->content(), {});
    ADIT_CHECK(upload_->finish(pointer_to(completion)));
    once_.completed();
    // One client fails on a body here, so an acknowledgement is a bare 200.
    return Response::empty(200);
  }

 private:
  std::unique_ptr<Upload> upload_;
  Once once_;
  Authenticator& authenticator_;
  const Principal principal_;
  const PoolId pool_;
};

/// Keeps nothing: the chunks of an Idempotency-Key that was answered before are only compared.
class ComparingTarget final : public ChunkTarget {
 public:
  ComparingTarget(ChunkOperation operation, Once once) : content_(operation), once_(std::move(once)) {}

  Result<void> begin(std::optional<std::int64_t> sequence) override {
    sequence_ = sequence;
    digest_ = Sha256();
    return {};
  }
  Result<void> write(std::string_view bytes) override {
    digest_.update(bytes);
    return {};
  }
  Result<void> end() override {
    content_.add(std::move(digest_).finish(), sequence_);
    return {};
  }
  Result<Response> finish() override { return once_.replay(std::move(content_).finish()); }

 private:
  UploadContent content_;
  Once once_;
  std::optional<std::int64_t> sequence_;
  Sha256 digest_;
};

/// Beside its chunks a multipart body has boundaries, heads of parts and small fields.
constexpr std::uint64_t kMultipartFrameBytesMax = 64ULL << 10;

bool is_multipart(const Request& request) {
  constexpr std::string_view kMultipart = "multipart/";
  const auto type = request.headers.find("Content-Type").value_or("");
  return std::ranges::equal(type.substr(0, kMultipart.size()), kMultipart,
                            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

/// What the head tells, so that nobody sends in vain what is too much.
AnnouncedBytes announced_bytes(const Request& request) {
  const auto announced = request.headers.find("Content-Length").value_or("");
  // How large a compressed chunk becomes is seen as it is decoded.
  const bool compressed = request.headers.find("Content-Encoding").value_or("identity") != "identity";
  if (compressed || announced.empty()) return {};
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(announced.data(), announced.data() + announced.size(), bytes);
  if (error != std::errc{}) bytes = ~0ULL;
  if (!is_multipart(request)) return {bytes, bytes};
  return {bytes - std::min(bytes, kMultipartFrameBytesMax), bytes};
}

/// kTooLarge for a raw body above the bound of a chunk. The parts of a multipart body are counted as they
/// come.
Result<void> check_announced_size(const Request& request, const AnnouncedBytes& announced,
                                  std::uint64_t chunk_bytes_max) {
  if (is_multipart(request) || announced.least <= chunk_bytes_max) return {};
  return Error{ErrorKind::kTooLarge,
               "The chunk is larger than " + std::to_string(chunk_bytes_max) + " bytes."};
}

Result<std::unique_ptr<BodySink>> open_upload(const Services& services, const Request& request,
                                              ChunkOperation operation) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, id_in_path(request, "jobId"));
  auto route = "upload " + std::string(to_string(operation)) + " " + id.to_string();
  ADIT_TRY(auto once, Once::begin(services, request, std::move(route)));
  if (once.answered()) {
    return ChunkSink::create(request, std::make_unique<ComparingTarget>(operation, std::move(once)));
  }
  const auto announced = announced_bytes(request);
  ADIT_TRY(auto upload, services.push.begin_upload(pool.id, JobId(id), operation));
  ADIT_CHECK(check_announced_size(request, announced, upload->chunk_bytes_max()));
  ADIT_TRY(auto reservation, services.quotas.reserve(pool, announced));
  upload->use_room(std::move(reservation));
  auto target = std::make_unique<KeepingTarget>(std::move(upload), std::move(once), services.authenticator,
                                                caller(request), pool.id);
  return ChunkSink::create(request, std::move(target));
}

Result<Response> remove_chunk(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, id_in_path(request, "jobId"));
  ADIT_TRY(const auto chunk, id_in_path(request, "chunkId"));
  ADIT_CHECK(services.push.remove_chunk(pool.id, JobId(id), ChunkId(chunk)));
  return Response::empty(204);
}

Result<Response> list_chunks(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, id_in_path(request, "jobId"));
  ADIT_TRY(const auto chunks, services.push.chunks(pool.id, JobId(id)));
  // Chunk by chunk: a tree of all would take many times the memory of the text.
  std::string body = "[";
  for (const auto& chunk : chunks) {
    if (body.size() > 1) body += ',';
    body += json::serialize(to_json(chunk));
  }
  return Response::json(200, std::move(body) + ']');
}

}  // namespace

void add_chunk_endpoints(EndpointTable& table) {
  const auto opening = [](ChunkOperation operation) {
    return [operation](const Services& services, const Request& request) {
      return open_upload(services, request, operation);
    };
  };
  for (const auto prefix : kPushPrefixes) {
    const auto chunks = std::string(prefix) + "/api/v1/data-push/{poolId}/jobs/{jobId}/chunks";
    const auto needs = Needs::kPushData;
    table.add({"listChunks", Method::kGet, chunks, needs}, list_chunks);
    table.add({"removeChunk", Method::kDelete, chunks + "/{chunkId}", needs}, remove_chunk);
    table.add_upload({"upsertChunk", Method::kPost, chunks + "/upserted", needs, BodyKind::kStream},
                     opening(ChunkOperation::kUpsert));
    table.add_upload({"deleteChunk", Method::kPost, chunks + "/deleted", needs, BodyKind::kStream},
                     opening(ChunkOperation::kDelete));
  }
}

}  // namespace adit
