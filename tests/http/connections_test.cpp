// Pushes into data connections: where the table stands, what answers and listings say, how a connection ends.
#include <thread>

#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

class Connections : public ServerTest {
 protected:
  std::string pools_path() { return "/integration/api/pools/" + pool().pool(); }
  std::string sources_path() { return pools_path() + "/data-sources/"; }
  std::string tables_path(const std::string& table) {
    return "/adit/api/v1/pools/" + pool().pool() + "/tables/" + table;
  }
  std::string connect(const std::string& name) {
    const auto made = pool().http().post_json(sources_path(), {{"name", name}});
    EXPECT_EQ(made.status, 200) << made.body;
    return std::string(field(made.json(), "id").as_string());
  }
  json::object in(const std::string& connection, const std::string& type, const std::string& table,
                  json::object more = {}) {
    more["connectionId"] = connection;
    return csv_job(type, table, std::move(more));
  }
  /// `<connection's name or ->/<table> <columns>` of each table, in the order of the list.
  std::vector<std::string> listed() {
    std::vector<std::string> lines;
    for (const auto& table : pool().http().get(pools_path() + "/tables").array()) {
      const auto name = field(table, "dataSourceName");
      lines.push_back((name.is_null() ? "-" : std::string(name.as_string())) + "/" +
                      std::string(field(table, "name").as_string()));
    }
    return lines;
  }
};

using Lines = std::vector<std::string>;

TEST_F(Connections, TakePushesApartFromGlobalTables) {
  const auto erp = connect("ERP");
  const auto crm = connect("crm system");
  pool().push_done(csv_job("REPLACE", "ORDERS"), {"a\n1\n"});
  pool().push_done(in(erp, "REPLACE", "ORDERS"), {"a\n2\n"});
  pool().push_done(in(crm, "DELTA", "orders"), {"b,c\nx,y\n"});
  pool().push_done(in(erp, "DELTA", "ORDERS"), {"a\n3\n"});
  EXPECT_EQ(pool().rows("SELECT a FROM ORDERS"), (Rows{{"1"}}));
  EXPECT_EQ(pool().rows("SELECT a FROM ERP.ORDERS ORDER BY a"), (Rows{{"2"}, {"3"}}));
  EXPECT_EQ(pool().rows("SELECT c FROM \"crm system\".orders"), (Rows{{"y"}}));
  EXPECT_EQ(listed(), (Lines{"-/ORDERS", "ERP/ORDERS", "crm system/orders"}));
}

TEST_F(Connections, AnswersGiveBackWhatWasSent) {
  const auto erp = connect("ERP");
  auto plain = pool().create(in(erp, "REPLACE", "T"));
  EXPECT_EQ(field(plain, "connectionId"), json::string(erp));
  EXPECT_TRUE(field(plain, "targetSchema").is_null());
  EXPECT_EQ(pool().job(std::string(field(plain, "id").as_string())), plain);
  auto alias = pool().create(csv_job("REPLACE", "T", {{"dataConnectionId", erp}, {"connectionId", nullptr}}));
  EXPECT_EQ(field(alias, "connectionId"), json::string(erp));
  for (const auto& words : {pool().pool() + "_" + erp, erp, std::string("erp"), std::string("ERP")}) {
    auto named = pool().create(csv_job("REPLACE", "T", {{"targetSchema", words}}));
    EXPECT_EQ(field(named, "targetSchema"), json::string(words));
    EXPECT_EQ(field(named, "connectionId"), json::string(erp)) << "what it names";
    auto both = pool().create(in(erp, "REPLACE", "T", {{"targetSchema", words}}));
    EXPECT_EQ(field(both, "targetSchema"), json::string(words));
  }
  auto global = pool().create(csv_job("REPLACE", "T", {{"targetSchema", pool().pool()}}));
  EXPECT_EQ(field(global, "targetSchema"), json::string(pool().pool()));
  EXPECT_TRUE(field(global, "connectionId").is_null());
  for (const auto* nothing : {"connectionId", "dataConnectionId", "targetSchema"})
    EXPECT_TRUE(field(pool().create(csv_job("REPLACE", "T", {{nothing, ""}})), "connectionId").is_null());
  const auto of_erp = pool().http().get(pool().jobs_path() + "?connectionId=" + erp).array();
  EXPECT_EQ(of_erp.size(), 10U);
  expect_field_error(pool().http().get(pool().jobs_path() + "?connectionId=x"), "connectionId");
}

