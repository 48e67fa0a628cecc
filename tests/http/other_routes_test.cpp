// Pools, tables, queries, health and metrics; HTTPS.
#include "support/callers.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class PoolRoutes : public ServerTest {
 protected:
  static constexpr const char* kPaths[] = {"/integration/api/pools", "/adit/api/v1/pools"};
};

TEST_F(PoolRoutes, APoolIsCreatedFoundAndListed) {
  for (const std::string path : kPaths) {
    SCOPED_TRACE(path);
    const auto created =
        pool().http().post_json(path, {{"name", "orders " + path}, {"description", "what it is"}});
    ASSERT_EQ(created.status, 200) << created.body;
    const std::string id(created.json().at("id").as_string());
    const auto got = pool().http().get(path + "/" + id);
    ASSERT_EQ(got.status, 200) << got.body;
    EXPECT_EQ(field(got.json(), "id"), json::string(id));
    EXPECT_EQ(field(got.json(), "name"), json::string("orders " + path));
    EXPECT_EQ(field(got.json(), "description"), "what it is");
    const auto listed = pool().http().get(path);
    ASSERT_EQ(listed.status, 200) << listed.body;
    int found = 0;
    for (const auto& entry : listed.array()) found += field(entry, "id") == json::string(id) ? 1 : 0;
    EXPECT_EQ(found, 1);
  }
}

TEST_F(PoolRoutes, APoolHasTheMembersThatClientsRead) {
  const auto got = pool().http().get("/integration/api/pools/" + pool().pool()).json();
  EXPECT_TRUE(field(got, "permissions").is_array());
  EXPECT_TRUE(field(got, "timeStamp").is_int64());
  EXPECT_EQ(field(got, "configurationStatus"), "NEW");
  EXPECT_EQ(field(got, "locked"), false);
  EXPECT_TRUE(field(got, "tags").is_array());
  EXPECT_TRUE(field(got, "creatorUserId").is_string());
}

TEST_F(PoolRoutes, APoolMayBringItsId) {
  const auto* id = "7d9c44a8-1111-4222-8333-abcdefabcdef";
  const auto created = pool().http().post_json("/integration/api/pools", {{"name", "moved"}, {"id", id}});
  ASSERT_EQ(created.status, 200) << created.body;
  EXPECT_EQ(field(created.json(), "id"), json::string(id));
  EXPECT_EQ(pool().http().post_json("/integration/api/pools", {{"name", "again"}, {"id", id}}).status, 409);
}

TEST_F(PoolRoutes, APoolWithoutANameOrWithABadIdIs400) {
  expect_field_error(pool().http().post_json("/integration/api/pools", json::object{}), "name");
  expect_field_error(pool().http().post_json("/integration/api/pools", {{"name", "x"}, {"id", "no uuid"}}),
                     "id");
  EXPECT_EQ(pool().http().post_text("/integration/api/pools", "{").status, 400);
}

TEST_F(PoolRoutes, AnUnknownPoolIs404) {
  for (const char* end : {"0b7f6e6e-6f0f-4c1c-9a53-0123456789ab", "no-uuid"}) {
    expect_error_body(pool().http().get(std::string("/integration/api/pools/") + end), 404);
    expect_error_body(pool().http().get(std::string("/integration/api/pools/") + end + "/tables"), 404);
    expect_error_body(
        pool().http().post_json(std::string("/adit/api/v1/pools/") + end + "/query", {{"sql", "SELECT 1"}}),
        404);
  }
}

TEST_F(PoolRoutes, TablesAreListedAsClientsReadThem) {
  EXPECT_TRUE(pool().tables().empty());
  pool().push_done(csv_job("REPLACE", "orders"), {"id,name\n1,one\n"});
  const auto response = pool().http().get("/integration/api/pools/" + pool().pool() + "/tables");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto tables = response.json().as_array();
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(field(tables[0], "name"), "orders");
  EXPECT_EQ(field(tables[0], "type"), "TABLE");
  EXPECT_EQ(field(tables[0], "available"), true);
  EXPECT_TRUE(field(tables[0], "dataSourceId").is_null());
  EXPECT_EQ(field(tables[0], "schemaName"), json::string(pool().pool()));
}

