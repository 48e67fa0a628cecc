// The calls around a push: who is calling, pools, data sources, columns.
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class Caller : public ServerTest {};

TEST_F(Caller, IsToldWhoItIs) {
  const auto response = pool().http().get("/api/cloud");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto caller = response.json();
  for (const char* name : {"id", "email", "name", "teamId", "teamName", "teamDomain", "language"}) {
    EXPECT_TRUE(field(caller, name).is_string()) << name << " in " << response.body;
  }
  EXPECT_EQ(field(caller, "active"), true);
  EXPECT_TRUE(field(caller, "role").is_int64());
}

TEST_F(Caller, AUserKeySentAsAppKeyIs401SoThatClientsFallBackToBearer) {
  auto http = server().http();
  for (const char* path : {"/api/cloud", "/api/cloud/permissions", "/api/cloud/team", "/api/team"}) {
    http.set_authorization("AppKey " + server().admin_key());
    expect_error_body(http.get(path), 401);
    http.set_authorization("Bearer " + server().admin_key());
    EXPECT_EQ(http.get(path).status, 200) << path;
    http.set_authorization(std::nullopt);
    expect_error_body(http.get(path), 401);
  }
}

TEST_F(Caller, AnApplicationIsACallerOfItsOwn) {
  const auto made =
      pool().http().post_json("/adit/api/v1/keys", {{"name", "extractor"}, {"kind", "APPLICATION"}});
  ASSERT_EQ(made.status, 200) << made.body;
  auto http = server().http();
  http.set_authorization("AppKey " + std::string(made.json().at("key").as_string()));
  const auto caller = http.get("/api/cloud");
  ASSERT_EQ(caller.status, 200) << caller.body;
  EXPECT_EQ(field(caller.json(), "name"), "extractor");
  EXPECT_EQ(field(caller.json(), "id"), field(made.json(), "ownerId"));
  EXPECT_EQ(field(caller.json(), "role"), 0);
}

TEST_F(Caller, HasPermissionsAndATeam) {
  const auto permissions = pool().http().get("/api/cloud/permissions");
  ASSERT_EQ(permissions.status, 200) << permissions.body;
  const auto services = permissions.array();
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(field(services[0], "serviceName"), "event-collection");
  EXPECT_TRUE(field(services[0], "permissions").is_array());
  for (const char* path : {"/api/cloud/team", "/api/team"}) {
    const auto team = pool().http().get(path).json();
    EXPECT_TRUE(field(team, "id").is_string());
    EXPECT_TRUE(field(team, "name").is_string());
    EXPECT_FALSE(field(team, "domain").as_string().empty());
    EXPECT_EQ(field(team, "trackingEnabled"), false);
    EXPECT_EQ(field(team, "dataPushJobSubmissionLimitPerSec"), 10);
    EXPECT_EQ(field(team, "dataPushJobSubmissionLimitPerHour"), 250);
    EXPECT_EQ(field(team, "unlimitedDataPushJobSubmissions"), true);
  }
}

class Pools : public ServerTest {
 protected:
  std::string path() { return "/integration/api/pools/" + pool().pool(); }
};

TEST_F(Pools, AreChangedByPut) {
  const auto changed =
      pool().http().send({"PUT", path(), {}, R"({"name":"renamed","description":"new","tags":[]})"});
  ASSERT_EQ(changed.status, 200) << changed.body;
  const auto got = pool().http().get(path()).json();
  EXPECT_EQ(field(got, "name"), "renamed");
  EXPECT_EQ(field(got, "description"), "new");
  const auto kept = pool().http().send({"PUT", path(), {}, R"({"name":"again"})"});
  EXPECT_EQ(field(kept.json(), "description"), "new");
  expect_field_error(pool().http().send({"PUT", path(), {}, R"({"name":""})"}), "name");
  expect_field_error(
      pool().http().send({"PUT", path(), {}, R"({"name":"x","id":"7d9c44a8-1111-4222-8333-abcdefabcde0"})"}),
      "id");
}

TEST_F(Pools, ComeInPages) {
  for (int i = 0; i < 3; ++i) create_pool(pool().http(), "page " + std::to_string(i));
  std::size_t seen = 0;
  std::int64_t total = 0;
  for (int page = 0; page < 100; ++page) {
    const auto got = pool().http().get("/integration/api/pools/paged?limit=2&page=" + std::to_string(page));
    ASSERT_EQ(got.status, 200) << got.body;
    const auto body = got.json();
    EXPECT_EQ(field(body, "pageSize"), 2);
    EXPECT_EQ(field(body, "pageNumber"), page);
    total = field(body, "totalCount").as_int64();
    const auto size = field(body, "content").as_array().size();
    if (size == 0) break;
    EXPECT_LE(size, 2U);
    seen += size;
  }
  EXPECT_GE(total, 4);
  EXPECT_EQ(seen, static_cast<std::size_t>(total));
  expect_field_error(pool().http().get("/integration/api/pools/paged?limit=0"), "limit");
  expect_field_error(pool().http().get("/integration/api/pools/paged?page=-1"), "page");
}

