// Chunks of a push job: upload and list.
#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <charconv>

#include "api/endpoint.h"
#include "model/job_json.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::BodySink;
using http::Method;
using http::PartHead;
using http::Request;
using http::Response;

/// Gives the parts named `file`, or the raw body, to an Upload; other form fields are passed over.
class ChunkSink final : public BodySink {
 public:
  ChunkSink(const Request& request, std::unique_ptr<Upload> upload)
      : request_(request), upload_(std::move(upload)) {}

  Result<void> begin_part(const PartHead& head) override {
    if (head.name == "Adit-Sequence") {
      return invalid_field(
          "Adit-Sequence",
          "is not supported by this version of adit; chunks apply in the order of their upload");
    }
    is_chunk_ = !head.name || *head.name == "file";
    if (is_chunk_) return upload_->begin_chunk();
    return {};
  }

  Result<void> write(std::string_view bytes) override {
    if (is_chunk_) return upload_->write(bytes);
    return {};
  }

  Result<void> end_part() override {
    if (is_chunk_) return upload_->end_chunk();
    return {};
  }

  Response finish() override {
    const auto chunks = upload_->finish();
    // One client fails on a body here, so an acknowledgement is a bare 200.
    return chunks ? Response::empty(200) : error_response(&request_, chunks.error());
  }

 private:
  const Request& request_;
  std::unique_ptr<Upload> upload_;
  bool is_chunk_ = false;
};

/// kTooLarge for a raw body whose head tells that the chunk is above its bound, so that nobody sends it in
/// vain. The parts of a multipart body are counted as they come.
Result<void> check_announced_size(const Request& request, std::uint64_t chunk_bytes_max) {
  const auto type = request.headers.find("Content-Type").value_or("");
  const auto announced = request.headers.find("Content-Length").value_or("");
  constexpr std::string_view kMultipart = "multipart/";
  const bool multipart =
      std::ranges::equal(type.substr(0, kMultipart.size()), kMultipart,
                         [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(announced.data(), announced.data() + announced.size(), bytes);
  if (multipart || announced.empty() || (error == std::errc{} && bytes <= chunk_bytes_max)) return {};
  return Error{ErrorKind::kTooLarge,
               "The chunk is larger than " + std::to_string(chunk_bytes_max) + " bytes."};
}

Result<std::unique_ptr<BodySink>> open_upload(const Services& services, const Request& request,
                                              ChunkOperation operation) {
  if (const auto encoding = request.headers.find("Content-Encoding"); encoding && *encoding != "identity") {
    return invalid_field(
        "Content-Encoding",
        "compressed bodies are not supported by this version of adit; send the file as it is");
  }
  ADIT_CHECK(refuse_headers(
      request, {"Adit-Sequence", "Idempotency-Key", "Content-Digest", "Repr-Digest", "Content-MD5"}));
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, id_in_path(request, "jobId"));
  ADIT_TRY(auto upload, services.push.begin_upload(pool.id, JobId(id), operation));
  ADIT_CHECK(check_announced_size(request, upload->chunk_bytes_max()));
  return std::unique_ptr<BodySink>(std::make_unique<ChunkSink>(request, std::move(upload)));
}

Result<Response> list_chunks(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, id_in_path(request, "jobId"));
  ADIT_TRY(const auto chunks, services.push.chunks(pool.id, JobId(id)));
  json::array body;
  for (const auto& chunk : chunks) body.push_back(to_json(chunk));
  return Response::json(200, json::serialize(body));
}

}  // namespace

void add_chunk_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto opening = [&services](ChunkOperation operation) {
    return
        [services, operation](const Request& request) { return open_upload(services, request, operation); };
  };
  for (const auto prefix : kPushPrefixes) {
    const auto chunks = std::string(prefix) + "/api/v1/data-push/{poolId}/jobs/{jobId}/chunks";
    table.push_back({Method::kGet,
                     chunks,
                     Needs::kPushData,
                     BodyKind::kNone,
                     [services](const Request& request) { return list_chunks(services, request); },
                     {}});
    table.push_back({Method::kPost,
                     chunks + "/upserted",
                     Needs::kPushData,
                     BodyKind::kStream,
                     {},
                     opening(ChunkOperation::kUpsert)});
    table.push_back({Method::kPost,
                     chunks + "/deleted",
                     Needs::kPushData,
                     BodyKind::kStream,
                     {},
                     opening(ChunkOperation::kDelete)});
  }
}

}  // namespace adit
