#include "support/second_team.h"

#include <sqlite3.h>

#include <stdexcept>

#include "support/test_data.h"

namespace adit::test {

SecondTeam add_second_team(const std::filesystem::path& data, const std::string& domain) {
  const std::string team = "11111111-2222-4333-8444-000000000001";
  const std::string user = "11111111-2222-4333-8444-000000000002";
  const std::string key = "11111111-2222-4333-8444-000000000003";
  const std::string pool = "11111111-2222-4333-8444-000000000004";
  const std::string secret = base64(std::string(32, 's'));
  const auto sql =
      "INSERT INTO teams (id, name, domain) VALUES ('" + team + "', 'Second', '" + domain +
      "'); INSERT INTO users (id, team_id, name, email, administrator) VALUES ('" + user + "', '" + team +
      "', 'Bob', 'bob@example.org', 1); INSERT INTO api_keys (id, team_id, owner_id, kind, name, "
      "secret_digest, created) VALUES ('" +
      key + "', '" + team + "', '" + user + "', 'USER', 'second', '" + sha256_hex(secret) +
      "', 0); INSERT INTO pools (id, team_id, name, description, creator_id, created) VALUES ('" + pool +
      "', '" + team + "', 'Theirs', '', '" + user + "', 0);";
  sqlite3* database = nullptr;
  char* message = nullptr;
  auto code = ::sqlite3_open_v2((data / "catalog.db").c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
  if (code == SQLITE_OK) code = ::sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message);
  const std::string error = message != nullptr ? message : "the catalog can't be opened";
  ::sqlite3_free(message);
  ::sqlite3_close(database);
  if (code != SQLITE_OK) throw std::runtime_error("second team: " + error);
  return {domain, pool, base64(key + ":" + secret)};
}

}  // namespace adit::test
