// Clients of older documentation: other prefixes, CSV, words that have since been renamed.
#include "rehearsals/rehearsal.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

/// Over each of the prefixes, the current one too: they are the same routes.
class OlderClients : public ServerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  HttpResponse ask(const std::string& method, const std::string& target, const std::string& type = "",
                   const std::string& body = "") {
    auto head = method + " " + target + " HTTP/1.1\r\nHost: " + server().address() +
                "\r\nUser-Agent: python-requests/2.22\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n"
                "Connection: keep-alive\r\nauthorization: Bearer " +
                server().admin_key() + "\r\n";
    if (method != "GET") head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    if (!type.empty()) head += "Content-Type: " + type + "\r\n";
    return say_once(server().address(), head + "\r\n" + body);
  }
  std::string jobs(const std::string& prefix = GetParam()) const {
    return prefix + "/api/v1/data-push/" + pool_id_ + "/jobs/";
  }
  HttpResponse create(const std::string& type, const std::string& more = "") {
    return ask("POST", jobs(), "application/json",
               R"({"targetName":"log","dataPoolId":")" + pool_id_ + R"(","fileType":"CSV","type":")" + type +
                   "\"" + more + "}");
  }
  HttpResponse upload(const std::string& to, const std::string& csv) {
    return ask("POST", to, "multipart/form-data; boundary=a1b2",
               "--a1b2\r\nContent-Disposition: form-data; name=\"file\"; filename=\"log.csv\"\r\n\r\n" + csv +
                   "\r\n--a1b2--\r\n");
  }

  std::string pool_id_;
};

INSTANTIATE_TEST_SUITE_P(Prefixes, OlderClients,
                         ::testing::Values("/integration", "/integration-hybrid", "/data-ingestion"));

TEST_P(OlderClients, FindTheirPoolByNameAndUpsertIntoItWithTheOldWord) {
  pool_id_ = pool().pool();
  const auto name = "older " + std::string(GetParam());
  ask("PUT", "/integration/api/pools/" + pool_id_, "application/json", R"({"name":")" + name + "\"}");
  std::string found;
  for (const auto& each : array_of(ask("GET", "/integration/api/pools"))) {
    if (field(each, "name") == json::string(name)) found = text_of(each.as_object(), "id");
  }
  ASSERT_EQ(found, pool_id_);
  EXPECT_TRUE(array_of(ask("GET", "/integration/api/pools/" + pool_id_ + "/data-sources/")).empty());
  for (const std::string csv : {"id,name\n1,one\n2,two\n", "id,name\n2,zwei\n"}) {
    const auto job = object_of(create("UPSERT", R"(,"keys":["id"])"));
    EXPECT_EQ(text_of(job, "type"), "DELTA");
    const auto path = jobs() + text_of(job, "id");
    expect_bare_200(upload(path + "/chunks/upserted", csv));
    expect_bare_200(ask("POST", path));
    EXPECT_EQ(text_of(poll([&] { return ask("GET", path); }), "status"), "DONE");
  }
  EXPECT_EQ(pool().rows("SELECT id, name FROM log ORDER BY id"), (Rows{{"1", "one"}, {"2", "zwei"}}));
}

TEST_P(OlderClients, DeclareTheirTypesAndOptionsForCsv) {
  pool_id_ = pool().pool();
  const auto made = create(
      "REPLACE",
      R"(,"tableSchema":{"tableName":"log","columns":[{"columnName":"id","columnType":"STRING","fieldLength":40},)"
      R"({"columnName":"at","columnType":"DATETIME"}]},)"
      R"("csvParsingOptions":{"separatorSequence":";","quoteSequence":"'","escapeSequence":"\\"})");
  const auto path = jobs() + text_of(object_of(made), "id");
  expect_bare_200(upload(path + "/chunks/upserted", "id;at\n'0;1';2024-01-02 03:04:05\n"));
  expect_bare_200(ask("POST", path));
  const auto done = poll([&] { return ask("GET", path); });
  EXPECT_EQ(text_of(done, "status"), "DONE") << json::serialize(done);
  EXPECT_EQ(pool().rows("SELECT id, \"at\"::VARCHAR FROM log"), (Rows{{"0;1", "2024-01-02 03:04:05"}}));
}

TEST_P(OlderClients, MayChangePrefixInTheMiddleOfAJob) {
  pool_id_ = pool().pool();
  const auto id = text_of(object_of(create("REPLACE")), "id");
  expect_bare_200(upload(jobs("/integration") + id + "/chunks/upserted", "id\n1\n"));
  expect_bare_200(upload(jobs("/integration-hybrid") + id + "/chunks/upserted", "id\n2\n"));
  expect_bare_200(ask("POST", jobs("/data-ingestion") + id));
  EXPECT_EQ(text_of(poll([&] { return ask("GET", jobs() + id); }), "status"), "DONE");
  EXPECT_EQ(array_of(ask("GET", jobs() + id + "/chunks")).size(), 2U);
  EXPECT_EQ(pool().value("SELECT count(*) FROM log"), "2");
}

TEST_P(OlderClients, KeepThePoolIdThatIsWrittenIntoThem) {
  const std::string last = std::string(GetParam()) == "/integration"          ? "1"
                           : std::string(GetParam()) == "/integration-hybrid" ? "2"
                                                                              : "3";
  pool_id_ = "bea4fb85-5d27-4336-b4db-b83207e8a03" + last;
  const auto made = ask("POST", "/integration/api/pools", "application/json",
                        R"({"id":")" + pool_id_ + R"(","name":"moved )" + last + "\"}");
  EXPECT_EQ(text_of(object_of(made), "id"), pool_id_);
  const auto path = jobs() + text_of(object_of(create("REPLACE")), "id");
  expect_bare_200(upload(path + "/chunks/upserted", "id\n1\n"));
  expect_bare_200(ask("POST", path));
  EXPECT_EQ(text_of(poll([&] { return ask("GET", path); }), "status"), "DONE");
}

}  // namespace
}  // namespace adit::test
