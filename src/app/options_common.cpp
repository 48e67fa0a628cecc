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

void define_pool_choice(CLI::App& app, std::string& pool) {
  add_text(app, {"--pool", "NAME|ID", "", "The pool"}, Scope::kFlagOnly, [&pool](std::string text) {
    pool = std::move(text);
  })->required();
}

void define_json(CLI::App& app, bool& json) {
  add_switch(app, {"--json", "", "", "Print the result as JSON"}, Scope::kFlagOnly, json);
}

void define_word(CLI::App& app, const std::string& name, const std::string& help, std::string& target) {
  add_text(app, {name, "", "", help}, Scope::kFlagOnly, [&target](std::string text) {
    target = std::move(text);
  })->required();
}

}  // namespace adit
