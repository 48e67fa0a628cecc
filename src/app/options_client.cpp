// The options of the commands that talk to a running server.
#include <algorithm>
#include <cctype>

#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"

namespace adit {
namespace {

constexpr const char* kNoDefault = "";

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  return text;
}

auto word_of(std::vector<std::string> words) {
  return [words = std::move(words)](std::string_view text) -> Result<std::string> {
    const std::string word = upper(std::string(text));
    std::string known;
    for (const auto& candidate : words) {
      if (candidate == word) return word;
      known += (known.empty() ? "" : " or ") + candidate;
    }
    return invalid("`" + std::string(text) + "` is not " + known);
  };
}

// What the shell makes hard to type may be written as an escape.
Result<std::string> parse_sequence(std::string_view text) {
  if (text == "\\t" || upper(std::string(text)) == "TAB") return std::string("\t");
  if (text.empty()) return invalid("it is empty; leave the option out to have it detected");
  return std::string(text);
}

void define_connection(CLI::App& app, ConnectionOptions& options) {
  add_text(app,
           {"--url", "URL", kNoDefault, "Address of the server; without it, the one that runs on --data"},
           Scope::kSetting, [&options](std::string text) { options.url = std::move(text); });
  add_text(app,
           {"--key", "KEY", kNoDefault, "Key to use; without it, admin.key in --data (only without --url)"},
           Scope::kSetting, [&options](std::string text) { options.key = std::move(text); });
  add_text(app, {"--data", "DIR", options.data.string(), "Data folder of a server on this machine"},
           Scope::kSetting, [&options](std::string text) { options.data = std::move(text); });
  add_switch(app, {"--insecure", "", "", "Take any certificate, as of a server with a self-signed one"},
             Scope::kSetting, options.insecure);
}

void define_pool_choice(CLI::App& app, std::string& pool) {
  add_text(app, {"--pool", "NAME|ID", kNoDefault, "The pool"}, Scope::kFlagOnly, [&pool](std::string text) {
    pool = std::move(text);
  })->required();
}

void define_json(CLI::App& app, bool& json) {
  add_switch(app, {"--json", "", "", "Print the result as JSON"}, Scope::kFlagOnly, json);
}

}  // namespace

CLI::App* define_push(CLI::App& root, PushOptions& options) {
  CLI::App* app = root.add_subcommand("push", "Push Parquet or CSV files into a table, as one job");
  app->add_option_function<std::vector<std::string>>(
         "FILE",
         [&options](const std::vector<std::string>& files) {
           options.files.assign(files.begin(), files.end());
         },
         "Files of one type; each becomes a chunk, in this order")
      ->required()
      ->check(CLI::ExistingFile)
      ->type_name("");
  define_pool_choice(*app, options.pool);
  add_text(*app, {"--table", "NAME", kNoDefault, "The table to push into"}, Scope::kFlagOnly,
           [&options](std::string text) { options.table = std::move(text); })
      ->required();
  add_value(*app,
            {"--type", "REPLACE|DELTA", kNoDefault,
             "REPLACE: the table holds exactly these rows afterwards. DELTA: they are added, or with --keys "
             "upserted"},
            Scope::kFlagOnly, options.type, word_of({"REPLACE", "DELTA"}))
      ->required();
  add_text(*app,
           {"--keys", "A,B", kNoDefault, "Key columns: a later row replaces an earlier one of the same key"},
           Scope::kFlagOnly, [&options](const std::string& text) { options.keys = split_list(text); });
  add_value(*app,
            {"--format", "PARQUET|CSV", kNoDefault, "Type of the files; without it, by .parquet or .csv"},
            Scope::kFlagOnly, options.format, word_of({"PARQUET", "CSV"}));
  add_value(*app,
            {"--separator", "TEXT", kNoDefault, "CSV: between two fields (\\t is a tab); detected otherwise"},
            Scope::kFlagOnly, options.separator, parse_sequence);
  add_value(*app, {"--quote", "TEXT", kNoDefault, "CSV: around a field; detected otherwise"},
            Scope::kFlagOnly, options.quote, parse_sequence);
  add_value(*app, {"--escape", "TEXT", kNoDefault, "CSV: before a quote within a field; detected otherwise"},
            Scope::kFlagOnly, options.escape, parse_sequence);
  add_switch(*app, {"--create-pool", "", "", "Create the pool if there is none of that name"},
             Scope::kFlagOnly, options.create_pool);
  define_json(*app, options.json);
  add_switch(*app, {"-q,--quiet", "", "", "Print errors only"}, Scope::kFlagOnly, options.quiet);
  define_connection(*app, options.connection);
  app->footer(
      "Waits for the job to end: 0 it is DONE, 4 it ended in ERROR, 5 it was canceled. Ctrl-C cancels it "
      "(130).\n\n"
      "Examples:\n"
      "  adit push orders.parquet --pool Sales --table ORDERS --type REPLACE --create-pool\n"
      "  adit push monday.csv tuesday.csv --pool Sales --table ORDERS --type DELTA --keys ORDER_ID\n"
      "  adit push log.csv --pool Sales --table LOG --type DELTA --separator ';' --url https://adit.example "
      "--key …");
  return app;
}

