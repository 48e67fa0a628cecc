// One definition per option: its flag, its variable, its key in the configuration file, its default and its
// help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace adit {

/// The variable of a flag: `--tls-listen` is ADIT_TLS_LISTEN.
std::string environment_name(std::string_view flag);

/// Where an option may be set besides the command line.
enum class Scope {
  kFlagOnly,
  kSetting,  ///< also by its variable and, where the command takes one, in the configuration file
};

/// What an option is called and how it is shown.
struct OptionText {
  std::string flags;     ///< as CLI11 has it: `--pool`, `-o,--output`, or a bare word for a positional
  std::string type;      ///< shown in the help: HOST:PORT, SIZE, MS
  std::string standard;  ///< default as a user would write it; empty shows none
  std::string help;
};

/// Adds an option whose one value `read` turns into a T. The last value wins where it is given twice.
template <class T, class Read>
CLI::Option* add_value(CLI::App& app, const OptionText& text, Scope scope, T& target, const Read& read) {
  auto store = [&target, read, name = text.flags](const CLI::results_t& values) {
    auto value = read(std::string_view(values.front()));
    if (!value) throw CLI::ValidationError(name, value.error().public_message);
    target = T(*std::move(value));
    return true;
  };
  CLI::Option* option = app.add_option(text.flags, std::move(store), text.help);
  option->type_name(text.type)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  if (!text.standard.empty()) option->default_str(text.standard);
  if (scope == Scope::kSetting) option->envname(environment_name(text.flags));
  return option;
}

/// Adds an option that keeps its text as it is.
CLI::Option* add_text(CLI::App& app, const OptionText& text, Scope scope,
                      std::function<void(std::string)> store);

/// Adds a switch. A variable or the file sets it with true or false.
CLI::Option* add_switch(CLI::App& app, const OptionText& text, Scope scope, bool& target);

/// How help shows options: `--listen HOST:PORT`, and behind the text the default and the variable.
std::shared_ptr<CLI::Formatter> help_format();

/// Every variable that some option of `app` or of its commands reads.
std::vector<std::string> known_variables(const CLI::App& app);

/// The options of `app` that its configuration file may set, by key.
std::vector<std::pair<std::string, CLI::Option*>> file_settings(CLI::App& app);

/// Sets from a TOML file what neither the command line nor the environment has set. An unknown key or a
/// section throws CLI::ConfigError.
void apply_file(CLI::App& app, const std::string& path);

/// All settings of `app` with their present values, as a configuration file; those at their default are
/// comments.
std::string settings_text(CLI::App& app);

}  // namespace adit
