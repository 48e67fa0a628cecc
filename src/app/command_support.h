// What the client commands share: finding the server, and telling what went wrong.
#pragma once

#include <atomic>
#include <string>

#include "app/options.h"
#include "base/result.h"
#include "client/adit_api.h"

namespace adit {

/// A client of the server that the options describe; nothing is sent yet. `stop` ends its requests and may be
/// null.
Result<client::AditApi> open_api(const ConnectionOptions& options, const std::atomic<bool>* stop = nullptr);

/// Writes `error` to standard error, with the next step where there is one, and gives the code to exit with.
ExitCode report(const Error& error, const ConnectionOptions& options);

/// UTC, `2026-01-31 12:00:00`; empty for 0.
std::string time_text(std::int64_t epoch_ms);

}  // namespace adit
