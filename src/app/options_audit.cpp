// The options of `adit audit`.
#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"

namespace adit {
namespace {

void define_choice(CLI::App& app, AuditChoice& choice) {
  const auto add = [&app](const char* flag, const char* type, const char* help, std::string& target) {
    add_text(app, {flag, type, "", help}, Scope::kFlagOnly,
             [&target](std::string text) { target = std::move(text); });
  };
  add("--from", "TIME", "Not before this time: ISO 8601, or milliseconds since 1970", choice.from);
  add("--to", "TIME", "Before this time", choice.to);
  add("--principal", "NAME|ID", "Who did it: a user or an application", choice.principal);
  add("--operation", "NAME", "What was done, as the API reference names it: createPool", choice.operation);
  add("--object", "ID|NAME", "On what: the id of a pool, job, key or user, or a table's name", choice.object);
  add("--outcome", "OUTCOME", "What came of it: SUCCESS, REFUSED or FAILED", choice.outcome);
}

}  // namespace

void define_audit(CLI::App& root, CommandBook& book) {
  CLI::App* group = root.add_subcommand("audit", "List and export the audit log");
  group->require_subcommand(1);
  group->footer("Examples:\n  adit audit list --outcome REFUSED\n  adit audit export -o audit.csv");

  CLI::App* app = group->add_subcommand("list", "List the latest entries");
  auto& list = book.add<AuditListOptions>(app);
  define_choice(*app, list.choice);
  add_value(*app, {"--limit", "N", std::to_string(list.limit), "Entries at most, from 1 to 1,000"},
            Scope::kFlagOnly, list.limit, [](std::string_view text) { return parse_count(text, 1, 1'000); });
  define_json(*app, list.json);
  define_connection(*app, list.connection);
  app->footer("Example:\n  adit audit list --operation deletePool --from 2026-01-01T00:00:00Z");

  app = group->add_subcommand("export", "Write all entries");
  auto& rows = book.add<AuditExportOptions>(app);
  define_choice(*app, rows.choice);
  define_format(*app, {{"csv", RowFormat::kCsv}, {"jsonl", RowFormat::kJsonLines}}, rows.format);
  define_output(*app, rows.output);
  define_connection(*app, rows.connection);
  app->footer("Example:\n  adit audit export --format jsonl -o audit.jsonl");
}

}  // namespace adit
