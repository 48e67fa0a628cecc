// The Python SDK: finds out which kind of key it has, pushes Parquet, deletes its jobs. One connection for
// all.
#include <fstream>
#include <optional>
#include <sstream>

#include "rehearsals/rehearsal.h"
#include "support/callers.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

/// The field of the multipart request in which a chunk goes to one of these lists.
enum class Chunk { kUpserted, kDeleted };

/// One session of the SDK.
class Sdk {
 public:
  Sdk(const std::string& address, std::string key)
      : connection_(address), host_(address), key_(std::move(key)) {}

  /// The kind of key that the probe finds: AppKey first, Bearer after a 401 or 403 and nothing else.
  std::string find_scheme() {
    for (const std::string scheme : {"AppKey", "Bearer"}) {
      scheme_ = scheme;
      const auto probe = ask("GET", "/api/cloud");
      if (probe.status == 200) return scheme;
      if (probe.status != 401 && probe.status != 403) break;
    }
    return "none";
  }

  HttpResponse ask(const std::string& method, const std::string& target, const std::string& type = "",
                   const std::string& body = "") {
    auto head = method + " " + target + " HTTP/1.1\r\nHost: " + host_ +
                "\r\nAccept: application/json\r\nAccept-Encoding: gzip, deflate\r\n"
                "Connection: keep-alive\r\nUser-Agent: python-sdk\r\nAuthorization: " +
                scheme_ + " " + key_ + "\r\n";
    if (method == "POST") head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    if (!type.empty()) head += "Content-Type: " + type + "\r\n";
    return say(connection_, head + "\r\n" + body);
  }

  json::array tables(const std::string& pool) {
    return array_of(ask("GET", "/integration/api/pools/" + pool + "/tables"));
  }
  bool has_table(const std::string& pool, std::string_view name) {
    for (const auto& table : tables(pool)) {
      if (field(table, "name") == json::string(name)) return true;
    }
    return false;
  }

  /// Every field is there, the unknown ones as null.
  static std::string job_text(const std::string& pool, const std::string& table, const std::string& type,
                              const std::string& keys) {
    return R"({"id":null,"dataPoolId":")" + pool + R"(","targetName":")" + table +
           R"(","connectionId":null,"type":")" + type + R"(","fileType":"PARQUET","status":null,"keys":)" +
           keys +
           R"(,"tableSchema":null,"csvParsingOptions":null,"fallbackVarcharLength":null,)"
           R"("upsertStrategy":null,"allowDuplicate":null,"foreignKeys":null,"targetSchema":null,)"
           R"("postExecutionQuery":null,"mirrorTargetNames":null,"logs":null,"lastModified":null,)"
           R"("lastPing":null,"changeDate":null,"creationDate":null})";
  }

  std::string create_job(const std::string& pool, const std::string& table, const std::string& type,
                         const std::string& keys) {
    jobs_ = "/data-ingestion/api/v1/data-push/" + pool + "/jobs/";
    const auto job = object_of(ask("POST", jobs_, "application/json", job_text(pool, table, type, keys)));
    expect_readable_job(job);
    EXPECT_EQ(text_of(job, "status"), "NEW");
    return text_of(job, "id");
  }

  HttpResponse upload(const std::string& job, const std::string& bytes, Chunk chunk) {
    const std::string boundary = "5b2f9d1c7a3e4f60918273645546372a";
    const auto body = "--" + boundary +
                      "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"upload\"\r\n"
                      "Content-Type: application/octet-stream\r\n\r\n" +
                      bytes + "\r\n--" + boundary + "--\r\n";
    return ask("POST", jobs_ + job + (chunk == Chunk::kUpserted ? "/chunks/upserted" : "/chunks/deleted"),
               "multipart/form-data; boundary=" + boundary, body);
  }

  /// From the list of tables to the list of tables. Returns the job as it was last seen.
  json::object push(const std::string& pool, const std::string& table, const std::string& type,
                    const std::string& keys, const std::vector<std::string>& chunks,
                    Chunk chunk = Chunk::kUpserted) {
    tables(pool);
    const auto id = create_job(pool, table, type, keys);
    for (const auto& bytes : chunks) expect_bare_200(upload(id, bytes, chunk));
    const auto waiting = object_of(ask("GET", jobs_ + id));
    expect_readable_job(waiting);
    EXPECT_EQ(text_of(waiting, "status"), "NEW");
    expect_bare_200(ask("POST", jobs_ + id));
    poll([&] { return ask("GET", jobs_ + id); });
    auto ended = object_of(ask("GET", jobs_ + id));
    EXPECT_EQ(ask("DELETE", jobs_ + id).status, 204);
    EXPECT_EQ(ask("GET", jobs_ + id).status, 404);
    tables(pool);
    return ended;
  }

 private:
  RawConnection connection_;
  std::string host_;
  std::string key_;
  std::string scheme_ = "AppKey";
  std::string jobs_;
};

