// `adit user`, `app`, `group`, `grant`, `key` and `team`, on a running server and on a stopped one.
#include "support/command_line.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

CommandEnd good(const Server& server, const std::vector<std::string>& arguments) {
  auto end = call(server, arguments);
  EXPECT_EQ(end.status, ExitStatus::exited(0)) << arguments[0] << " " << arguments[1] << ": " << end.err;
  return end;
}

std::string line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// From nothing to an application that pushes into one pool, and to a group that reads it.
void set_up(Server& server) {
  good(server, {"user", "create", "ada@example.org", "--name", "Ada", "--role", "ANALYST"});
  good(server, {"group", "create", "readers"});
  good(server, {"group", "add", "readers", "ADA@example.org"});
  good(server, {"grant", "give", "VIEW_DATA_POOL", "--group", "readers", "--pool", "Sales"});
  good(server, {"app", "create", "extractor"});
  good(server, {"grant", "give", "DATA_PUSH_API", "--app", "extractor", "--pool", "Sales"});
  EXPECT_NE(good(server, {"user", "list"}).out.find("ada@example.org"), std::string::npos);
  EXPECT_NE(good(server, {"app", "list"}).out.find("extractor"), std::string::npos);
  EXPECT_NE(good(server, {"group", "list"}).out.find("readers"), std::string::npos);
  const auto grants = good(server, {"grant", "list", "--pool", "Sales"}).out;
  EXPECT_NE(grants.find("DATA_PUSH_API"), std::string::npos);
  EXPECT_NE(grants.find("VIEW_DATA_POOL"), std::string::npos);
}

/// What set_up() made works as it says.
void expect_set_up(Server& server, const std::string& pool, const std::string& app_key,
                   const std::string& user_key) {
  auto http = server.http();
  http.set_authorization("AppKey " + app_key);
  PoolClient pushing(std::move(http), pool);
  const auto job = pushing.create_job(csv_job("REPLACE", "t"));
  pushing.upload(job, "id\n7\n");
  pushing.execute(job);
  EXPECT_EQ(pushing.wait(job).at("status"), "DONE");
  EXPECT_EQ(pushing.try_query("SELECT id FROM t").status, 403);
  PoolClient reading(Http(server.address(), user_key), pool);
  EXPECT_EQ(reading.value("SELECT id FROM t"), "7");
  EXPECT_EQ(reading.try_create(csv_job("REPLACE", "t")).status, 403);
}

