// Options that several commands have in common.
#include "app/option_binding.h"
#include "app/option_definitions.h"

namespace adit {

void define_connection(CLI::App& app, ConnectionOptions& options) {
  add_text(app, {"--url", "URL", "", "Address of the server; without it, the one that runs on --data"},
           Scope::kSetting, [&options](std::string text) { options.url = std::move(text); });
  add_text(app, {"--key", "KEY", "", "Key to use; without it, admin.key in --data (only without --url)"},
           Scope::kSetting, [&options](std::string text) { options.key = std::move(text); });
  add_text(app, {"--data", "DIR", options.data.string(), "Data folder of a server on this machine"},
           Scope::kSetting, [&options](std::string text) { options.data = std::move(text); });
  add_switch(app, {"--insecure", "", "", "Take any certificate, as of a server with a self-signed one"},
             Scope::kSetting, options.insecure);
}

void define_access_connection(CLI::App& app, ConnectionOptions& options) {
  define_connection(app, options);
  add_text(app,
           {"--team", "DOMAIN|ID", "",
            "The team, while the server is stopped; without it, the first. A running server goes by the key"},
           Scope::kFlagOnly, [&options](std::string text) { options.team = std::move(text); });
}

void define_pool_choice(CLI::App& app, std::string& pool) {
  add_text(app, {"--pool", "NAME|ID", "", "The pool"}, Scope::kFlagOnly, [&pool](std::string text) {
    pool = std::move(text);
  })->required();
}

void define_connection_choice(CLI::App& app, const std::string& help,
                              std::optional<std::string>& data_connection) {
  add_text(app, {"--connection", "NAME|ID", "", help}, Scope::kFlagOnly,
           [&data_connection](std::string text) { data_connection = std::move(text); });
}

void define_json(CLI::App& app, bool& json) {
  add_switch(app, {"--json", "", "", "Print the result as JSON"}, Scope::kFlagOnly, json);
}

void define_yes(CLI::App& app, bool& yes) {
  add_switch(app, {"-y,--yes", "", "", "Do it without asking"}, Scope::kFlagOnly, yes);
}

void define_output(CLI::App& app, std::optional<std::string>& output) {
  add_text(app, {"-o,--output", "FILE", "", "Write to this file, which is there only once it is whole"},
           Scope::kFlagOnly, [&output](std::string text) { output = std::move(text); });
}

void define_format(CLI::App& app, const std::vector<std::pair<std::string, RowFormat>>& words,
                   RowFormat& format) {
  std::string type;
  std::string standard;
  for (const auto& [word, value] : words) {
    type += (type.empty() ? "" : "|") + word;
    if (value == format) standard = word;
  }
  add_value(app, {"--format", type, standard, "How to write the rows"}, Scope::kFlagOnly, format,
            [words, type](std::string_view text) -> Result<RowFormat> {
              for (const auto& [word, value] : words) {
                if (word == text) return value;
              }
              return invalid("`" + std::string(text) + "` is none of " + type);
            });
}

void define_word(CLI::App& app, const std::string& name, const std::string& help, std::string& target) {
  add_text(app, {name, "", "", help}, Scope::kFlagOnly, [&target](std::string text) {
    target = std::move(text);
  })->required();
}

}  // namespace adit