class PythonSdk : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    sdk_.emplace(server().address(), server().admin_key());
    ASSERT_EQ(sdk_->find_scheme(), "Bearer");
  }
  json::object push(const std::string& type, const std::string& keys, const std::vector<std::string>& chunks,
                    Chunk chunk = Chunk::kUpserted) {
    return sdk_->push(pool().pool(), "orders", type, keys, chunks, chunk);
  }
  Rows orders() { return pool().rows("SELECT id, name FROM orders ORDER BY id, name"); }
  static std::string three_rows() {
    return parquet_of("SELECT * FROM (VALUES (1::BIGINT, 'one'), (2, 'two'), (3, 'three')) AS t(id, name)");
  }

  std::optional<Sdk> sdk_;
};

TEST_F(PythonSdk, FindsAUserKeyByA401AndLearnsWhoItIsOnTheSameConnection) {
  Sdk sdk(server().address(), server().admin_key());
  EXPECT_EQ(sdk.ask("GET", "/api/cloud").status, 401);
  EXPECT_EQ(sdk.find_scheme(), "Bearer");
  const auto caller = object_of(sdk.ask("GET", "/api/cloud"));
  for (const auto* name : {"id", "email", "name", "teamId", "teamName", "teamDomain", "language"}) {
    EXPECT_FALSE(text_of(caller, name).empty()) << name;
  }
  EXPECT_TRUE(field(caller, "role").is_int64());
  EXPECT_EQ(field(caller, "active"), true);
  const auto permissions = array_of(sdk.ask("GET", "/api/cloud/permissions"));
  ASSERT_FALSE(permissions.empty());
  EXPECT_EQ(field(permissions[0], "serviceName"), "event-collection");
  EXPECT_TRUE(field(permissions[0], "permissions").is_array());
  const auto team = object_of(sdk.ask("GET", "/api/cloud/team"));
  EXPECT_EQ(field(team, "trackingEnabled"), false);
  EXPECT_FALSE(text_of(team, "domain").empty());
}

TEST_F(PythonSdk, FindsAnApplicationKeyAtOnceAndPushesWithIt) {
  const auto made =
      pool().http().post_json("/adit/api/v1/keys", {{"name", "extractor"}, {"kind", "APPLICATION"}});
  let_application_work(pool().http(), made.json());
  Sdk sdk(server().address(), text_of(object_of(made), "key"));
  ASSERT_EQ(sdk.find_scheme(), "AppKey");
  EXPECT_EQ(text_of(sdk.push(pool().pool(), "orders", "REPLACE", "null", {three_rows()}), "status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM orders"), "3");
}

TEST_F(PythonSdk, AKeyThatHoldsForNothingIs401Twice) {
  Sdk sdk(server().address(), base64("7d9c44a8-1111-4222-8333-abcdefabcdef:" + base64(std::string(32, 'x'))));
  EXPECT_EQ(sdk.find_scheme(), "none");
  EXPECT_EQ(sdk.ask("GET", "/integration/api/pools").status, 401);
}

