// The description of the API as a machine reads it.
#include <boost/json.hpp>
#include <memory>

#include "api/endpoint.h"
#include "api/openapi/document.h"

namespace adit {

Result<void> add_openapi_endpoint(EndpointTable& table) {
  const auto document = std::make_shared<boost::json::object>();
  table.add({"describeApi", http::Method::kGet, "/openapi.json", Needs::kNothing},
            [document](const Services& services, const http::Request&) -> Result<http::Response> {
              if (services.public_url.empty()) return http::Response::json(200, serialize(*document));
              auto addressed = *document;
              addressed["servers"] = boost::json::array{boost::json::object{{"url", services.public_url}}};
              return http::Response::json(200, serialize(addressed));
            });
  ADIT_TRY(*document, openapi_document(table.lines()));
  return {};
}

}  // namespace adit
