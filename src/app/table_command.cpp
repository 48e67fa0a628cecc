// `adit table`.
#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <utility>

#include "app/command_support.h"
#include "app/commands.h"
#include "app/output.h"
#include "client/human.h"
#include "client/text_table.h"

namespace adit {
namespace {

namespace json = boost::json;
using Align = client::TextTable::Align;

json::object json_of(const client::TableView& table) {
  json::array columns;
  for (const auto& column : table.columns) {
    columns.push_back(
        json::object{{"name", column.name}, {"type", column.type}, {"storedAs", column.stored_as}});
  }
  return json::object{
      {"name", table.name},
      {"connection", table.connection.empty() ? json::value(nullptr) : json::value(table.connection)},
      {"type", table.type},
      {"rowsEstimated", table.rows_estimated},
      {"columns", std::move(columns)}};
}

/// The id of a data connection; empty where none is named.
Result<std::string> connection_of(PoolAccess& access, const std::optional<std::string>& name_or_id) {
  if (!name_or_id) return std::string();
  return access.api.find_connection(access.pool, *name_or_id);
}

template <class Options>
Result<client::TablePlace> place_of(PoolAccess& access, const Options& options) {
  ADIT_TRY(auto connection, connection_of(access, options.data_connection));
  return client::TablePlace{access.pool, options.table, std::move(connection)};
}

/// Of one data connection, or the global ones where none is named.
Result<std::vector<client::TableView>> tables_of(const TableShowOptions& options) {
  ADIT_TRY(auto access, open_pool(options.connection, options.pool));
  ADIT_TRY(const auto connection, connection_of(access, options.data_connection));
  ADIT_TRY(auto tables, access.api.tables(access.pool));
  std::erase_if(tables, [&](const auto& table) { return table.connection_id != connection; });
  return tables;
}

/// Of one data connection, or all.
Result<std::vector<client::TableView>> tables_of(const TableListOptions& options) {
  ADIT_TRY(auto access, open_pool(options.connection, options.pool));
  ADIT_TRY(const auto connection, connection_of(access, options.data_connection));
  ADIT_TRY(auto tables, access.api.tables(access.pool));
  if (options.data_connection)
    std::erase_if(tables, [&](const auto& table) { return table.connection_id != connection; });
  return tables;
}

Error no_table(const std::string& name, const std::vector<client::TableView>& tables) {
  std::string text = "There is no table `" + name + "` in the pool. ";
  if (tables.empty()) return not_found(text + "It has none yet.");
  text += "There is: ";
  constexpr std::size_t kNamesShownMax = 10;
  for (std::size_t i = 0; i < std::min(tables.size(), kNamesShownMax); ++i) {
    text += (i == 0 ? "" : ", ") + tables[i].name;
  }
  return not_found(text + (tables.size() > kNamesShownMax ? ", …" : "."));
}

std::string question_of(const TableChangeOptions& options) {
  switch (options.action) {
    case TableAction::kDrop:
      return "Drop the table " + options.table + "?";
    case TableAction::kTruncate:
      return "Remove all rows of " + options.table + "?";
    case TableAction::kDeleteRows:
      return "Remove the rows of " + options.table + " where " + options.where + "?";
  }
  std::unreachable();
}

client::TableChange change_of(const TableChangeOptions& options) {
  using Kind = client::TableChange::Kind;
  switch (options.action) {
    case TableAction::kDrop:
      return {Kind::kDrop};
    case TableAction::kTruncate:
      return {Kind::kTruncate};
    case TableAction::kDeleteRows:
      return {Kind::kDeleteRows, options.where};
  }
  std::unreachable();
}

Result<void> write_rows(const TableExportOptions& options) {
  ADIT_TRY(auto access, open_pool(options.connection, options.pool));
  ADIT_TRY(auto output, Output::open(options.output, options.format));
  ADIT_TRY(const auto place, place_of(access, options));
  ADIT_CHECK(access.api.download_table(place, media_type_of(options.format),
                                       [&output](std::string_view bytes) { return output.write(bytes); }));
  return output.finish();
}

}  // namespace

ExitCode run_command(const TableListOptions& options) {
  const auto tables = tables_of(options);
  if (!tables) return report(tables.error(), options.connection);
  if (options.json) {
    json::array list;
    for (const auto& table : *tables) list.push_back(json_of(table));
    std::cout << list << '\n';
    return ExitCode::kOk;
  }
  client::TextTable text{
      {{"NAME"}, {"CONNECTION"}, {"TYPE"}, {"COLUMNS", Align::kRight}, {"ROWS (ABOUT)", Align::kRight}}, {}};
  for (const auto& table : *tables) {
    text.rows.push_back({table.name, table.connection, table.type, std::to_string(table.columns.size()),
                         client::human_count(table.rows_estimated)});
  }
  std::cout << client::render_table(text);
  return ExitCode::kOk;
}

ExitCode run_command(const TableShowOptions& options) {
  const auto tables = tables_of(options);
  if (!tables) return report(tables.error(), options.connection);
  const auto found = std::ranges::find(*tables, options.table, &client::TableView::name);
  if (found == tables->end()) return report(no_table(options.table, *tables), options.connection);
  if (options.json) {
    std::cout << json_of(*found) << '\n';
    return ExitCode::kOk;
  }
  client::TextTable text{{{"COLUMN"}, {"TYPE"}, {"STORED AS"}}, {}};
  for (const auto& column : found->columns) text.rows.push_back({column.name, column.type, column.stored_as});
  std::cout << client::render_table(text);
  return ExitCode::kOk;
}

ExitCode run_command(const TableChangeOptions& options) {
  auto access = open_pool(options.connection, options.pool);
  if (!access) return report(access.error(), options.connection);
  const auto agreed = confirm(options.yes, question_of(options));
  if (!agreed) return report(agreed.error(), options.connection);
  const auto place = place_of(*access, options);
  if (!place) return report(place.error(), options.connection);
  const auto change = access->api.change_table(*place, change_of(options));
  if (!change) return report(change.error(), options.connection);
  if (options.action == TableAction::kDeleteRows) {
    std::cout << client::human_count(change->rows) << (change->rows == 1 ? " row" : " rows") << " deleted\n";
  }
  return ExitCode::kOk;
}

ExitCode run_command(const TableExportOptions& options) {
  const auto written = write_rows(options);
  return written ? ExitCode::kOk : report(written.error(), options.connection);
}

}  // namespace adit