TEST_F(Connections, TargetSchemaAloneSaysWhereTheTableStands) {
  const auto erp = connect("ERP");
  pool().push_done(csv_job("REPLACE", "T", {{"targetSchema", "erp"}}), {"a\n1\n"});
  pool().push_done(csv_job("DELTA", "T", {{"targetSchema", pool().pool() + "_" + erp}}), {"a\n2\n"});
  pool().push_done(csv_job("DELTA", "T", {{"targetSchema", pool().pool()}}), {"a\n3\n"});
  EXPECT_EQ(pool().value("SELECT sum(a) FROM ERP.T"), "3");
  EXPECT_EQ(pool().value("SELECT sum(a) FROM T"), "3");
}

TEST_F(Connections, WhatNamesNoneIs400ThatNamesTheField) {
  const auto erp = connect("ERP");
  const auto crm = connect("CRM");
  const auto elsewhere = PoolClient(server()).pool();
  const std::string unknown = "7d9c44a8-2222-4222-8333-abcdefabcdef";
  const auto refuse = [&](const json::object& more, const std::string& attribute) {
    SCOPED_TRACE(json::serialize(more));
    expect_field_error(pool().try_create(csv_job("REPLACE", "T", more)), attribute);
  };
  refuse({{"connectionId", unknown}}, "connectionId");
  refuse({{"connectionId", "ERP"}}, "connectionId");
  refuse({{"connectionId", 7}}, "connectionId");
  refuse({{"dataConnectionId", "no uuid"}}, "dataConnectionId");
  refuse({{"connectionId", erp}, {"dataConnectionId", crm}}, "dataConnectionId");
  refuse({{"targetSchema", unknown}}, "targetSchema");
  refuse({{"targetSchema", "main"}}, "targetSchema");
  refuse({{"targetSchema", "adit"}}, "targetSchema");
  refuse({{"targetSchema", elsewhere}}, "targetSchema");
  refuse({{"targetSchema", elsewhere + "_" + erp}}, "targetSchema");
  refuse({{"connectionId", erp}, {"targetSchema", crm}}, "targetSchema");
  refuse({{"connectionId", erp}, {"targetSchema", pool().pool()}}, "targetSchema");
  auto other = PoolClient(server());
  expect_field_error(other.try_create(in(erp, "REPLACE", "T")), "connectionId");
}

TEST_F(Connections, UpsertDeleteAndMirrorsStayWithinTheConnection) {
  const auto erp = connect("ERP");
  pool().push_done(csv_job("REPLACE", "T"), {"id,v\n1,global\n"});
  pool().push_done(csv_job("REPLACE", "COPY"), {"id,v\n7,global\n"});
  const auto keyed = in(erp, "DELTA", "T", {{"keys", {"id"}}, {"mirrorTargetNames", {"COPY"}}});
  pool().push_done(keyed, {"id,v\n1,one\n2,two\n3,three\n"});
  const auto job = pool().create_job(keyed);
  pool().upload(job, "id,v\n2,TWO\n4,four\n");
  pool().upload_deleted(job, "id\n1\n");
  pool().execute(job);
  ASSERT_EQ(field(pool().wait(job), "status"), "DONE");
  const Rows expected{{"2", "TWO"}, {"3", "three"}, {"4", "four"}};
  EXPECT_EQ(pool().rows("SELECT id, v FROM ERP.T ORDER BY id"), expected);
  EXPECT_EQ(pool().rows("SELECT id, v FROM ERP.COPY ORDER BY id"), expected);
  EXPECT_EQ(pool().rows("SELECT id, v FROM T"), (Rows{{"1", "global"}}));
  EXPECT_EQ(pool().rows("SELECT id, v FROM COPY"), (Rows{{"7", "global"}}));
}

