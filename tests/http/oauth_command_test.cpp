// `adit client`, on a running server and on a stopped one.
#include "support/command_line.h"
#include "support/oauth.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class OauthCommand : public ServerTest {
 protected:
  CommandEnd good(const std::vector<std::string>& arguments) {
    auto end = call(server(), arguments);
    EXPECT_EQ(end.status, ExitStatus::exited(0)) << arguments[1] << ": " << end.err;
    return end;
  }
  std::string id_of(const std::string& name) {
    const auto shown = json::parse(good({"client", "show", name, "--json"}).out);
    return std::string(shown.at("id").as_string());
  }
  int ask(const OauthClientData& client) {
    auto http = server().http();
    return post_form(http, "/oauth2/token", {{"grant_type", "client_credentials"}}, client.basic()).status;
  }
  static std::string line(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }
};

TEST_F(OauthCommand, MakesAClientThatGetsTokensUntilItIsDeleted) {
  const auto made = good({"client", "create", "loader", "--scopes", "integration.data-pools"});
  OauthClientData client{id_of("loader"), line(made.out), ""};
  EXPECT_NE(made.err.find(client.id), std::string::npos);
  EXPECT_EQ(ask(client), 200);
  EXPECT_NE(good({"client", "list"}).out.find("loader"), std::string::npos);
  good({"client", "change", "loader", "--disable"});
  EXPECT_EQ(ask(client), 401);
  good({"client", "change", "loader", "--enable"});
  const auto before = client.secret;
  client.secret = line(good({"client", "secret", "loader", "--overlap-hours", "0"}).out);
  EXPECT_NE(client.secret, before);
  EXPECT_EQ(ask(client), 200);
  good({"client", "revoke", "loader"});
  good({"client", "delete", "loader"});
  EXPECT_EQ(ask(client), 401);
  EXPECT_NE(call(server(), {"client", "show", "loader"}).status, ExitStatus::exited(0));
}

TEST_F(OauthCommand, WorksWhileTheServerIsStopped) {
  server().terminate();
  const auto made = good({"client", "create", "offline", "--scopes", "integration.data-pools"});
  const OauthClientData client{id_of("offline"), line(made.out), ""};
  server().start();
  EXPECT_EQ(ask(client), 200);
  const auto refused = call(server(), {"client", "create", "desktop", "--public", "--scopes", "nonsense"});
  EXPECT_EQ(refused.status, ExitStatus::exited(1));
  EXPECT_NE(refused.err.find("nonsense"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace adit::test
