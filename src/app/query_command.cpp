// `adit query`.
#include <iostream>
#include <iterator>
#include <utility>

#include "app/command_support.h"
#include "app/commands.h"
#include "client/human.h"
#include "client/text_table.h"

namespace adit {
namespace {

Result<client::QueryView> ask(client::AditApi& api, const QueryOptions& options) {
  std::string sql = options.sql;
  if (sql == "-") sql.assign(std::istreambuf_iterator<char>(std::cin), {});
  ADIT_TRY(const auto pool, api.find_pool(options.pool));
  return api.query(pool, {std::move(sql), options.limit, options.timeout});
}

void print(const client::QueryView& view, TableFormat format) {
  switch (format) {
    case TableFormat::kJson:
      std::cout << view.body << '\n';
      return;
    case TableFormat::kCsv:
      std::cout << client::render_csv(view.table);
      return;
    case TableFormat::kTable:
      break;
  }
  const auto rows = view.table.rows.size();
  std::cout << client::render_table(view.table) << '\n'
            << client::human_count(rows) << (rows == 1 ? " row" : " rows") << " in "
            << client::human_time(view.elapsed) << '\n';
}

}  // namespace

ExitCode run_command(const QueryOptions& options) {
  auto api = open_api(options.connection);
  if (!api) return report(api.error(), options.connection);
  const auto view = ask(*api, options);
  if (!view) return report(view.error(), options.connection);
  print(*view, options.format);
  if (view->truncated) std::cerr << "adit: there are more rows; --limit N shows more.\n";
  std::cout.flush();
  return std::cout ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace adit
