// The OpenAPI document: the routes as they are registered, with the descriptions that stand beside them.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string_view>

#include "api/endpoint.h"
#include "base/result.h"

namespace adit {

/// One file of this folder: a JSON object with some of `operations` (by Line::operation), `info`, `tags` and
/// the kinds of components (`schemas`, `parameters`, `responses`, …), each by name.
struct DescriptionFile {
  std::string_view name;
  std::string_view text;
};

/// The files of this folder, which are compiled in.
std::span<const DescriptionFile> description_files();

/// The OpenAPI 3.1 document of these routes. A route's description is completed by what its line says:
/// operationId, path parameters, headers of a body, security, and the answers that all such routes have. A
/// line whose operation has come before is an alias: described again with an operationId of its own, under a
/// tag of its own. kInternal, naming every case, when a route has no description, a description no route, a
/// name stands in two files, or a reference leads nowhere.
Result<boost::json::object> openapi_document(std::span<const Line> lines,
                                             std::span<const DescriptionFile> files = description_files());

}  // namespace adit
