#include "app/options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_markdown.h"
#include "app/option_values.h"

namespace adit {
namespace {

// For tests that kill the server (main reads it) or engines' processes (serve does); no options.
constexpr std::array<std::string_view, 2> kFailpointVariables{"ADIT_FAILPOINT", "ADIT_ENGINE_FAILPOINT"};

// The options of serve at an address that stays: they are more than CommandBook keeps.
struct ServeTargets {
  ServeOptions options;
  ServeFlags flags;
  CLI::App* app = nullptr;
};

void define_commands(CLI::App& root, ServeTargets& serve, CommandBook& book) {
  root.formatter(help_format());  // before the commands are added: they inherit it
  serve.app = define_serve(root, serve.options, serve.flags);
  define_push(root, book);
  define_query(root, book);
  define_pool(root, book);
  define_table(root, book);
  define_job(root, book);
  define_key(root, book);
  define_user(root, book);
  define_app(root, book);
  define_client(root, book);
  define_group(root, book);
  define_grant(root, book);
  define_team(root, book);
  define_audit(root, book);
  define_backup(root, book);
  define_restore(root, book);
  define_doctor(root, book);
  root.set_version_flag("--version", "adit " ADIT_VERSION, "Print the version, and end");
  root.footer(
      "Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 no server reached, 4 the job ended in ERROR,\n"
      "5 the job was canceled, 6 the data folder is damaged or of a newer version, 130 interrupted.\n\n"
      "Examples:\n"
      "  adit serve --data data\n"
      "  adit push orders.parquet --pool Sales --table ORDERS --type REPLACE --create-pool\n"
      "  adit push 'export/*.csv' --pool Sales --table ORDERS --type DELTA --keys ORDER_ID\n"
      "  adit query --pool Sales 'SELECT count(*) FROM ORDERS'\n"
      "  adit job list --pool Sales --status ERROR\n"
      "  adit table show ORDERS --pool Sales\n"
      "  adit key create nightly-load --application\n\n"
      "More on a command: adit COMMAND --help");
}

// An ADIT_* variable that nothing reads is a mistake that would otherwise stay unnoticed.
Result<void> check_environment(const CLI::App& root) {
  auto known = known_variables(root);
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string name(text.substr(0, text.find('=')));
    if (!name.starts_with("ADIT_") || std::ranges::count(kFailpointVariables, name) > 0 ||
        std::ranges::count(known, name) > 0)
      continue;
    const std::string near = nearest(name, known);
    return invalid("there is no setting " + name + " (in the environment)" +
                   (near.empty() ? "" : "; did you mean " + near + "?"));
  }
  return {};
}

const CLI::App* innermost(const CLI::App& root) {
  const CLI::App* app = &root;
  for (auto parsed = app->get_subcommands(); !parsed.empty(); parsed = app->get_subcommands())
    app = parsed.front();
  return app;
}

std::string full_name(const CLI::App* app) {
  return app->get_parent() == nullptr ? app->get_name()
                                      : full_name(app->get_parent()) + " " + app->get_name();
}

ExitCode usage_error(const CLI::App& root, std::string_view message, std::ostream& err) {
  const std::string name = full_name(innermost(root));
  err << name << ": " << message << "\nMore: " << name << " --help\n";
  return ExitCode::kUsage;
}

// What the first flag that nothing reads was meant to be.
std::string likely_flag(const CLI::App& root) {
  std::vector<std::string> flags;
  for (const auto* option : innermost(root)->get_options()) {
    for (const auto& name : option->get_lnames()) flags.push_back("--" + name);
  }
  for (const auto& word : root.remaining(true)) {
    if (!word.starts_with("--")) continue;
    const std::string near = nearest(word.substr(0, word.find('=')), flags);
    if (!near.empty()) return "; did you mean " + near + "?";
  }
  return {};
}

/// With what the missing option takes and is for, where it is one: `--type REPLACE|DELTA is required. …`.
std::string missing_option(const CLI::App& root, const std::string& message) {
  for (const auto* option : innermost(root)->get_options()) {
    const auto name = option->get_name();
    if (message != name + " is required") continue;
    const auto& value = option->get_type_name();
    return name + (value.empty() ? "" : " " + value) + " is required. " + option->get_description();
  }
  return message;
}

}  // namespace

std::variant<Command, ExitCode> parse_command_line(int argc, const char* const* argv, std::ostream& out,
                                                   std::ostream& err) {
  CLI::App root("adit: a push API for tables, in one binary", "adit");
  ServeTargets serve;
  CommandBook book;
  define_commands(root, serve, book);
  bool markdown = false;
  bool settings = false;
  root.add_flag("--help-markdown", markdown)->group("");      // makes docs/CLI.md
  root.add_flag("--settings-markdown", settings)->group("");  // makes docs/CONFIGURATION.md
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& request) {  // help and version
    root.exit(request, out, err);
    return ExitCode::kOk;
  } catch (const CLI::ExtrasError& error) {
    return usage_error(root, error.what() + likely_flag(root), err);
  } catch (const CLI::RequiredError& error) {
    return usage_error(root, missing_option(root, error.what()), err);
  } catch (const CLI::ParseError& error) {
    return usage_error(root, error.what(), err);
  }
  if (markdown) {
    out << commands_markdown(root);
    return ExitCode::kOk;
  }
  if (settings) {
    out << settings_markdown(*serve.app);
    return ExitCode::kOk;
  }
  if (root.get_subcommands().empty()) {
    err << root.help();
    return ExitCode::kUsage;
  }
  if (const auto checked = check_environment(root); !checked) {
    return usage_error(root, checked.error().public_message, err);
  }
  if (!serve.app->parsed()) return book.called();
  if (serve.flags.print_config) {
    out << settings_text(*serve.app);
    return ExitCode::kOk;
  }
  return Command(std::move(serve.options));
}

}  // namespace adit