TEST_F(Pools, AreDeletedWithEverythingInThem) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  const auto waiting = pool().create_job(csv_job("DELTA", "t"));
  pool().upload(waiting, "id\n2\n");
  const auto engine = server().data() / "pools" / pool().pool();
  const auto chunks = server().data() / "chunks" / pool().pool();
  ASSERT_TRUE(std::filesystem::exists(engine));
  ASSERT_TRUE(std::filesystem::exists(chunks));
  ASSERT_EQ(pool().http().del(path()).status, 204);
  EXPECT_FALSE(std::filesystem::exists(engine));
  EXPECT_FALSE(std::filesystem::exists(chunks));
  expect_error_body(pool().http().get(path()), 404);
  expect_error_body(pool().http().del(path()), 404);
  EXPECT_EQ(pool().try_upload(waiting, "id\n3\n").status, 404);
  EXPECT_EQ(pool().try_execute(waiting).status, 404);
  // The id is free again, and the new pool of that id is empty.
  const auto made =
      pool().http().post_json("/integration/api/pools", {{"name", "again"}, {"id", pool().pool()}});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_TRUE(pool().tables().empty());
  pool().push_done(csv_job("REPLACE", "u"), {"id\n7\n"});
  EXPECT_EQ(pool().value("SELECT id FROM u"), "7");
}

TEST_F(Pools, WithAJobThatHasNotEndedAreNotDeleted) {
  const auto job = pool().create_job(parquet_job("DELTA", "busy", {{"keys", {"id"}}}));
  pool().upload(job, parquet_of("SELECT range AS id, hash(range)::VARCHAR AS a FROM range(2000000)"));
  pool().execute(job);
  const auto refused = pool().http().del(path());  // two million keyed rows do not land in a moment
  expect_error_body(refused, 409);
  EXPECT_NE(refused.body.find(job), std::string::npos) << refused.body;
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM busy"), "2000000");
  EXPECT_EQ(pool().http().del(path()).status, 204);
}

class PoolRemovalKilled : public ::testing::TestWithParam<const char*> {};

