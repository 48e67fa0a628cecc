// What an Idempotency-Key stands for: one request that a client may send again.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/id.h"

namespace adit {

/// Keys of different principals or routes have nothing to do with each other.
struct RequestKey {
  std::string principal;
  std::string route;  ///< what is asked for, and of which pool or job
  std::string text;   ///< as the client sent it
};

/// The right to carry out the request of a key. `holder` is random: where a claim was given up and taken
/// anew, the one who had it before can't complete it any more.
struct RequestClaim {
  RequestKey key;
  Uuid holder;
  Timestamp at{};
};

/// What is remembered of a request that succeeded. Its status is always 200.
struct RememberedAnswer {
  std::string content;  ///< digest of what the request asked for
  std::string body;
};

/// Written by the transaction that carries the request out, so that there is an effect exactly where there is
/// an answer.
struct RequestCompletion {
  RequestClaim claim;
  RememberedAnswer answer;
};

}  // namespace adit
