// Work that was interrupted: by those who asked for it, or because its pool was closed.
#pragma once

#include <stop_token>
#include <utility>

#include "base/result.h"

namespace adit {

/// An engine that has given up, or has to make room, interrupts what still runs in it. Where nobody has asked
/// for that by `stop` the work is not canceled: it is kUnavailable, and may be tried again.
template <class T>
Result<T> tell_cancels_from_closing(Result<T> result, const std::stop_token& stop) {
  if (result || result.error().kind != ErrorKind::kCanceled || stop.stop_requested()) return result;
  auto detail = std::move(result).error().internal_detail;
  return Error{ErrorKind::kUnavailable,
               "The pool's engine was closed while it worked on this. Try again in a moment.",
               detail.empty() ? "interrupted by the end of its engine" : std::move(detail)};
}

}  // namespace adit
