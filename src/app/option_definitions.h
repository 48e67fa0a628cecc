// The options of each command, defined once.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/options.h"

namespace adit {

/// What serve's options are beside its settings.
struct ServeFlags {
  std::string config;
  bool print_config = false;
};

/// The commands of the program, and where the options of each are kept.
class CommandBook {
 public:
  /// The options of the command `app`, at an address that stays.
  template <class Options>
  Options& add(CLI::App* app) {
    auto options = std::make_shared<Options>();
    entries_.emplace_back(app, [options] { return Command(*options); });
    return *options;
  }

  /// The one that was called; undefined before a successful parse.
  Command called() const {
    for (const auto& [app, options] : entries_) {
      if (app->parsed()) return options();
    }
    return ServeOptions{};
  }

 private:
  std::vector<std::pair<CLI::App*, std::function<Command()>>> entries_;
};

/// Each adds its command, or the group of them, to `root`.
CLI::App* define_serve(CLI::App& root, ServeOptions& options, ServeFlags& flags);
void define_push(CLI::App& root, CommandBook& book);
void define_query(CLI::App& root, CommandBook& book);
void define_pool(CLI::App& root, CommandBook& book);
void define_table(CLI::App& root, CommandBook& book);
void define_job(CLI::App& root, CommandBook& book);
void define_key(CLI::App& root, CommandBook& book);
void define_user(CLI::App& root, CommandBook& book);
void define_app(CLI::App& root, CommandBook& book);
void define_client(CLI::App& root, CommandBook& book);
void define_group(CLI::App& root, CommandBook& book);
void define_grant(CLI::App& root, CommandBook& book);
void define_team(CLI::App& root, CommandBook& book);
void define_audit(CLI::App& root, CommandBook& book);
void define_backup(CLI::App& root, CommandBook& book);
void define_restore(CLI::App& root, CommandBook& book);
void define_doctor(CLI::App& root, CommandBook& book);

/// Where serve is reached: addresses, certificate, proxies.
void define_network(CLI::App& app, ServeOptions& options);

/// What several commands have in common.
void define_connection(CLI::App& app, ConnectionOptions& options);
/// The same and `--team`, for commands that also work on the folder of a stopped server.
void define_access_connection(CLI::App& app, ConnectionOptions& options);
void define_pool_choice(CLI::App& app, std::string& pool);
/// `help` says what is meant without it.
void define_connection_choice(CLI::App& app, const std::string& help,
                              std::optional<std::string>& data_connection);
void define_json(CLI::App& app, bool& json);
void define_yes(CLI::App& app, bool& yes);
void define_output(CLI::App& app, std::optional<std::string>& output);
/// The one of `words` that is told, as its value.
void define_format(CLI::App& app, const std::vector<std::pair<std::string, RowFormat>>& words,
                   RowFormat& format);
/// A required word.
void define_word(CLI::App& app, const std::string& name, const std::string& help, std::string& target);

}  // namespace adit
