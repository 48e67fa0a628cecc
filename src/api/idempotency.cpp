#include "api/idempotency.h"

#include <algorithm>
#include <utility>

#include "api/endpoint.h"
#include "base/log.h"

namespace adit {
namespace {

constexpr std::string_view kHeader = "Idempotency-Key";
constexpr std::size_t kKeyBytesMax = 255;

/// A user or an application is the same whichever of the keys is used.
std::string principal_name(const Principal& principal) {
  return (principal.is_application() ? "application " : "user ") + principal.subject.id.to_string();
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

Result<Once> Once::begin(const Services& services, const http::Request& request, std::string route) {
  Once once(services.catalog);
  const auto text = request.headers.find(kHeader);
  if (!text) return once;
  if (text->empty() || text->size() > kKeyBytesMax || !printable(*text)) {
    return invalid_field(std::string(kHeader), "must be 1 to 255 printable ASCII characters");
  }
  RequestClaim claim{{principal_name(caller(request)), std::move(route), std::string(*text)},
                     Uuid::random(),
                     services.clock.now()};
  ADIT_TRY(once.answer_, services.catalog.claim_request(claim, RequestTimes()));
  if (!once.answer_) once.claim_ = std::make_unique<RequestClaim>(std::move(claim));
  return once;
}

Once::~Once() {
  if (!claim_) return;
  if (const auto released = catalog_->release_request(*claim_); !released) {
    log::warning("an idempotency key stays claimed for a while",
                 {{"detail", released.error().internal_detail}});
  }
}

Result<http::Response> Once::replay(const std::string& content) const {
  if (answer_->content != content) {
    return Error{ErrorKind::kReused,
                 "The Idempotency-Key came with another request before. Use a new key for a new request."};
  }
  auto response =
      answer_->body.empty() ? http::Response::empty(200) : http::Response::json(200, answer_->body);
  response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

std::optional<RequestCompletion> Once::completion(std::string content, std::string body) const {
  if (!claim_) return std::nullopt;
  return RequestCompletion{*claim_, {std::move(content), std::move(body)}};
}

}  // namespace adit
