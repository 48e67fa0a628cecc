// Once: a request that may carry an Idempotency-Key, from its claim to its completion.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/api.h"
#include "http/message.h"
#include "model/idempotency.h"

namespace adit {

/// `begin (replay | completion… completed)`. A claim that is not completed is given back by destruction: only
/// what succeeded is remembered, since a request that failed changed nothing and may be tried again. One
/// thread at a time; the services outlive it.
class Once {
 public:
  /// Without the header this does nothing at all. `route` names what is asked for and of which pool or job,
  /// the same under every prefix. kInvalid for a key of no or over 255 bytes; kConflict if a request of that
  /// key is under way.
  static Result<Once> begin(const Services& services, const http::Request& request, std::string route);
  ~Once();
  Once(Once&&) = default;
  Once& operator=(Once&&) = delete;

  /// Whether this key's request has been answered: then there is nothing to do but to replay.
  bool answered() const { return answer_.has_value(); }
  /// Whether there is a key, and this request carries it out.
  bool claimed() const { return claim_ != nullptr; }
  /// The first answer. kReused if the content is not what the key came with then.
  Result<http::Response> replay(const std::string& content) const;
  /// What is to be written with the effect; nothing without a key.
  std::optional<RequestCompletion> completion(std::string content, std::string body) const;
  /// The effect and the completion are written.
  void completed() { claim_.reset(); }

 private:
  explicit Once(Catalog& catalog) : catalog_(&catalog) {}

  Catalog* catalog_;
  std::unique_ptr<RequestClaim> claim_;  ///< held by this request
  std::optional<RememberedAnswer> answer_;
};

/// For completions that may be absent.
inline const RequestCompletion* pointer_to(const std::optional<RequestCompletion>& completion) {
  return completion ? &*completion : nullptr;
}

}  // namespace adit
