// `adit query`.
#include <iostream>
#include <iterator>
#include <utility>

#include "app/command_support.h"
#include "app/commands.h"
#include "app/output.h"
#include "client/human.h"
#include "client/text_table.h"

namespace adit {
namespace {

constexpr std::uint64_t kRowsShown = 1000;

Result<client::QueryRequest> request_of(const QueryOptions& options) {
  std::string sql = options.sql;
  if (sql == "-") sql.assign(std::istreambuf_iterator<char>(std::cin), {});
  return client::QueryRequest{std::move(sql), options.limit, options.timeout};
}

/// JSON and tables are held until they are whole.
Result<void> print(client::AditApi& api, const std::string& pool, client::QueryRequest request,
                   const QueryOptions& options, Output& output) {
  if (!request.limit) request.limit = kRowsShown;
  ADIT_TRY(const auto view, api.query(pool, request));
  if (view.truncated) std::cerr << "adit: there are more rows; --limit N shows more.\n";
  if (options.format == RowFormat::kJson) return output.write(view.body + "\n");
  const auto rows = view.table.rows.size();
  return output.write(client::render_table(view.table) + "\n" + client::human_count(rows) +
                      (rows == 1 ? " row" : " rows") + " in " + client::human_time(view.elapsed) + "\n");
}

Result<void> run(const QueryOptions& options) {
  ADIT_TRY(auto access, open_pool(options.connection, options.pool));
  ADIT_TRY(auto request, request_of(options));
  ADIT_TRY(auto output, Output::open(options.output, options.format));
  if (options.format == RowFormat::kTable || options.format == RowFormat::kJson) {
    ADIT_CHECK(print(access.api, access.pool, std::move(request), options, output));
  } else {
    ADIT_CHECK(access.api.download_query(access.pool, request, media_type_of(options.format),
                                         [&output](std::string_view bytes) { return output.write(bytes); }));
  }
  return output.finish();
}

}  // namespace

ExitCode run_command(const QueryOptions& options) {
  const auto done = run(options);
  return done ? ExitCode::kOk : report(done.error(), options.connection);
}

}  // namespace adit
