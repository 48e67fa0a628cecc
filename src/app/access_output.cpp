#include "app/access_output.h"

#include <iostream>
#include <utility>

#include "app/command_support.h"
#include "client/json_view.h"
#include "client/text_table.h"

namespace adit {
namespace {

namespace json = boost::json;

std::string cell_text(const json::object& object, const Column& column) {
  switch (column.cell) {
    case Cell::kText:
      return client::text_at(object, column.member);
    case Cell::kTime:
      return time_text(client::number_at(object, column.member).value_or(0));
    case Cell::kFlag:
      return client::flag_at(object, column.member) ? "yes" : "no";
    case Cell::kCount: {
      const auto size = client::array_at(object, column.member).size();
      return size == 0 ? std::string() : std::to_string(size);
    }
    case Cell::kList: {
      std::string words;
      for (const auto& word : client::array_at(object, column.member)) {
        if (word.is_string()) words += (words.empty() ? "" : ",") + std::string(word.get_string());
      }
      return words;
    }
  }
  std::unreachable();
}

}  // namespace

void print_list(const json::value& list, bool as_json, const std::vector<Column>& columns) {
  if (as_json || !list.is_array()) {
    std::cout << list << '\n';
    return;
  }
  client::TextTable table;
  for (const auto& column : columns) table.columns.push_back({column.heading});
  for (const auto& entry : list.get_array()) {
    auto& row = table.rows.emplace_back();
    for (const auto& column : columns) row.push_back(cell_text(client::as_object(entry), column));
  }
  std::cout << client::render_table(table);
}

void print_one(const json::value& object, bool as_json, std::string_view member) {
  if (as_json) {
    std::cout << object << '\n';
  } else {
    std::cout << client::text_at(client::as_object(object), member) << '\n';
  }
}

Result<std::string> find_user(AccessCalls& calls, const std::string& email_or_id) {
  return find_listed(calls, "/adit/api/v1/users", "email", "user", email_or_id);
}

Result<std::string> find_application(AccessCalls& calls, const std::string& name_or_id) {
  return find_listed(calls, "/adit/api/v1/applications", "name", "application", name_or_id);
}

Result<std::string> find_group(AccessCalls& calls, const std::string& name_or_id) {
  return find_listed(calls, "/adit/api/v1/groups", "name", "group", name_or_id);
}

ExitCode ended(const Result<void>& outcome, const ConnectionOptions& options) {
  return outcome ? ExitCode::kOk : report(outcome.error(), options);
}

}  // namespace adit
