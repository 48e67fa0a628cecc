// Queries over the tables of a pool, and tables as downloads.
#include <algorithm>
#include <array>
#include <limits>

#include "api/endpoint.h"
#include "api/query_parameters.h"
#include "api/results.h"
#include "model/json_fields.h"

namespace adit {
namespace {

using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

constexpr auto kAllRows = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

constexpr std::array kQueryFormats{ResultFormat::kJson, ResultFormat::kCsv, ResultFormat::kParquet};
constexpr std::array kTableFormats{ResultFormat::kCsv, ResultFormat::kParquet, ResultFormat::kJsonLines};

/// Only a JSON answer can say that rows are missing. So it alone has a bound on rows, and one by default; the
/// others hold as many as were asked for, or all.
Result<QueryRequest> read_query(const Services& services, const Request& request, ResultFormat format) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  QueryRequest query;
  query.timeout = std::min(query.timeout, services.limits.query_timeout_max);
  const auto sql = reader.string("sql");
  if (!sql && errors.empty()) reader.fail("sql", "is required");
  query.sql = sql.value_or("");
  const bool json = format == ResultFormat::kJson;
  if (!json) query.row_limit = kAllRows;
  if (const auto limit = reader.integer("limit")) {
    const auto most = json ? services.limits.query_rows_max : kAllRows;
    if (*limit < 0 || static_cast<std::uint64_t>(*limit) > most) {
      reader.fail("limit", "must be from 0 to " + std::to_string(most));
    }
    query.row_limit = static_cast<std::uint64_t>(*limit);
  }
  if (const auto timeout = reader.integer("timeoutMs")) {
    const auto most = services.limits.query_timeout_max.count();
    if (*timeout < 1 || *timeout > most)
      reader.fail("timeoutMs", "must be from 1 to " + std::to_string(most));
    query.timeout = std::chrono::milliseconds(*timeout);
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  return query;
}

Result<Response> run(const Services& services, const QueryPlaces& places, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  const auto format = accepted_format(request, kQueryFormats);
  if (!format) return not_acceptable(request, kQueryFormats);
  ADIT_TRY(const auto query, read_query(services, request, *format));
  return query_response(services, places, pool.id, query, *format, request.client_gone);
}

/// The whole table, in the order of its rows, as it was when the request came.
Result<Response> download(const Services& services, const QueryPlaces& places, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  const auto format = accepted_format(request, kTableFormats);
  if (!format) return not_acceptable(request, kTableFormats);
  const auto most = services.limits.query_timeout_max;
  QueryRequest query;
  ADIT_TRY(const auto source, schema_parameter(services, request, pool.id));
  query.table = TableName{source ? source->name : "", std::string(request.parameter("tableName"))};
  ADIT_TRY(query.row_limit, count_parameter(request, "limit", kAllRows));
  query.row_limit = std::min(query.row_limit, kAllRows);
  ADIT_TRY(const auto timeout_ms,
           count_parameter(request, "timeoutMs", static_cast<std::uint64_t>(most.count())));
  if (timeout_ms < 1 || timeout_ms > static_cast<std::uint64_t>(most.count())) {
    return invalid_field("timeoutMs", "must be from 1 to " + std::to_string(most.count()));
  }
  query.timeout = std::chrono::milliseconds(timeout_ms);
  return query_response(services, places, pool.id, query, *format, request.client_gone);
}

}  // namespace

void add_query_endpoints(EndpointTable& table, const ApiLimits& limits) {
  const QueryPlaces places(limits.queries_max);
  const auto with = [&places](auto function) {
    return [places, function](const Services& services, const Request& request) {
      return function(services, places, request);
    };
  };
  const std::string pool = "/adit/api/v1/pools/{poolId}";
  table.add({"query", Method::kPost, pool + "/query", Needs::kQueryPool, BodyKind::kBuffer, Watch::kClient},
            with(run));
  table.add({"downloadTable", Method::kGet, pool + "/tables/{tableName}/rows", Needs::kViewPool,
             BodyKind::kNone, Watch::kClient},
            with(download));
}

}  // namespace adit
