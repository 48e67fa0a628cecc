// How large a text of SQL becomes when the engine's parser puts copies into it.
#pragma once

#include <string_view>

#include "base/result.h"

namespace adit {

/// The parser copies the operand of `CASE operand WHEN …` for each WHEN and a WINDOW's definition for each
/// OVER: a few hundred bytes of nested CASEs become gigabytes, before anybody could look at the tree or
/// interrupt. kInvalid for such texts. Reads tokens only; what is no SQL at all may pass, the parser will say
/// so.
Result<void> check_parse_size(std::string_view sql);

}  // namespace adit