TEST_F(Connections, OneNameInThreePlacesTakesManyPushesAtOnce) {
  std::vector<std::string> connections{"", connect("a"), connect("b")};
  std::vector<std::thread> clients;
  for (const auto& connection : connections) {
    clients.emplace_back([this, &connection] {
      auto client = another_client();
      for (int i = 0; i < 8; ++i) {
        auto spec = csv_job("DELTA", "T", {{"keys", {"id"}}});
        if (!connection.empty()) spec["connectionId"] = connection;
        client.push_done(spec, {"id,v\n1," + std::to_string(i) + "\n" + std::to_string(i + 2) + ",0\n"});
      }
    });
  }
  for (auto& client : clients) client.join();
  for (const auto* table : {"T", "a.T", "b.T"}) {
    EXPECT_EQ(pool().value("SELECT v FROM " + std::string(table) + " WHERE id = 1"), "7") << table;
    EXPECT_EQ(pool().value("SELECT count(*) FROM " + std::string(table)), "9") << table;
  }
}

TEST_F(Connections, HaveAnyNameThatIsNotTaken) {
  for (const std::string name : {"../../etc", "say \"hi\"", "a.b", "Größe 😀", "'; DROP TABLE x --", "select",
                                 "%2e%2e", "public", "x\ty"}) {
    SCOPED_TRACE(name);
    const auto id = connect(name);
    pool().push_done(in(id, "REPLACE", name), {"a\n1\n"});
    EXPECT_EQ(listed(), (Lines{name + "/" + name}));
    std::string quoted = "\"";
    for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
    quoted += '"';
    EXPECT_EQ(pool().value("SELECT a FROM " + quoted + "." + quoted), "1");
    const auto table = pool().http().get(pools_path() + "/tables").array().at(0);
    EXPECT_EQ(field(table, "schemaName"), json::string(pool().pool() + "_" + id));
    const auto dropped = pool().http().del(tables_path(percent_encoded(name)) + "?schemaName=" + id);
    EXPECT_EQ(dropped.status, 200) << dropped.body;
    EXPECT_EQ(pool().http().del(sources_path() + id).status, 204);
  }
  for (const char* name :
       {"main", "Adit", "TEMP", "system", "pg_catalog", "information_schema", "pool", "__ADIT_x"})
    expect_field_error(pool().http().post_json(sources_path(), {{"name", name}}), "name");
}

TEST_F(Connections, ListingsDownloadsAndChangesTakeTheSchemasName) {
  const auto erp = connect("ERP");
  pool().push_done(csv_job("REPLACE", "T"), {"a\n1\n"});
  pool().push_done(in(erp, "REPLACE", "T"), {"b\nx\ny\nz\n"});
  const auto tables = pool().http().get(pools_path() + "/tables").array();
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_TRUE(field(tables[0], "dataSourceId").is_null());
  EXPECT_EQ(field(tables[0], "schemaName"), json::string(pool().pool()));
  EXPECT_EQ(field(tables[1], "dataSourceId"), json::string(erp));
  EXPECT_EQ(field(tables[1], "dataSourceName"), "ERP");
  const auto schema = pool().pool() + "_" + erp;
  EXPECT_EQ(field(tables[1], "schemaName"), json::string(schema));
  const auto source = pool().http().get(sources_path() + erp).json();
  EXPECT_EQ(field(source, "targetSchemaName"), json::string(schema));

  for (const auto& words : {erp, schema, std::string("erp")}) {
    const auto columns = pool().http().get(pools_path() + "/columns?tableName=t&schemaName=" + words).array();
    ASSERT_EQ(columns.size(), 2U);
    EXPECT_EQ(field(columns[0], "name"), "b");
    EXPECT_EQ(pool().http().get(tables_path("T/rows?schemaName=" + words)).body.substr(0, 2), "b,");
  }
  EXPECT_EQ(pool().http().get(tables_path("T/rows")).body.substr(0, 2), "a,");
  EXPECT_EQ(pool().http().get(tables_path("T/rows?schemaName=nowhere")).status, 400);

  const auto removed =
      pool().http().post_json(tables_path("T/delete-rows?schemaName=" + erp), {{"where", "b = 'y'"}});
  ASSERT_EQ(removed.status, 200) << removed.body;
  EXPECT_EQ(field(removed.json(), "rows"), 1);
  EXPECT_EQ(field(removed.json(), "connectionId"), json::string(erp));
  EXPECT_EQ(pool().value("SELECT count(*) FROM ERP.T"), "2");
  EXPECT_EQ(field(pool().http().post(tables_path("T/truncate?schemaName=" + schema)).json(), "rows"), 2);
  EXPECT_EQ(pool().value("SELECT count(*) FROM T"), "1");
  EXPECT_EQ(pool().http().del(tables_path("T?schemaName=ERP")).status, 200);
  expect_error_body(pool().http().del(tables_path("T?schemaName=ERP")), 404);
  EXPECT_EQ(listed(), (Lines{"-/T"}));
}

