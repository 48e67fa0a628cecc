// What the client commands share: finding the server, and telling what went wrong.
#pragma once

#include <atomic>
#include <string>

#include "app/options.h"
#include "base/result.h"
#include "client/adit_api.h"

namespace adit {

/// A client of the server that the options describe; nothing is sent yet. `stop` ends its requests and may be
/// empty.
Result<client::AditApi> open_api(const ConnectionOptions& options, const client::StopQuestion& stop = {});

/// A client and the id of the pool of that name.
struct PoolAccess {
  client::AditApi api;
  std::string pool;
};
Result<PoolAccess> open_pool(const ConnectionOptions& options, const std::string& name_or_id,
                             const client::StopQuestion& stop = {});

/// Writes `error` to standard error, with the next step where there is one, and gives the code to exit with.
ExitCode report(const Error& error, const ConnectionOptions& options);

/// From here on the first SIGINT or SIGTERM sets what interrupted() tells; a second one ends the process at
/// once.
void catch_interrupts();
bool interrupted();

/// How a job ended, as an exit code.
ExitCode exit_code_of(const client::JobView& job);

/// Whether to do what can't be undone: `yes`, or a person at a terminal says so to the question. kInvalid
/// says what to do instead.
Result<void> confirm(bool yes, const std::string& question);

/// UTC, `2026-01-31 12:00:00`; empty for 0.
std::string time_text(std::int64_t epoch_ms);

}  // namespace adit
