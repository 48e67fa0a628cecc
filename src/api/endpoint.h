// EndpointTable: the table of routes, and what all handlers share.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/authorization.h"
#include "access/principal.h"
#include "api/api.h"
#include "api/errors.h"
#include "base/result.h"
#include "http/message.h"

namespace adit {

/// Whether a handler wants to know when its client has gone.
enum class Watch { kNobody, kClient };

/// One line of the table of routes: what the server dispatches by, and what is said of a route elsewhere.
struct Line {
  /// Names what the route does, whatever prefix it is under: `createJob`. Under this name it is described in
  /// src/api/openapi/.
  std::string operation;
  http::Method method;
  std::string pattern;
  Needs needs;
  http::BodyKind body = http::BodyKind::kNone;
  Watch watch = Watch::kNobody;
  http::RunsOn runs_on = http::RunsOn::kWorkers;
};

/// The table of routes while the resources fill it. A handler returns its answer or an error, which is
/// rendered once.
class EndpointTable {
 public:
  using Handler = std::function<Result<http::Response>(const Services&, const http::Request&)>;
  using Opener =
      std::function<Result<std::unique_ptr<http::BodySink>>(const Services&, const http::Request&)>;

  void add(Line line, Handler handle);
  /// A route whose body is streamed to a sink; its line says kStream.
  void add_upload(Line line, Opener open);
  /// All lines, in the order in which they were added.
  std::vector<Line> lines() const;
  /// What `services` refers to outlives the routes.
  std::vector<http::Route> bind(const Services& services) &&;

 private:
  struct Entry {
    Line line;
    Handler handle;  ///< one of the two is empty
    Opener open;
  };
  std::vector<Entry> entries_;
};

/// Every route of the server, bound to nothing yet: who dispatches binds it, who documents or tests it reads
/// its lines. kInternal if the lines and their descriptions do not fit together.
Result<EndpointTable> make_table(const ApiLimits& limits);

/// Whether a request that was admitted would be so again: for answers that go on for long.
bool still_admitted(const Services& services, Needs needs, http::Request& request);
/// The caller of a request that was admitted to a route which needs credentials.
const Principal& caller(const http::Request& request);
/// The same as jobs remember who made them; the client of an access token stands in the place of a key.
JobCreator creator_of(const http::Request& request);
/// Whether the caller of an admitted request may do something else as well.
Result<void> may_also(const http::Request& request, Needs needs, PoolId pool);
/// The pool that the path names, if it is one of the caller's team; else kNotFound.
Result<Pool> pool_in_path(const Services& services, const http::Request& request);
/// kForbidden with this message unless the caller is of the team of the first start, whose administrators run
/// the server.
Result<void> only_first_team(const Services& services, const http::Request& request, std::string message);
/// The id under {name} of the path; kNotFound if it is no UUID.
Result<Uuid> id_in_path(const http::Request& request, std::string_view name);
/// kInvalid if the request has one of these headers: each would change the outcome, and none is understood.
Result<void> refuse_headers(const http::Request& request, std::initializer_list<std::string_view> names);

// The resources; each adds its lines to the table.
void add_job_endpoints(EndpointTable& table);
void add_chunk_endpoints(EndpointTable& table);
void add_event_endpoints(EndpointTable& table);
void add_history_endpoints(EndpointTable& table);
void add_pool_endpoints(EndpointTable& table);
void add_disk_quota_endpoints(EndpointTable& table);
void add_data_source_endpoints(EndpointTable& table);
void add_table_endpoints(EndpointTable& table);
void add_table_change_endpoints(EndpointTable& table);
void add_team_endpoints(EndpointTable& table);
void add_query_endpoints(EndpointTable& table, const ApiLimits& limits);
void add_audit_endpoints(EndpointTable& table);
void add_backup_endpoints(EndpointTable& table);
void add_access_endpoints(EndpointTable& table);
void add_oauth_endpoints(EndpointTable& table);
void add_system_endpoints(EndpointTable& table, const ApiLimits& limits);
/// The document of all lines of the table, its own included: comes last. kInternal if the lines and their
/// descriptions do not fit together.
Result<void> add_openapi_endpoint(EndpointTable& table);

/// The three prefixes under which every push route is served.
inline constexpr std::string_view kPushPrefixes[] = {"/data-ingestion", "/integration",
                                                     "/integration-hybrid"};

}  // namespace adit
