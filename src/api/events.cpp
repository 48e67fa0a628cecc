// Server-sent events of a job and of a pool.
#include <charconv>
#include <chrono>
#include <utility>

#include "api/endpoint.h"

namespace adit {
namespace {

using http::LiveSource;
using http::Method;
using http::Request;
using http::Response;

/// How long a browser waits before it connects again.
constexpr std::string_view kRetry = "retry: 2000\n\n";
constexpr std::string_view kHeartbeat = ":\n\n";

/// A listener as the body of an answer. The caller is looked at again whenever the stream's silence time has
/// passed: a key that is deleted, or a pool, ends its streams.
class EventStream final : public LiveSource {
 public:
  using SteadyClock = std::chrono::steady_clock;

  EventStream(const Services& services, Needs needs, const Request& request,
              std::unique_ptr<EventListener> listener)
      : services_(services),
        needs_(needs),
        request_(request),
        listener_(std::move(listener)),
        looked_(SteadyClock::now()) {}

  void set_wake(std::function<void()> wake) override { listener_->set_wake(std::move(wake)); }
  std::chrono::milliseconds silence_max() const override { return services_.limits.event_silence_max; }

  Result<State> read(std::string& piece, Occasion occasion) override {
    if (!still_welcome()) return State::kEnded;
    if (!std::exchange(greeted_, true)) piece += kRetry;
    ADIT_TRY(const auto state, listener_->read(piece));
    if (piece.empty() && occasion == Occasion::kSilence) piece += kHeartbeat;
    switch (state) {
      case EventListener::State::kMore:
        return State::kMore;
      case EventListener::State::kOpen:
        return State::kOpen;
      case EventListener::State::kEnded:
        return State::kEnded;
    }
    std::unreachable();
  }

 private:
  bool still_welcome() {
    const auto now = SteadyClock::now();
    if (now - looked_ < silence_max()) return true;
    looked_ = now;
    return still_admitted(services_, needs_, request_) && pool_in_path(services_, request_);
  }

  const Services services_;
  const Needs needs_;
  Request request_;
  const std::unique_ptr<EventListener> listener_;
  SteadyClock::time_point looked_;
  bool greeted_ = false;
};

/// What the client read last; nothing where it begins.
Result<std::optional<std::int64_t>> last_event_id(const Request& request) {
  const auto text = request.headers.find("Last-Event-ID");
  if (!text || text->empty()) return std::optional<std::int64_t>();
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc() || end != text->data() + text->size() || id < 0) {
    return invalid_field("Last-Event-ID", "must be the id of an event that this server sent, or 0");
  }
  return std::optional(id);
}

Result<Response> stream(const Services& services, const Request& request, Needs needs,
                        const EventScope& scope, std::optional<std::int64_t> after) {
  std::unique_ptr<EventListener> listener;
  if (request.method != Method::kHead) {
    ADIT_TRY(listener, services.events.listen(scope, after));
  }
  Response response;
  response.headers = {
      {"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  response.live = std::make_shared<EventStream>(services, needs, request, std::move(listener));
  return response;
}

Result<Response> stream_pool(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto after, last_event_id(request));
  return stream(services, request, Needs::kViewPool, {pool.id}, after);
}

Result<Response> stream_job(const Services& services, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto id, id_in_path(request, "jobId"));
  ADIT_TRY(const auto job, services.push.get(pool.id, JobId(id)));
  ADIT_TRY(const auto after, last_event_id(request));
  const EventScope scope{pool.id, job.id};
  if (after && is_final(job.status)) {
    // 204 tells a browser, which connects again after every end, that this one was the last.
    ADIT_TRY(const auto page, services.catalog.list_events(scope, *after, 1));
    if (page.events.empty() && *after <= page.bounds.last) return Response::empty(204);
  }
  return stream(services, request, Needs::kPushData, scope, after);
}

}  // namespace

void add_event_endpoints(EndpointTable& table) {
  for (const auto prefix : kPushPrefixes) {
    const auto job = std::string(prefix) + "/api/v1/data-push/{poolId}/jobs/{jobId}/events";
    table.add({"streamJobEvents", Method::kGet, job, Needs::kPushData}, stream_job);
  }
  table.add({"streamPoolEvents", Method::kGet, "/adit/api/v1/pools/{poolId}/events", Needs::kViewPool},
            stream_pool);
}

}  // namespace adit