TEST_F(PythonSdk, CreateTableShowsTheTableInTheLastList) {
  EXPECT_FALSE(sdk_->has_table(pool().pool(), "orders"));
  const auto job =
      push("REPLACE", "null", {three_rows(), parquet_of("SELECT 4::BIGINT AS id, 'four' AS name")});
  EXPECT_EQ(text_of(job, "status"), "DONE") << json::serialize(job);
  EXPECT_TRUE(sdk_->has_table(pool().pool(), "orders"));
  EXPECT_EQ(orders(), (Rows{{"1", "one"}, {"2", "two"}, {"3", "three"}, {"4", "four"}}));
  // A global table: no connection, the pool's schema; and its columns are asked for with an empty schemaName.
  const auto table = sdk_->tables(pool().pool()).at(0);
  EXPECT_TRUE(field(table, "dataSourceId").is_null());
  EXPECT_EQ(field(table, "schemaName"), json::string(pool().pool()));
  EXPECT_EQ(field(table, "type"), "TABLE");
  const auto columns = array_of(
      sdk_->ask("GET", "/integration/api/pools/" + pool().pool() + "/columns?tableName=orders&schemaName="));
  ASSERT_GE(columns.size(), 2U);
  EXPECT_EQ(field(columns[0], "name"), "id");
  EXPECT_EQ(field(columns[0], "type"), "INTEGER");
  EXPECT_EQ(field(columns[1], "type"), "STRING");
}

TEST_F(PythonSdk, CreateTableKeepsItsInt96MomentsAndLongStrings) {
  std::ifstream stream(ADIT_TEST_DATA "/int96.parquet", std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  ASSERT_FALSE(bytes.str().empty());
  EXPECT_EQ(text_of(push("REPLACE", "null", {bytes.str()}), "status"), "DONE");
  EXPECT_EQ(pool().value("SELECT typeof(\"at\") LIKE 'TIMESTAMP%' FROM orders LIMIT 1"), "true");
  EXPECT_EQ(pool().value("SELECT count(*) - count(\"at\") FROM orders"), "1");
  push("REPLACE", "null", {parquet_of("SELECT repeat('x', 5000) AS text")});
  EXPECT_EQ(pool().value("SELECT length(text) FROM orders"), "5000");
}

TEST_F(PythonSdk, AppendUpsertAndDeleteFollowOneAnother) {
  push("REPLACE", "null", {three_rows()});
  EXPECT_EQ(text_of(push("DELTA", "null", {three_rows()}), "status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM orders"), "6");
  EXPECT_EQ(text_of(push("REPLACE", "[\"id\"]", {three_rows()}), "status"), "DONE");
  const auto upserted =
      push("DELTA", "[\"id\"]",
           {parquet_of("SELECT * FROM (VALUES (2::BIGINT, 'zwei'), (9, 'nine')) AS t(id, name)"),
            parquet_of("SELECT 9::BIGINT AS id, 'neun' AS name")});
  EXPECT_EQ(text_of(upserted, "status"), "DONE") << json::serialize(upserted);
  EXPECT_EQ(orders(), (Rows{{"1", "one"}, {"2", "zwei"}, {"3", "three"}, {"9", "neun"}}));
  const auto deleted =
      push("DELTA", "[\"id\"]", {parquet_of("SELECT unnest([1, 9])::BIGINT AS id")}, Chunk::kDeleted);
  EXPECT_EQ(text_of(deleted, "status"), "DONE") << json::serialize(deleted);
  EXPECT_EQ(orders(), (Rows{{"2", "zwei"}, {"3", "three"}}));
  EXPECT_TRUE(
      array_of(sdk_->ask("GET", "/data-ingestion/api/v1/data-push/" + pool().pool() + "/jobs/")).empty());
}

TEST_F(PythonSdk, FindsTheWordsThatTellAWrongKeyInTheRefusalOfTheUpload) {
  const auto job = sdk_->create_job(pool().pool(), "orders", "DELTA", "[\"ID_THAT_IS_MISSING\"]");
  const auto refused = sdk_->upload(job, three_rows(), Chunk::kUpserted);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("Internal error while validating the Parquet"), std::string::npos)
      << refused.body;
  EXPECT_NE(refused.body.find("ID_THAT_IS_MISSING"), std::string::npos) << refused.body;
}

TEST_F(PythonSdk, ShowsTheLogsOfAJobThatFailed) {
  push("REPLACE", "[\"id\"]", {three_rows()});
  const auto failed = push("DELTA", "[\"id\"]", {parquet_of("SELECT NULL::BIGINT AS id, 'nobody' AS name")});
  EXPECT_EQ(text_of(failed, "status"), "ERROR");
  EXPECT_NE(logs_of(failed).find("id"), std::string::npos) << json::serialize(failed);
  EXPECT_EQ(pool().value("SELECT count(*) FROM orders"), "3");
}

}  // namespace
}  // namespace adit::test
