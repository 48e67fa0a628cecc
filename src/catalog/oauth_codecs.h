// How OAuth's values stand in the catalog's columns.
#pragma once

#include <string>

#include "catalog/row_codecs.h"
#include "model/oauth.h"

namespace adit {

/// Scopes by their names, with a space between each. Throws CorruptRow.
ScopeSet decode_scopes(const std::string& words);

}  // namespace adit