TEST_P(PoolRemovalKilled, IsFinishedAfterARestart) {
  Server server;
  server.start({{"ADIT_FAILPOINT", GetParam()}});
  PoolClient client(server);
  client.push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  EXPECT_THROW(client.http().del("/integration/api/pools/" + client.pool()), TransportError);
  ASSERT_TRUE(server.wait(std::chrono::seconds{10}));
  server.start();
  auto http = server.http();
  EXPECT_EQ(http.get("/integration/api/pools/" + client.pool()).status, 404);
  const auto engine = server.data() / "pools" / client.pool();
  const auto chunks = server.data() / "chunks" / client.pool();
  // The rows go at last: once the id can be taken again, nothing of the old pool is left.
  int status = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (status != 200 && std::chrono::steady_clock::now() < deadline) {
    status = http.post_json("/integration/api/pools", {{"name", "again"}, {"id", client.pool()}}).status;
  }
  EXPECT_EQ(status, 200);
  EXPECT_FALSE(std::filesystem::exists(engine));
  EXPECT_FALSE(std::filesystem::exists(chunks));
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

INSTANTIATE_TEST_SUITE_P(AtEachStep, PoolRemovalKilled,
                         ::testing::Values("catalog.delete_pool.after_commit", "push.remove_pool.before",
                                           "push.remove_pool.between", "catalog.erase_pool.before_commit"));

class DataSources : public ServerTest {
 protected:
  std::string path() { return "/integration/api/pools/" + pool().pool() + "/data-sources/"; }
};

TEST_F(DataSources, AreMadeListedFoundAndDeleted) {
  EXPECT_TRUE(pool().http().get(path()).array().empty());
  const auto* id = "7d9c44a8-2222-4222-8333-abcdefabcdef";
  const auto made =
      pool().http().post_json(path(), {{"name", "SAP \"ECC\" Süd"}, {"type", "SAP"}, {"id", id}});
  ASSERT_EQ(made.status, 200) << made.body;
  const auto source = made.json();
  EXPECT_EQ(field(source, "id"), json::string(id));
  EXPECT_EQ(field(source, "name"), "SAP \"ECC\" Süd");
  EXPECT_EQ(field(source, "poolId"), json::string(pool().pool()));
  EXPECT_EQ(field(source, "type"), "SAP");
  EXPECT_EQ(field(source, "connected"), true);
  EXPECT_EQ(field(source, "configured"), true);
  EXPECT_EQ(field(source, "targetSchemaName"), json::string(pool().pool() + "_" + id));
  EXPECT_EQ(pool().http().get(path() + id).json(), source);
  EXPECT_EQ(pool().http().get(path()).array(), json::array{source});
  EXPECT_EQ(pool().http().del(path() + id).status, 204);
  expect_error_body(pool().http().get(path() + id), 404);
  expect_error_body(pool().http().del(path() + id), 404);
}

TEST_F(DataSources, HaveNamesThatAreUniqueWhateverTheirCase) {
  ASSERT_EQ(pool().http().post_json(path(), {{"name", "Größe"}}).status, 200);
  expect_error_body(pool().http().post_json(path(), {{"name", "GRÖSSE"}}), 409);
  auto other = PoolClient(server());
  EXPECT_EQ(other.http()
                .post_json("/integration/api/pools/" + other.pool() + "/data-sources", {{"name", "Größe"}})
                .status,
            200);
  for (const char* name : {"main", "Adit", "POOL", "information_schema", "__adit_x", ""}) {
    expect_field_error(pool().http().post_json(path(), {{"name", name}}), "name");
  }
  expect_field_error(pool().http().post_json(path(), json::object{}), "name");
  expect_field_error(pool().http().post_json(path(), {{"name", "x"}, {"id", "no uuid"}}), "id");
}

class Columns : public ServerTest {
 protected:
  HttpResponse columns(const std::string& query) {
    return pool().http().get("/integration/api/pools/" + pool().pool() + "/columns?" + query);
  }
};

TEST_F(Columns, AreListedInFourWords) {
  pool().push_done(parquet_job("REPLACE", "types"),
                   {parquet_of("SELECT 1::BIGINT AS i, true AS b, 1.5::DOUBLE AS f, 1.5::DECIMAL(9,2) AS d, "
                               "DATE '2024-01-01' AS day, TIMESTAMP '2024-01-01' AS at, TIME '01:02' AS t, "
                               "'x' AS s")});
  const auto response = columns("tableName=TYPES&schemaName=");
  ASSERT_EQ(response.status, 200) << response.body;
  std::string listed;
  for (const auto& column : response.array()) {
    listed += std::string(field(column, "name").as_string()) + " " +
              std::string(field(column, "type").as_string()) + " " +
              json::serialize(field(column, "length")) + ", ";
  }
  EXPECT_EQ(listed,
            "i INTEGER null, b INTEGER null, f FLOAT null, d FLOAT null, day DATE null, at DATE null, "
            "t STRING 65000, s STRING 65000, _CELONIS_CHANGE_DATE DATE null, ");
  EXPECT_EQ(columns("tableName=types&schemaName=" + pool().pool()).json(), response.json());
}

TEST_F(Columns, OfStringsTellTheDeclaredLengthInBytes) {
  const auto lengths = [&](const std::string& table) {
    std::string list;
    for (const auto& column : columns("tableName=" + table).array())
      list += json::serialize(field(column, "length")) + " ";
    return list;
  };
  const auto schema = json::object{{"tableName", "t"},
                                   {"columns",
                                    {{{"columnName", "a"}, {"columnType", "STRING"}, {"fieldLength", 25}},
                                     {{"columnName", "b"}, {"columnType", "STRING"}}}}};
  pool().push_done(csv_job("REPLACE", "t", {{"tableSchema", schema}, {"fallbackVarcharLength", 10}}),
                   {"a,b\nx,longer than ten characters\n"});
  EXPECT_EQ(lengths("t"), "100 40 null ");
  EXPECT_EQ(pool().value("SELECT b FROM t"), "longer than ten characters");
  // A general length does not touch what is there; a named one does, and new columns get theirs.
  const auto wider =
      json::object{{"tableName", "t"},
                   {"columns", {{{"columnName", "a"}, {"columnType", "STRING"}, {"fieldLength", 50}}}}};
  pool().push_done(csv_job("DELTA", "t", {{"tableSchema", wider}, {"fallbackVarcharLength", 20}}),
                   {"a,b,c\nx,y,z\n"});
  EXPECT_EQ(lengths("t"), "200 40 null 80 ");
  // A replaced table forgets.
  pool().push_done(csv_job("REPLACE", "t"), {"a\nx\n"});
  EXPECT_EQ(lengths("t"), "65000 null ");
}

TEST_F(Columns, OfAnUnknownTableOrConnectionAre404) {
  expect_error_body(columns("tableName=nowhere"), 404);
  expect_error_body(columns("tableName=t&schemaName=7d9c44a8-2222-4222-8333-abcdefabcdef"), 404);
  expect_field_error(columns("tableName=t&schemaName=main"), "schemaName");
  expect_field_error(columns(""), "tableName");
}

}  // namespace
}  // namespace adit::test
