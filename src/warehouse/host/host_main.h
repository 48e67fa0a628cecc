// The program of an engine's process.
#pragma once

#include <optional>

namespace adit {

/// Whether this process was started to be an engine's: `adit engine NAME`.
bool is_engine_host(int argc, const char* const* argv);

/// Takes its configuration from kHostSocket, shuts itself in, serves until it is told to close or the server
/// is gone. Returns the exit code; may not return, when the server is gone.
int run_engine_host();

}  // namespace adit
