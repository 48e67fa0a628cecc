// The options as pages of Markdown: docs/CLI.md, made with `adit --help-markdown`, and docs/CONFIGURATION.md,
// made with `adit --settings-markdown`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace adit {

/// Every command below `root` with its options, defaults, variables and examples, as its help has them. The
/// same on every machine.
std::string commands_markdown(const CLI::App& root);

/// Every setting of `serve` with its flag, variable, key in the configuration file and default. The same on
/// every machine.
std::string settings_markdown(CLI::App& serve);

}  // namespace adit
