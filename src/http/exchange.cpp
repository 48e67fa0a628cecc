#include "http/exchange.h"

#include <exception>
#include <utility>

#include "base/id.h"
#include "base/log.h"
#include "http/forwarded.h"
#include "http/header_value.h"
#include "http/target.h"

namespace adit::http {
namespace {

Method method_of(std::string_view text) {
  for (const auto method : {Method::kGet, Method::kHead, Method::kPost, Method::kPut, Method::kPatch,
                            Method::kDelete, Method::kOptions}) {
    if (to_string(method) == text) return method;
  }
  return Method::kOther;
}

/// What the log has of a path. Long segments are cut: one could be a key, put where its id should be.
std::string shown_path(std::string_view path) {
  constexpr std::size_t kSegmentBytesMax = 48;
  constexpr std::size_t kCutBytes = 16;
  std::string shown;
  while (!path.empty()) {
    const auto segment = path.substr(0, path.find('/', 1));
    path.remove_prefix(segment.size());
    const bool cut = segment.size() > kSegmentBytesMax;
    shown += segment.substr(0, cut ? kCutBytes : segment.size());
    if (cut) shown += "...";
  }
  return shown;
}

}  // namespace

Error body_too_large(std::uint64_t bytes_max) {
  return {ErrorKind::kTooLarge, "The request's body is larger than " + std::to_string(bytes_max) + " bytes."};
}

Error error_of_current_exception() {
  try {
    throw;
  } catch (const std::exception& exception) {
    return internal(std::string("exception: ") + exception.what());
  } catch (...) {
    return internal("exception of an unknown type");
  }
}

Exchange::Exchange(const Service& shared, const std::string& peer, bool secure)
    : service(shared),
      parser(shared.limits.header_bytes_max, shared.limits.target_bytes_max),
      memory(shared.body_memory) {
  request.reference = Uuid::random().to_string();
  request.peer = peer;
  request.client_gone = client_gone.get_token();
  request.secure = secure;
}

void Exchange::begin() {
  decode_head();
  if (!answer) find_route();
  if (!answer) check_body();
}

void Exchange::decode_head() {
  const auto& head = parser.head();
  request.method_text = head.method;
  request.method = method_of(head.method);
  request.headers = head.headers;
  find_client();
  auto target = parse_target(head.target);
  if (!target) return fail(target.error());
  request.path = std::move(target->path);
  request.segments = std::move(target->segments);
  request.query = std::move(target->query);
}

/// The client, where the request came by way of a trusted proxy.
void Exchange::find_client() {
  request.host = request.headers.find("Host").value_or("");
  auto told = forwarded_client(request.headers, request.peer, service.trusted_proxies);
  if (told.address) request.proxy = std::exchange(request.peer, *std::move(told.address));
  if (told.secure) request.secure = *told.secure;
  if (told.host) request.host = *std::move(told.host);
}

void Exchange::find_route() {
  if (request.method == Method::kOptions && request.path == "*") {
    answer = Response::empty(204);
    return;
  }
  auto match = service.router.match(request.method, request.segments);
  route = match.route;
  request.parameters = std::move(match.parameters);
  if (route != nullptr) return;
  if (match.allow.empty()) return fail(not_found("There is nothing at this path."));
  if (request.method == Method::kOptions) {
    answer = Response::empty(204);
  } else {
    fail(invalid("This path does not know the method " + request.method_text + "."), 405);
  }
  answer->headers.emplace_back("Allow", std::move(match.allow));
}

void Exchange::check_body() {
  if (const auto expect = request.headers.find("Expect"); expect && parser.head().version >= 11) {
    if (!equal_ignoring_case(trimmed(*expect), "100-continue")) {
      return fail(invalid("The only expectation understood is 100-continue."), 417);
    }
    awaits_continue = !parser.done();
  }
  const auto bytes_max = route->body == BodyKind::kStream ? service.limits.streamed_body_bytes_max
                                                          : service.limits.buffered_body_bytes_max;
  if (parser.content_length().value_or(0) > bytes_max) return fail(body_too_large(bytes_max));
  if (route->body != BodyKind::kNone) check_body_fields();
}

/// How the body is encoded and what it must hash to.
void Exchange::check_body_fields() {
  const auto coding = content_encoding_of(request.headers);
  if (!coding) {
    fail(invalid("The body's Content-Encoding is not understood: it may be gzip or zstd, one of them."), 415);
    answer->headers.emplace_back("Accept-Encoding", "gzip, zstd");
    return;
  }
  encoding = *coding;
  auto expected = BodyDigest::expected_by(request.headers);
  if (!expected) return fail(expected.error());
  digest = *std::move(expected);
}

Result<void> Exchange::decode_buffered_body() {
  if (digest) {
    digest->update(request.body);
    ADIT_CHECK(std::move(*digest).verify());
  }
  const auto inflater = Inflater::create(encoding);
  if (!inflater) return {};
  const auto bytes_max = service.limits.buffered_body_bytes_max;
  std::string decoded;
  const auto append = [&](std::string_view bytes) -> Result<void> {
    if (bytes.size() > bytes_max - decoded.size()) return body_too_large(bytes_max);
    decoded.append(bytes);
    return {};
  };
  ADIT_CHECK(inflater->feed(request.body, append));
  ADIT_CHECK(inflater->end());
  request.body = std::move(decoded);
  return {};
}

void Exchange::fail(const Error& error, std::optional<int> status) {
  if (error.kind == ErrorKind::kInternal || !error.internal_detail.empty()) {
    log::error("request failed", {{"reference", request.reference},
                                  {"message", error.public_message},
                                  {"detail", error.internal_detail}});
  }
  try {
    answer = service.render(request, error, status);
    answer->internal_detail.clear();  // it has just been logged
  } catch (...) {
    log::error("error not rendered",
               {{"reference", request.reference}, {"detail", error_of_current_exception().internal_detail}});
    answer = Response::empty(500);
  }
}

void Exchange::fail_busy() {
  fail({ErrorKind::kUnavailable, "The server is busy; send the request again in a moment."});
}

void Exchange::lose() {
  lost = true;
  close = true;
}

bool Exchange::admit() {
  if (!route->admit) return true;
  try {
    answer = route->admit(request);
  } catch (...) {
    fail(error_of_current_exception());
  }
  return !answer;
}

void Exchange::handle() {
  try {
    if (route->body == BodyKind::kBuffer) {
      if (const auto decoded = decode_buffered_body(); !decoded) return fail(decoded.error());
    }
    answer = route->handle(request);
  } catch (...) {
    fail(error_of_current_exception());
  }
}

void Exchange::complete_answer() {
  if (answer->status == 503) add_unless_there(*answer, "Retry-After", "1");
  service.cors.apply(request, *answer);
  service.standing.apply(request, *answer);
}

void Exchange::record() const {
  constexpr int kClientGone = 499;
  const int status = answer && !lost ? answer->status : kClientGone;
  if (answer && !answer->internal_detail.empty()) {
    log::error("request failed", {{"reference", request.reference}, {"detail", answer->internal_detail}});
  }
  const auto seconds = std::chrono::duration<double>(Clock::now() - started).count();
  service.metrics.http_requests
      .Add({{"method", std::string(to_string(request.method))}, {"status", std::to_string(status)}})
      .Increment();
  if (!live) service.metrics.http_seconds.Observe(seconds);
  if (!log::enabled(log::Level::kInfo)) return;
  std::vector<log::Field> line{
      {"method", request.method_text}, {"path", shown_path(request.path)}, {"status", status},
      {"bytes_in", bytes_in},          {"bytes_out", bytes_out},           {"ms", seconds * 1000},
      {"peer", request.peer}};
  if (!request.proxy.empty()) line.emplace_back("proxy", request.proxy);
  line.emplace_back("reference", request.reference);
  log::write(log::Level::kInfo, "request", line);
}

}  // namespace adit::http
