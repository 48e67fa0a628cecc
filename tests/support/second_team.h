// SecondTeam: another team of an installation, as no route can make one.
#pragma once

#include <filesystem>
#include <string>

namespace adit::test {

/// What stands in the catalog of a second team.
struct SecondTeam {
  std::string domain;
  std::string pool;  ///< id
  std::string key;   ///< of its administrator
};

/// Writes a team with a user, a key and a pool into the catalog of `data`, whose server must not run. Throws
/// std::runtime_error.
SecondTeam add_second_team(const std::filesystem::path& data, const std::string& domain);

}  // namespace adit::test
