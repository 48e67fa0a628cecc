// Endpoint: one line of the table of routes, and what all handlers share.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "api/api.h"
#include "api/errors.h"
#include "base/result.h"
#include "http/message.h"

namespace adit {

/// Whether a handler wants to know when its client has gone.
enum class Watch { kNobody, kClient };

/// A route before it is bound to the server: the handler returns its answer or an error, which is rendered
/// once.
struct Endpoint {
  http::Method method;
  std::string pattern;
  Needs needs;
  http::BodyKind body;
  std::function<Result<http::Response>(const http::Request&)> handle;
  std::function<Result<std::unique_ptr<http::BodySink>>(const http::Request&)> open;
  Watch watch = Watch::kNobody;
};

/// The caller of a request that was admitted to a route which needs credentials.
const Principal& caller(const http::Request& request);
/// The pool that the path names, if it is one of the caller's team; else kNotFound.
Result<Pool> pool_in_path(const Services& services, const http::Request& request);
/// The id under {name} of the path; kNotFound if it is no UUID.
Result<Uuid> id_in_path(const http::Request& request, std::string_view name);
/// kInvalid if the request has one of these headers: each would change the outcome, and none is understood.
Result<void> refuse_headers(const http::Request& request, std::initializer_list<std::string_view> names);

// The resources; each adds its lines to the table.
void add_job_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_chunk_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_pool_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_data_source_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_table_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_table_change_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_team_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_query_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_key_endpoints(const Services& services, std::vector<Endpoint>& table);
void add_system_endpoints(const Services& services, std::vector<Endpoint>& table);

/// The three prefixes under which every push route is served.
inline constexpr std::string_view kPushPrefixes[] = {"/data-ingestion", "/integration",
                                                     "/integration-hybrid"};

}  // namespace adit
