// `adit serve`.
#pragma once

#include "app/options.h"

namespace adit {

/// Runs the server until SIGTERM or SIGINT; returns the exit code, 0 after a clean drain.
int run_serve(const ServeOptions& options);

}  // namespace adit