CLI::App* define_query(CLI::App& root, QueryOptions& options) {
  CLI::App* app = root.add_subcommand("query", "Read the tables of a pool with SQL");
  add_text(*app, {"SQL", "", kNoDefault, "One SELECT; - reads it from standard input"}, Scope::kFlagOnly,
           [&options](std::string text) { options.sql = std::move(text); })
      ->required();
  define_pool_choice(*app, options.pool);
  add_value(*app, {"--limit", "N", std::to_string(options.limit), "Rows to return at most"}, Scope::kFlagOnly,
            options.limit, [](std::string_view text) { return parse_count(text, 1); });
  add_value(*app, {"--timeout-ms", "MS", std::to_string(options.timeout.count()), "Time the query may take"},
            Scope::kFlagOnly, options.timeout,
            [](std::string_view text) { return parse_count(text, 1, 86'400'000); });
  add_value(*app, {"--format", "table|csv|json", "table", "How to print the rows"}, Scope::kFlagOnly,
            options.format, [](std::string_view text) -> Result<TableFormat> {
              if (text == "table") return TableFormat::kTable;
              if (text == "csv") return TableFormat::kCsv;
              if (text == "json") return TableFormat::kJson;
              return invalid("`" + std::string(text) + "` is none of table, csv, json");
            });
  define_connection(*app, options.connection);
  app->footer(
      "Examples:\n"
      "  adit query --pool Sales 'SELECT count(*) FROM ORDERS'\n"
      "  adit query --pool Sales --format csv --limit 1000000 - < report.sql > report.csv");
  return app;
}

PoolCommands define_pool(CLI::App& root, PoolListOptions& list, PoolCreateOptions& create) {
  CLI::App* app = root.add_subcommand("pool", "List and create data pools");
  app->require_subcommand(1);
  app->footer("Examples:\n  adit pool list\n  adit pool create Sales --description 'Orders and invoices'");

  PoolCommands commands;
  commands.list = app->add_subcommand("list", "List the pools");
  define_json(*commands.list, list.json);
  define_connection(*commands.list, list.connection);
  commands.list->footer("Example:\n  adit pool list --json");

  commands.create = app->add_subcommand("create", "Create a pool");
  add_text(*commands.create, {"NAME", "", kNoDefault, "Name of the pool"}, Scope::kFlagOnly,
           [&create](std::string text) { create.name = std::move(text); })
      ->required();
  add_text(*commands.create, {"--description", "TEXT", kNoDefault, "What it is for"}, Scope::kFlagOnly,
           [&create](std::string text) { create.description = std::move(text); });
  define_json(*commands.create, create.json);
  define_connection(*commands.create, create.connection);
  commands.create->footer("Example:\n  adit pool create Sales --description 'Orders and invoices'");
  return commands;
}

KeyCommands define_key(CLI::App& root, KeyCreateOptions& create, KeyListOptions& list,
                       KeyDeleteOptions& remove) {
  CLI::App* app =
      root.add_subcommand("key", "Create, list and delete keys, also while the server is stopped");
  app->require_subcommand(1);
  app->footer(
      "Examples:\n  adit key create nightly-load --application\n  adit key list\n  adit key delete ID");

  KeyCommands commands;
  commands.create = app->add_subcommand("create", "Create a key and print it; it is not shown again");
  add_text(*commands.create, {"NAME", "", kNoDefault, "What the key is for"}, Scope::kFlagOnly,
           [&create](std::string text) { create.name = std::move(text); })
      ->required();
  add_switch(*commands.create,
             {"--application", "", "", "An application key (AppKey), not a user's (Bearer)"},
             Scope::kFlagOnly, create.application);
  define_json(*commands.create, create.json);
  define_connection(*commands.create, create.connection);
  commands.create->footer("Example:\n  adit key create nightly-load --application");

  commands.list = app->add_subcommand("list", "List the keys; the keys themselves are not kept");
  define_json(*commands.list, list.json);
  define_connection(*commands.list, list.connection);
  commands.list->footer("Example:\n  adit key list --data /var/lib/adit");

  commands.remove = app->add_subcommand("delete", "Delete a key; it stops working at once");
  add_text(*commands.remove, {"ID", "", kNoDefault, "Id of the key, as in the list"}, Scope::kFlagOnly,
           [&remove](std::string text) { remove.id = std::move(text); })
      ->required();
  define_connection(*commands.remove, remove.connection);
  commands.remove->footer("Example:\n  adit key delete 4f9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10");
  return commands;
}

}  // namespace adit
