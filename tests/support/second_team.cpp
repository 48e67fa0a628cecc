#include "support/second_team.h"

#include "support/catalog_file.h"
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
      "'); INSERT INTO users (id, team_id, name, email, role) VALUES ('" + user + "', '" + team +
      "', 'Bob', 'bob@example.org', 'ADMIN'); INSERT INTO api_keys (id, team_id, owner_kind, owner_id, "
      "creator_id, "
      "name, secret_digest, created) VALUES ('" +
      key + "', '" + team + "', 'USER', '" + user + "', '" + user + "', 'second', '" + sha256_hex(secret) +
      "', 0); INSERT INTO pools (id, team_id, name, description, creator_id, created) VALUES ('" + pool +
      "', '" + team + "', 'Theirs', '', '" + user + "', 0);";
  change_catalog(data, sql);
  return {domain, pool, base64(key + ":" + secret)};
}

}  // namespace adit::test
