// The options of each command, defined once.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/options.h"

namespace adit {

/// What serve's options are beside its settings.
struct ServeFlags {
  std::string config;
  bool print_config = false;
};

/// Adds the command to `root`. The targets receive the values and must outlive the parsing.
CLI::App* define_serve(CLI::App& root, ServeOptions& options, ServeFlags& flags);
CLI::App* define_push(CLI::App& root, PushOptions& options);
CLI::App* define_query(CLI::App& root, QueryOptions& options);

/// The commands below `adit pool`.
struct PoolCommands {
  CLI::App* list = nullptr;
  CLI::App* create = nullptr;
};
PoolCommands define_pool(CLI::App& root, PoolListOptions& list, PoolCreateOptions& create);

/// The commands below `adit key`.
struct KeyCommands {
  CLI::App* create = nullptr;
  CLI::App* list = nullptr;
  CLI::App* remove = nullptr;
};
KeyCommands define_key(CLI::App& root, KeyCreateOptions& create, KeyListOptions& list,
                       KeyDeleteOptions& remove);

}  // namespace adit