TEST(CliAccess, SetsUpAnInstallationThatRuns) {
  Server server;
  server.start();
  const auto pool = line(good(server, {"pool", "create", "Sales"}).out);
  set_up(server);
  const auto app_key = line(good(server, {"key", "create", "first", "--app", "extractor"}).out);
  const auto user_key = line(good(server, {"key", "create", "ada's", "--user", "ada@example.org"}).out);
  expect_set_up(server, pool, app_key, user_key);

  good(server, {"app", "disable", "extractor"});
  auto http = server.http();
  http.set_authorization("AppKey " + app_key);
  EXPECT_EQ(http.get("/api/cloud").status, 401);
  good(server, {"app", "enable", "extractor"});
  EXPECT_EQ(http.get("/api/cloud").status, 200);
  good(server, {"grant", "take", "DATA_PUSH_API", "--app", "extractor", "--pool", "Sales"});
  EXPECT_EQ(http.get("/data-ingestion/api/v1/data-push/" + pool + "/jobs").status, 403);
  good(server, {"user", "change", "ada@example.org", "--disable"});
  EXPECT_EQ(Http(server.address(), user_key).get("/api/cloud").status, 401);
  good(server, {"user", "delete", "ada@example.org"});
  EXPECT_EQ(call(server, {"user", "change", "ada@example.org", "--enable"}).status, ExitStatus::exited(1));
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

TEST(CliAccess, SetsUpAnInstallationThatIsStopped) {
  Server server;
  server.start();
  const auto pool = line(good(server, {"pool", "create", "Sales"}).out);
  server.terminate();
  set_up(server);
  const auto app_key = line(good(server, {"key", "create", "first", "--app", "extractor"}).out);
  const auto user_key = line(good(server, {"key", "create", "ada's", "--user", "ada@example.org"}).out);
  server.start();
  expect_set_up(server, pool, app_key, user_key);
  for (const auto* operation : {"createUser", "addMember", "createApplication", "createKey"}) {
    const auto told = good(server, {"audit", "list", "--operation", operation, "--json"}).out;
    EXPECT_NE(told.find("adit, server stopped"), std::string::npos) << operation << told;
  }
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

TEST(CliAccess, RestrictsAndRotatesKeys) {
  Server server;
  server.start();
  const auto pool = line(good(server, {"pool", "create", "Sales"}).out);
  const auto other = line(good(server, {"pool", "create", "Other"}).out);
  const auto key =
      json::parse(good(server, {"key", "create", "narrow", "--scopes", "integration.data-pools:data_push",
                                "--pools", "Sales", "--expires-days", "30", "--json"})
                      .out);
  const auto jobs = [&](const std::string& text, const std::string& of) {
    return Http(server.address(), text).get("/data-ingestion/api/v1/data-push/" + of + "/jobs").status;
  };
  const std::string text(key.at("key").as_string());
  EXPECT_EQ(jobs(text, pool), 200);
  EXPECT_EQ(jobs(text, other), 403);
  EXPECT_EQ(Http(server.address(), text).get("/integration/api/pools").status, 403);
  const auto next = line(
      good(server, {"key", "rotate", std::string(key.at("id").as_string()), "--overlap-hours", "0"}).out);
  EXPECT_EQ(jobs(text, pool), 401);
  EXPECT_EQ(jobs(next, pool), 200);
  EXPECT_EQ(jobs(next, other), 403);
  EXPECT_EQ(call(server, {"key", "create", "x", "--scopes", "everything"}).status, ExitStatus::exited(1));
  EXPECT_EQ(call(server, {"key", "create", "x", "--user", "a@b", "--application"}).status,
            ExitStatus::exited(2));
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

TEST(CliAccess, MakesATeamOnTheMachineWhileTheServerIsStopped) {
  Server server;
  server.start();
  const std::vector<std::string> create{"team",    "create",           "Acme",  "--domain", "acme",
                                        "--email", "ops@acme.example", "--json"};
  const auto refused = call(server, create);
  EXPECT_EQ(refused.status, ExitStatus::exited(1));
  EXPECT_NE(refused.err.find("Another adit process"), std::string::npos) << refused.err;
  const auto pool = line(good(server, {"pool", "create", "Sales"}).out);
  server.terminate();
  const auto made = json::parse(good(server, create).out);
  EXPECT_EQ(call(server, create).status, ExitStatus::exited(1)) << "the domain is taken";
  EXPECT_NE(good(server, {"team", "list"}).out.find("acme"), std::string::npos);
  server.start();
  Http theirs(server.address(), std::string(made.at("key").as_string()));
  EXPECT_TRUE(theirs.get("/integration/api/pools").array().empty());
  EXPECT_EQ(theirs.get("/integration/api/pools/" + pool).status, 404);
  EXPECT_EQ(field(theirs.get("/api/cloud").json(), "teamDomain"), "acme");
  EXPECT_EQ(theirs.get("/adit/api/v1/users").array().size(), 1U);
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

TEST(CliAccess, ActsOnTheTeamThatIsNamedWhileTheServerIsStopped) {
  Server server;
  server.start();
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
  const auto made = json::parse(
      good(server, {"team", "create", "Acme", "--domain", "acme", "--email", "ops@acme.example", "--json"})
          .out);
  const std::string id(made.at("id").as_string());
  good(server, {"user", "create", "ada@acme.example", "--name", "Ada", "--team", "ACME"});
  good(server, {"app", "create", "extractor", "--team", id});
  EXPECT_EQ(good(server, {"user", "list"}).out.find("ada@acme.example"), std::string::npos);
  EXPECT_NE(good(server, {"user", "list", "--team", "acme"}).out.find("ada@acme.example"), std::string::npos);
  const auto key = line(good(server, {"key", "create", "k", "--app", "extractor", "--team", "acme"}).out);
  EXPECT_EQ(call(server, {"key", "create", "k", "--app", "extractor"}).status, ExitStatus::exited(1))
      << "the first team has no such application";
  const auto unknown = call(server, {"user", "list", "--team", "nobody"});
  EXPECT_EQ(unknown.status, ExitStatus::exited(1));
  EXPECT_NE(unknown.err.find("adit team list"), std::string::npos) << unknown.err;
  server.start();
  auto http = server.http();
  http.set_authorization("AppKey " + key);
  EXPECT_EQ(field(http.get("/api/cloud").json(), "teamDomain"), "acme");
  const auto running = call(server, {"user", "list", "--team", "acme"});
  EXPECT_EQ(running.status, ExitStatus::exited(1));
  EXPECT_NE(running.err.find("--team"), std::string::npos) << running.err;
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

}  // namespace
}  // namespace adit::test