TEST_F(Connections, EndOnlyWhenNothingWouldBeLost) {
  const auto erp = connect("ERP");
  const auto job = pool().create_job(in(erp, "REPLACE", "T"));
  const auto refused = pool().http().del(sources_path() + erp);
  expect_error_body(refused, 409);
  EXPECT_NE(refused.body.find(job), std::string::npos) << refused.body;
  pool().upload(job, "a\n1\n");
  pool().execute(job);
  ASSERT_EQ(field(pool().wait(job), "status"), "DONE");
  const auto holds = pool().http().del(sources_path() + erp);
  expect_error_body(holds, 409);
  EXPECT_NE(holds.body.find("\\\"T\\\""), std::string::npos) << holds.body;
  EXPECT_EQ(pool().http().del(tables_path("T?schemaName=" + erp)).status, 200);
  EXPECT_EQ(pool().http().del(sources_path() + erp).status, 204);
  expect_field_error(pool().try_create(in(erp, "REPLACE", "T")), "connectionId");
  // One of the same name is another one.
  const auto again = connect("erp");
  pool().push_done(in(again, "REPLACE", "T"), {"a\n2\n"});
  EXPECT_EQ(listed(), (Lines{"erp/T"}));
  EXPECT_TRUE(field(pool().job(job), "connectionId") == json::string(erp)) << "history stays";
}

TEST_F(Connections, TheFlowOfTheSdkShowsTheTableUnderItsConnection) {
  const auto erp = connect("ERP");
  EXPECT_TRUE(pool().tables().empty());
  const auto job = pool().create_job(parquet_job("REPLACE", "ACTIVITIES", {{"connectionId", erp}}));
  pool().upload(job, parquet_of("SELECT 1 AS a, 'x' AS b"));
  pool().execute(job);
  ASSERT_EQ(field(pool().wait(job), "status"), "DONE");
  EXPECT_EQ(pool().try_delete(job).status, 204);
  EXPECT_EQ(listed(), (Lines{"ERP/ACTIVITIES"}));
}

class ConnectionsOverRestarts : public ::testing::Test {};

TEST_F(ConnectionsOverRestarts, RowsAreThereAfterAKillAndAfterALostFile) {
  Server server;
  server.start();
  PoolClient client(server);
  const auto made = client.http().post_json("/integration/api/pools/" + client.pool() + "/data-sources",
                                            {{"name", "ERP \"Süd\""}});
  ASSERT_EQ(made.status, 200) << made.body;
  const auto in = json::object{{"connectionId", field(made.json(), "id")}};
  client.push_done(csv_job("REPLACE", "T", in), {"a\n1\n"});
  client.push_done(csv_job("DELTA", "T", in), {"a\n2\n"});
  client.push_done(csv_job("REPLACE", "T"), {"a\n9\n"});
  const auto open = client.create_job(csv_job("DELTA", "T", in));
  client.upload(open, "a\n3\n");
  server.kill();
  server.start();
  auto after = PoolClient(server.http(), client.pool());
  EXPECT_EQ(after.value("SELECT sum(a) FROM \"ERP \"\"Süd\"\"\".T"), "3");
  after.execute(open);
  EXPECT_EQ(field(after.wait(open), "status"), "DONE");
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
  std::filesystem::remove_all(server.data() / "pools" / client.pool());
  server.start();
  auto repaired = PoolClient(server.http(), client.pool());
  EXPECT_EQ(repaired.value("SELECT sum(a) FROM \"ERP \"\"Süd\"\"\".T"), "6");
  EXPECT_EQ(repaired.value("SELECT sum(a) FROM T"), "9");
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

}  // namespace
}  // namespace adit::test
