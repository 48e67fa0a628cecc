// Tables and queries.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/id.h"
#include "client/adit_api.h"
#include "client/api_error.h"
#include "client/json_view.h"
#include "formats/names.h"

namespace adit::client {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kLook{200};

std::string pool_path(const std::string& pool) { return "/adit/api/v1/pools/" + encode_segment(pool); }

std::string connections_path(const std::string& pool) { return pool_path(pool) + "/data-sources"; }

std::string table_path(const TablePlace& place, const std::string& what = {}) {
  auto path = pool_path(place.pool) + "/tables/" + encode_segment(place.table) + what;
  if (!place.connection.empty()) path += "?schemaName=" + encode_segment(place.connection);
  return path;
}

ConnectionView connection_view(const json::value& value) {
  const auto& object = as_object(value);
  return {text_at(object, "id"), text_at(object, "name")};
}

std::string names_of(const std::vector<ConnectionView>& connections) {
  constexpr std::size_t kNamesShownMax = 10;
  if (connections.empty()) return "There is none yet.";
  std::string text = "There is: ";
  for (std::size_t i = 0; i < std::min(connections.size(), kNamesShownMax); ++i)
    text += (i == 0 ? "" : ", ") + connections[i].name;
  return text + (connections.size() > kNamesShownMax ? ", …" : ".");
}

std::string query_body(const QueryRequest& request) {
  json::object body{{"sql", request.sql}, {"timeoutMs", request.timeout.count()}};
  if (request.limit) body["limit"] = *request.limit;
  return json::serialize(body);
}

TableView table_view(const json::value& value) {
  const auto& object = as_object(value);
  TableView table{text_at(object, "name"),
                  text_at(object, "dataSourceName"),
                  text_at(object, "dataSourceId"),
                  text_at(object, "type"),
                  count_at(object, "rowsEstimated").value_or(0),
                  {}};
  for (const auto& entry : array_at(object, "columns")) {
    const auto& column = as_object(entry);
    table.columns.push_back({text_at(column, "name"), text_at(column, "type"), text_at(column, "storedAs")});
  }
  return table;
}

ChangeView change_view(const json::value& value) {
  const auto& object = as_object(value);
  ChangeView change{
      text_at(object, "id"), text_at(object, "status"), count_at(object, "rows").value_or(0), {}};
  for (const auto& line : array_at(object, "logs")) {
    if (line.is_string()) change.logs.emplace_back(line.get_string());
  }
  return change;
}

bool is_number_type(std::string_view type) {
  return type == "BIGINT" || type == "INTEGER" || type == "DOUBLE" || type == "HUGEINT" || type == "FLOAT" ||
         type == "SMALLINT" || type == "TINYINT" || type.starts_with("U") || type.starts_with("DECIMAL");
}

Cell cell_of(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_double()) {
    // JSON's writer says 4.2E-1; a person reads 0.42.
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.begin(), text.end(), value.get_double()).ptr;
    return std::string(text.begin(), end);
  }
  return json::serialize(value);
}

}  // namespace

Result<std::vector<TableView>> AditApi::tables(const std::string& pool) {
  return views_of<TableView>(get(pool_path(pool) + "/tables"), table_view);
}

Result<ChangeView> AditApi::change_table(const TablePlace& place, const TableChange& change) {
  const auto asked = [&]() -> Result<Answer> {
    switch (change.kind) {
      case TableChange::Kind::kDrop:
        return http_.remove(table_path(place));
      case TableChange::Kind::kTruncate:
        return http_.post(table_path(place, "/truncate"), "");
      case TableChange::Kind::kDeleteRows:
        return http_.post(table_path(place, "/delete-rows"),
                          json::serialize(json::object{{"where", change.where}}));
    }
    std::unreachable();
  }();
  ADIT_TRY(const auto parsed, json_of(asked));
  auto view = change_view(parsed);
  while (view.status == "QUEUED" || view.status == "RUNNING" || view.status == "NEW") {
    if (!sleep_unless(stop_, kLook)) return Error{ErrorKind::kCanceled, "Interrupted; the change goes on."};
    ADIT_TRY(const auto seen, json_of(get(pool_path(place.pool) + "/changes/" + encode_segment(view.id))));
    view = change_view(seen);
  }
  if (view.status == "DONE") return view;
  return conflict("The change was not made, and the table is as it was before" +
                  (view.logs.empty() ? "." : ": " + view.logs.back()));
}

Result<void> AditApi::download_table(const TablePlace& place, const std::string& media_type,
                                     const HttpClient::Sink& sink) {
  return success_of(
      http_.download(Method::kGet, table_path(place, "/rows"), "", {{"Accept", media_type}}, sink));
}

Result<std::vector<ConnectionView>> AditApi::connections(const std::string& pool) {
  return views_of<ConnectionView>(get(connections_path(pool)), connection_view);
}

Result<ConnectionView> AditApi::create_connection(const std::string& pool, const std::string& name) {
  ADIT_TRY(const auto created,
           json_of(http_.post(connections_path(pool), json::serialize(json::object{{"name", name}}))));
  return connection_view(created);
}

Result<std::string> AditApi::find_connection(const std::string& pool, const std::string& name_or_id) {
  if (Uuid::parse(name_or_id)) return name_or_id;
  ADIT_TRY(const auto all, connections(pool));
  const auto found = std::ranges::find_if(all, [folded = fold_name(name_or_id)](const auto& connection) {
    return fold_name(connection.name) == folded;
  });
  if (found != all.end()) return found->id;
  return not_found("The pool has no data connection named `" + name_or_id + "`. " + names_of(all));
}

Result<void> AditApi::download_query(const std::string& pool, const QueryRequest& request,
                                     const std::string& media_type, const HttpClient::Sink& sink) {
  return success_of(http_.download(Method::kPost, pool_path(pool) + "/query", query_body(request),
                                   {{"Accept", media_type}}, sink));
}

Result<QueryView> AditApi::query(const std::string& pool, const QueryRequest& request) {
  auto answer = http_.post(pool_path(pool) + "/query", query_body(request));
  ADIT_TRY(const auto parsed, json_of(answer));
  const auto& object = as_object(parsed);
  QueryView view;
  for (const auto& entry : array_at(object, "columns")) {
    const auto& column = as_object(entry);
    view.table.columns.push_back({text_at(column, "name"), is_number_type(text_at(column, "type"))
                                                               ? TextTable::Align::kRight
                                                               : TextTable::Align::kLeft});
  }
  for (const auto& entry : array_at(object, "rows")) {
    std::vector<Cell> row;
    if (entry.is_array()) {
      for (const auto& cell : entry.get_array()) row.push_back(cell_of(cell));
    }
    view.table.rows.push_back(std::move(row));
  }
  view.truncated = flag_at(object, "truncated");
  view.elapsed = std::chrono::duration<double>(real_at(object, "elapsedMs") / 1000);
  view.body = std::move(answer->body);
  return view;
}

}  // namespace adit::client
