// What a refusal says, in words for a person.
#pragma once

#include <string_view>

#include "base/result.h"

namespace adit::client {

/// Reads the body of an answer that is not a success: `{"errors":[{"attribute","error"}…]}` or `{"message",
/// "reference"}`; anything else gives the status and the start of the text. The kind follows from the status.
Error error_of_answer(int status, std::string_view body);

}  // namespace adit::client
