// Queries over the tables of a pool.
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <semaphore>
#include <type_traits>

#include "api/endpoint.h"
#include "model/json_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

constexpr std::ptrdiff_t kQueriesBound = 1024;
using Slots = std::counting_semaphore<kQueriesBound>;

void append(std::string& text, const Cell& cell) {
  std::visit(
      [&text](const auto& value) {
        using Value = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>) {
          text += "null";
        } else if constexpr (std::is_same_v<Value, bool>) {
          text += value ? "true" : "false";
        } else if constexpr (std::is_same_v<Value, std::string>) {
          text += json::serialize(json::string_view(value));
        } else {
          char digits[32];
          const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
          text.append(digits, end);
        }
      },
      cell);
}

/// Written by hand, since a tree of values would take many times the memory of the text.
std::string result_json(const QueryResult& result) {
  json::array columns;
  for (const auto& column : result.columns)
    columns.push_back(json::object{{"name", column.name}, {"type", column.type}});
  std::string text = R"({"columns":)" + json::serialize(columns) + R"(,"rows":[)";
  bool first_row = true;
  for (const auto& row : result.rows) {
    text += first_row ? "[" : ",[";
    first_row = false;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      append(text, row[i]);
    }
    text += ']';
  }
  text += R"(],"rowCount":)" + std::to_string(result.rows.size());
  text += R"(,"truncated":)" + std::string(result.truncated ? "true" : "false");
  text += R"(,"elapsedMs":)";
  append(text, Cell(static_cast<double>(result.elapsed.count()) / 1000.0));
  return text + "}";
}

Result<QueryRequest> read_query(const Services& services, const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  QueryRequest query;
  query.timeout = std::min(query.timeout, services.limits.query_timeout_max);
  const auto sql = reader.string("sql");
  if (!sql && errors.empty()) reader.fail("sql", "is required");
  query.sql = sql.value_or("");
  if (const auto limit = reader.integer("limit")) {
    const auto most = services.limits.query_rows_max;
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

Result<Response> run(const Services& services, Slots& slots, const Request& request) {
  ADIT_TRY(const auto pool, pool_in_path(services, request));
  ADIT_TRY(const auto query, read_query(services, request));
  if (!slots.try_acquire()) {
    return Error{ErrorKind::kUnavailable,
                 "As many queries are running as this server runs side by side. Try again shortly."};
  }
  auto result = services.warehouse.query(pool.id, query, services.stop);
  slots.release();
  if (!result) return std::move(result).error();
  return Response::json(200, result_json(*result));
}

}  // namespace

void add_query_endpoints(const Services& services, std::vector<Endpoint>& table) {
  const auto slots = std::make_shared<Slots>(std::min(services.limits.queries_max, kQueriesBound));
  table.push_back({Method::kPost,
                   "/adit/api/v1/pools/{poolId}/query",
                   Needs::kViewPool,
                   BodyKind::kBuffer,
                   [services, slots](const Request& request) { return run(services, *slots, request); },
                   {}});
}

}  // namespace adit
