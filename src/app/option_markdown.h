// The commands and their options as a page of Markdown: docs/CLI.md, made with `adit --help-markdown`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace adit {

/// Every command below `root` with its options, defaults, variables and examples, as its help has them. The
/// same on every machine.
std::string commands_markdown(const CLI::App& root);

}  // namespace adit
