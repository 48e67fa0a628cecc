// What of the engine's messages a user may read.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "warehouse/duckdb/engine.h"

namespace adit {

/// The message without paths of the server. The excerpt of the user's own SQL at its end (`LINE 1: …`) stays
/// as it is.
std::string clean_engine_message(std::string_view message);

/// The failure of a user's SQL: kInvalid with the engine's cleaned message, which helps him to mend it; but
/// what the server can't do (memory, disk, a broken engine) as to_error() says.
Error to_user_error(const EngineFailure& failure);

}  // namespace adit
