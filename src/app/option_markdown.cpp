#include "app/option_markdown.h"

#include <sstream>

#include "app/option_binding.h"
#include "app/option_values.h"

namespace adit {
namespace {

// A bar would end the cell of a table.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == '|') escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

std::string default_of(const CLI::Option& option) {
  const auto& text = option.get_default_str();
  const bool flag = option.get_items_expected_max() == 0;
  if (text.empty() || (flag && text == "false")) return {};
  // The one default that is the machine's own.
  if (text == size_text(half_of_memory())) return "half of the machine's";
  return "`" + text + "`";
}

std::string call_of(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  std::string call = option.get_name(false, true);
  if (!option.get_type_name().empty() && option.get_type_size() != 0) call += " " + option.get_type_name();
  return call;
}

void write_options(std::ostream& out, const CLI::App& app) {
  out << "| option | default | variable | |\n|---|---|---|---|\n";
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    const auto& variable = option->get_envname();
    out << "| `" << cell(call_of(*option)) << "` | " << cell(default_of(*option)) << " | "
        << (variable.empty() ? "" : "`" + variable + "`") << " | " << cell(option->get_description())
        << (option->get_required() ? " **(required)**" : "") << " |\n";
  }
}

/// Paragraphs as they are, lists of examples and codes as blocks.
void write_footer(std::ostream& out, const std::string& footer) {
  std::istringstream lines(footer);
  bool block = false;
  for (std::string line; std::getline(lines, line);) {
    const bool indented = line.starts_with("  ");
    if (indented && !block) out << "\n```sh\n";
    if (!indented && block) out << "```\n";
    block = indented;
    out << (indented ? line.substr(2) : line) << '\n';
  }
  if (block) out << "```\n";
}

void write_command(std::ostream& out, const CLI::App& app, const std::string& name) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  out << "\n## " << name << "\n\n" << app.get_description() << ".\n\n";
  if (commands.empty()) {
    write_options(out, app);
    out << '\n';
    write_footer(out, app.get_footer());
  }
  for (const auto* command : commands) write_command(out, *command, name + " " + command->get_name());
}

constexpr std::string_view kSettingsHead =
    R"(# Configuration

Made by `adit --settings-markdown`; a test compares it. These are the settings of `adit serve`; the other commands have
flags and a few variables, which stand in [CLI.md](CLI.md).

A setting can be given in three places. The first that has it wins:

1. the flag: `--workers 16`;
2. the variable: `ADIT_WORKERS=16`;
3. the file that `--config FILE` or `ADIT_CONFIG` names, in TOML without sections: `workers = 16`.

`adit serve --print-config` prints all settings with their present values as such a file, those at their default as
comments. A setting is read at the start only; the files of a certificate are read again on SIGHUP. A flag, a variable
beginning with `ADIT_` or a key of the file that does not exist is an error, and so is a value that can't be read: the
server says which, and ends with 2.

| type | how it is written |
|---|---|
| `SIZE` | bytes, or with a unit: `512MiB`, `2GiB` (powers of 1024), `500MB` (of 1000) |
| `MS`, `HOURS`, `N` | a whole number |
| `HOST:PORT` | `127.0.0.1:8080`, `[::1]:8080`; port 0 takes any free one and writes it to `listen.json` in the data folder |
| `A,B` | a list, in the file too: `tls-name = "adit.example,10.0.0.5"` |
| a switch | without a value as a flag; `true` or `false` in a variable or the file |
)";

}  // namespace

std::string settings_markdown(CLI::App& serve) {
  std::ostringstream out;
  out << kSettingsHead << "\n| flag | variable | key | default | what it does |\n|---|---|---|---|---|\n";
  for (const auto& [key, option] : file_settings(serve)) {
    const auto standard = option->get_default_str() == "false" ? "`false`" : default_of(*option);
    out << "| `" << cell(call_of(*option)) << "` | `" << option->get_envname() << "` | `" << key << "` | "
        << cell(standard) << " | " << cell(option->get_description()) << " |\n";
  }
  return out.str();
}

std::string commands_markdown(const CLI::App& root) {
  std::ostringstream out;
  out << "# The command line\n\n"
         "Made by `adit --help-markdown`; a test compares it. `adit COMMAND --help` says the same.\n\n";
  write_footer(out, root.get_footer());
  for (const auto* command : root.get_subcommands([](const CLI::App*) { return true; })) {
    write_command(out, *command, "adit " + command->get_name());
  }
  return out.str();
}

}  // namespace adit
