#include "app/option_markdown.h"

#include <sstream>

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
  if (text.empty() || text == "false") return {};
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

}  // namespace

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