class QueryRoute : public SurvivingServerTest {
 protected:
  HttpResponse query(json::object body) {
    return pool().http().post_json("/adit/api/v1/pools/" + pool().pool() + "/query", body);
  }
};

TEST_F(QueryRoute, AnswersColumnsRowsAndCounts) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,name\n1,one\n2,\n"});
  const auto response = query({{"sql", "SELECT id, name FROM t ORDER BY id"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const auto answer = response.json();
  EXPECT_EQ(field(answer, "columns"),
            (json::array{{{"name", "id"}, {"type", "BIGINT"}}, {{"name", "name"}, {"type", "VARCHAR"}}}));
  EXPECT_EQ(field(answer, "rows"), (json::array{{1, "one"}, {2, nullptr}}));
  EXPECT_EQ(field(answer, "rowCount"), 2);
  EXPECT_EQ(field(answer, "truncated"), false);
  EXPECT_TRUE(field(answer, "elapsedMs").is_number());
}

TEST_F(QueryRoute, TheLimitTruncatesAndSaysSo) {
  const auto answer = query({{"sql", "SELECT * FROM range(100)"}, {"limit", 7}}).json();
  EXPECT_EQ(field(answer, "rowCount"), 7);
  EXPECT_EQ(field(answer, "truncated"), true);
  EXPECT_EQ(field(query({{"sql", "SELECT * FROM range(7)"}, {"limit", 7}}).json(), "truncated"), false);
  EXPECT_EQ(field(query({{"sql", "SELECT * FROM range(10001)"}}).json(), "rowCount"), 10'000);
}

TEST_F(QueryRoute, ValuesThatJsonCannotHoldAreText) {
  const auto answer =
      query({{"sql",
              "SELECT 9007199254740993, 9007199254740991, 1.10::DECIMAL(9,2), 'nan'::DOUBLE, "
              "'-inf'::DOUBLE, DATE '2024-02-29', TIME '01:02:03', TIMESTAMP '2024-02-29 01:02:03.5', "
              "true, NULL, 0.5::DOUBLE"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto row = answer.json().at("rows").as_array()[0].as_array();
  EXPECT_EQ(row[0], "9007199254740993");
  EXPECT_EQ(row[1], 9007199254740991);
  EXPECT_EQ(row[2], "1.10");
  EXPECT_TRUE(row[3].is_string());
  EXPECT_TRUE(row[4].is_string());
  EXPECT_EQ(row[5], "2024-02-29");
  EXPECT_EQ(row[6], "01:02:03");
  EXPECT_TRUE(row[7].as_string().starts_with("2024-02-29T01:02:03.5")) << row[7];
  EXPECT_EQ(row[8], true);
  EXPECT_TRUE(row[9].is_null());
  EXPECT_EQ(row[10], 0.5);
}

TEST_F(QueryRoute, WrongSqlIs400WithTheReason) {
  for (const char* sql :
       {"SELEC 1", "SELECT * FROM nowhere", "SELECT nope FROM range(1)", "", ";", "SELECT 1; SELECT 2"}) {
    const auto response = query({{"sql", sql}});
    EXPECT_EQ(response.status, 400) << sql << ": " << response.body;
  }
  expect_field_error(query({}), "sql");
  expect_field_error(query({{"sql", 5}}), "sql");
  expect_field_error(query({{"sql", "SELECT 1"}, {"limit", -1}}), "limit");
  expect_field_error(query({{"sql", "SELECT 1"}, {"timeoutMs", "soon"}}), "timeoutMs");
}

TEST_F(QueryRoute, AQueryThatTakesTooLongIsEnded) {
  const auto response =
      query({{"sql", "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7"},
             {"timeoutMs", 200}});
  EXPECT_GE(response.status, 400) << response.body;
  EXPECT_LT(response.status, 600) << response.body;
  EXPECT_NE(response.status, 500) << response.body;
}

class Operations : public ServerTest {};

TEST_F(Operations, HealthAndReadinessAreOpen) {
  auto http = server().http();
  http.set_authorization(std::nullopt);
  EXPECT_EQ(http.get("/healthz").status, 200);
  EXPECT_EQ(http.get("/readyz").status, 200);
}

TEST_F(Operations, MetricsAreInPrometheusFormAndCountRequests) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  const auto response = pool().http().get("/metrics");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_TRUE(response.header("content-type").value_or("").starts_with("text/plain"));
  EXPECT_NE(response.body.find("# TYPE adit_"), std::string::npos) << response.body;
}

TEST_F(Operations, QueriesAreTimedWhateverTheFormOfTheirAnswer) {
  for (const char* form : {"application/json", "text/csv", "application/vnd.apache.parquet"}) {
    const auto answer = pool().http().send({"POST",
                                            "/adit/api/v1/pools/" + pool().pool() + "/query",
                                            {{"Accept", form}, {"Content-Type", "application/json"}},
                                            R"({"sql": "SELECT 1 AS a"})"});
    EXPECT_EQ(answer.status, 200) << form << answer.body;
  }
  // A query ends a moment after its client has the last byte.
  const std::string name = "\nadit_query_seconds_count ";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  int timed = 0;
  while (timed < 3 && std::chrono::steady_clock::now() < deadline) {
    const auto metrics = pool().http().get("/metrics").body;
    const auto at = metrics.find(name);
    ASSERT_NE(at, std::string::npos) << metrics;
    timed = std::stoi(metrics.substr(at + name.size()));
  }
  EXPECT_GE(timed, 3);
}

TEST_F(Operations, MetricsAreForWhoMayReadThemOrForEverybody) {
  auto http = server().http();
  http.set_authorization(std::nullopt);
  EXPECT_EQ(http.get("/metrics").status, 401);
  Callers callers(server().http());
  const auto prometheus = callers.application();
  http.set_authorization(prometheus.authorization);
  expect_error_body(http.get("/metrics"), 403);
  callers.grant(prometheus, "VIEW_METRICS");
  EXPECT_EQ(http.get("/metrics").status, 200);
  http.set_authorization(callers.key_of(prometheus, {{"scopes", {"metrics:read"}}}));
  EXPECT_EQ(http.get("/metrics").status, 200);
  callers.grant(prometheus, "VIEW_USERS_AND_GROUPS");
  expect_error_body(http.get("/adit/api/v1/users"), 403);

  Server open({.flags = {"--metrics-public"}});
  open.start();
  auto anybody = open.http();
  anybody.set_authorization(std::nullopt);
  EXPECT_EQ(anybody.get("/metrics").status, 200);
}

class Https : public ::testing::Test {};

TEST_F(Https, ServesTheSameAndKeepsItsCertificateOverARestart) {
  Server server;
  server.start();
  Http http(server.tls_address(), server.admin_key(), Security::kTls);
  PoolClient client(Http(server.tls_address(), server.admin_key(), Security::kTls),
                    create_pool(http, "over TLS"));
  client.push_done(csv_job("REPLACE", "t"), {"id\n1\n2\n"});
  EXPECT_EQ(client.value("SELECT count(*) FROM t"), "2");
  const auto before = RawConnection(server.tls_address(), Security::kTls).peer_certificate_digest();
  server.restart();
  EXPECT_EQ(RawConnection(server.tls_address(), Security::kTls).peer_certificate_digest(), before);
  PoolClient again(Http(server.tls_address(), server.admin_key(), Security::kTls), client.pool());
  EXPECT_EQ(again.value("SELECT count(*) FROM t"), "2");
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

TEST_F(Https, PlainTextOnTheTlsPortDoesNoHarm) {
  Server server;
  server.start();
  RawConnection connection(server.tls_address());
  connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  connection.shutdown_write();
  try {
    connection.read_until_closed();
  } catch (const TransportError&) {  // a reset is as good an answer
  }
  EXPECT_EQ(Http(server.tls_address(), "", Security::kTls).get("/healthz").status, 200);
}

TEST_F(Https, CanBeTurnedOff) {
  Server server({.flags = {"--tls-listen", "off"}});
  EXPECT_NO_THROW(server.start());
}

}  // namespace
}  // namespace adit::test
