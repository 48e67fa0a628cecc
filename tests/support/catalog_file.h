// Statements on the catalog of a data folder, as no route runs them.
#pragma once

#include <filesystem>
#include <string>

namespace adit::test {

/// Runs SQL on catalog.db. The file belongs to the server while it runs: stop it before. Throws
/// std::runtime_error.
void change_catalog(const std::filesystem::path& data, const std::string& sql);

}  // namespace adit::test
