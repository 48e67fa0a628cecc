// `adit audit`.
#include <iostream>
#include <utility>

#include "app/command_support.h"
#include "app/commands.h"
#include "app/output.h"
#include "client/text_table.h"

namespace adit {
namespace {

using Align = client::TextTable::Align;

client::AuditFilter filter_of(const AuditChoice& choice) {
  return {choice.from, choice.to, choice.principal, choice.operation, choice.object, choice.outcome};
}

std::string object_of(const client::AuditView& entry) {
  if (entry.pool.empty() || entry.object.empty()) return entry.pool + entry.object;
  return entry.pool + "/" + entry.object;
}

Result<void> write_log(const AuditExportOptions& options) {
  ADIT_TRY(auto api, open_api(options.connection));
  ADIT_TRY(auto output, Output::open(options.output, options.format));
  ADIT_CHECK(api.download_audit(filter_of(options.choice), media_type_of(options.format),
                                [&output](std::string_view bytes) { return output.write(bytes); }));
  return output.finish();
}

}  // namespace

ExitCode run_command(const AuditListOptions& options) {
  auto api = open_api(options.connection);
  if (!api) return report(api.error(), options.connection);
  const auto page = api->audit(filter_of(options.choice), options.limit);
  if (!page) return report(page.error(), options.connection);
  if (options.json) {
    std::cout << page->body << '\n';
    return ExitCode::kOk;
  }
  client::TextTable text{
      {{"TIME"}, {"WHO"}, {"FROM"}, {"OPERATION"}, {"OBJECT"}, {"STATUS", Align::kRight}, {"OUTCOME"}}, {}};
  for (const auto& entry : page->entries) {
    text.rows.push_back({time_text(entry.at_ms), entry.who.empty() ? "-" : entry.who, entry.peer,
                         entry.operation, object_of(entry), std::to_string(entry.status), entry.outcome});
  }
  std::cout << client::render_table(text);
  return ExitCode::kOk;
}

ExitCode run_command(const AuditExportOptions& options) {
  const auto written = write_log(options);
  return written ? ExitCode::kOk : report(written.error(), options.connection);
}

}  // namespace adit
