#include "app/option_binding.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "app/option_values.h"

namespace adit {
namespace {

bool is_bare(std::string_view value) {
  return value == "true" || value == "false" ||
         (!value.empty() &&
          std::ranges::all_of(value, [](unsigned char letter) { return std::isdigit(letter); }));
}

std::string toml_value(const std::string& value) {
  if (is_bare(value)) return value;
  std::string quoted = "\"";
  for (const char letter : value) {
    if (letter == '"' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + '"';
}

void wrap_comment(std::ostream& out, const std::string& text) {
  std::istringstream words(text);
  std::string line = "#";
  for (std::string word; words >> word;) {
    if (line.size() + word.size() > 99) {
      out << line << '\n';
      line = "#";
    }
    line += ' ';
    line += word;
  }
  out << line << '\n';
}

// What an option that is not empty was set to, as one text.
std::string given_value(const CLI::Option& option) {
  const auto& given = option.results();
  if (option.get_multi_option_policy() != CLI::MultiOptionPolicy::Join) return given.back();
  std::string joined;
  for (const auto& one : given) joined += (joined.empty() ? "" : ",") + one;
  return joined;
}

class HelpFormat final : public CLI::Formatter {
 public:
  HelpFormat() { column_width(34); }

  std::string make_option_opts(const CLI::Option* option) const override {
    const bool shown =
        !option->get_positional() && !option->get_type_name().empty() && option->get_type_size() != 0;
    return (shown ? " " + option->get_type_name() : "") + (option->get_required() ? " (required)" : "");
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string notes;
    if (option->get_default_str() != "false") notes = option->get_default_str();
    if (!option->get_envname().empty()) notes += (notes.empty() ? "" : "; ") + option->get_envname();
    return option->get_description() + (notes.empty() ? "" : " [" + notes + "]");
  }
};

}  // namespace

std::shared_ptr<CLI::Formatter> help_format() { return std::make_shared<HelpFormat>(); }

std::string environment_name(std::string_view flag) {
  flag.remove_prefix(std::min(flag.find_first_not_of('-'), flag.size()));
  std::string name = "ADIT_";
  for (const char letter : flag) {
    name += letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return name;
}

CLI::Option* add_text(CLI::App& app, const OptionText& text, Scope scope,
                      std::function<void(std::string)> store) {
  auto keep = [store = std::move(store)](const CLI::results_t& values) {
    store(values.front());
    return true;
  };
  CLI::Option* option = app.add_option(text.flags, std::move(keep), text.help);
  option->type_name(text.type)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  if (!text.standard.empty()) option->default_str(text.standard);
  if (scope == Scope::kSetting) option->envname(environment_name(text.flags));
  return option;
}

CLI::Option* add_switch(CLI::App& app, const OptionText& text, Scope scope, bool& target) {
  CLI::Option* option = app.add_flag(text.flags, target, text.help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->default_str("false");
  if (scope == Scope::kSetting) option->envname(environment_name(text.flags));
  return option;
}

std::vector<std::string> known_variables(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    if (!option->get_envname().empty()) names.push_back(option->get_envname());
  }
  for (const auto* command : app.get_subcommands(nullptr)) {
    const auto more = known_variables(*command);
    names.insert(names.end(), more.begin(), more.end());
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

std::vector<std::pair<std::string, CLI::Option*>> file_settings(CLI::App& app) {
  std::vector<std::pair<std::string, CLI::Option*>> settings;
  for (auto* option : app.get_options()) {
    if (option->get_configurable() && !option->get_envname().empty()) {
      settings.emplace_back(option->get_single_name(), option);
    }
  }
  return settings;
}

void apply_file(CLI::App& app, const std::string& path) {
  const auto settings = file_settings(app);
  std::vector<std::string> keys;
  for (const auto& [key, option] : settings) keys.push_back(key);
  for (const auto& item : CLI::ConfigTOML().from_file(path)) {
    if (item.name == "++" || item.name == "--") continue;
    const auto found = std::ranges::find(keys, item.fullname());
    if (found == keys.end()) {
      const std::string near = nearest(item.fullname(), keys);
      throw CLI::ConfigError(path + ": there is no setting `" + item.fullname() + "`" +
                             (near.empty() ? "" : "; did you mean `" + near + "`?"));
    }
    CLI::Option* option = settings[static_cast<std::size_t>(found - keys.begin())].second;
    if (!option->empty()) continue;
    try {
      std::string value;
      for (const auto& input : item.inputs) value += (value.empty() ? "" : ",") + input;
      option->add_result(value);
      option->run_callback();
    } catch (const CLI::ParseError& error) {
      throw CLI::ConfigError(path + ": " + error.what());
    }
  }
}

std::string settings_text(CLI::App& app) {
  std::ostringstream out;
  for (const auto& [key, option] : file_settings(app)) {
    wrap_comment(out, option->get_description());
    out << "# " << option->get_envname() << '\n';
    const std::string value = option->empty() ? option->get_default_str() : given_value(*option);
    out << (option->empty() ? "#" : "") << key << " = " << toml_value(value) << "\n\n";
  }
  return out.str();
}

}  // namespace adit
