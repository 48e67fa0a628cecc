// The Java client: HTTPS without looking at the certificate, every field of its classes on the wire (null and
// 0 where nothing was set), exactly 200 and no body after upload and execute.
#include <optional>

#include "rehearsals/rehearsal.h"
#include "support/callers.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class JavaClient : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    const auto made =
        pool().http().post_json("/adit/api/v1/keys", {{"name", "java"}, {"kind", "APPLICATION"}});
    key_ = text_of(object_of(made), "key");
    let_application_work(pool().http(), made.json());
    jobs_ = "/integration/api/v1/data-push/" + pool().pool() + "/jobs/";
    connection_.emplace(server().tls_address(), Security::kTls);
  }

  /// Its library writes Host after the caller's headers, and leaves the length out where it sends in chunks.
  HttpResponse ask(const std::string& method, const std::string& target, const std::string& headers = "",
                   const std::string& body = "") {
    return say(*connection_, method + " " + target + " HTTP/1.1\r\nAuthorization: AppKey " + key_ +
                                 "\r\nAccept: application/json, application/*+json\r\n" + headers +
                                 "Host: " + server().tls_address() +
                                 "\r\nConnection: Keep-Alive\r\nUser-Agent: Apache-HttpClient (Java)\r\n"
                                 "Accept-Encoding: gzip,deflate\r\n\r\n" +
                                 body);
  }
  static std::string length(const std::string& body) {
    return "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }

  static std::string column(const std::string& name, const std::string& type, const std::string& key) {
    return R"({"columnName":")" + name + R"(","columnType":")" + type +
           R"(","fieldLength":0,"decimals":0,"pkField":)" + key + "}";
  }
  /// A DataPushJob with the columns id, price, note, day and paid; `key` says whether id is one.
  std::string job_text(const std::string& type, const std::string& key) {
    return R"({"id":null,"targetName":"invoices","lastModified":0,"lastPing":0,"status":null,"type":")" +
           type +
           R"(","fileType":"CSV","targetSchema":null,"upsertStrategy":null,"fallbackVarcharLength":0,)"
           R"("dataPoolId":")" +
           pool().pool() + R"(","connectionId":null,"postExecutionQuery":null,"keys":null,"logs":null,)" +
           R"("sanityCheck":false,"allowDuplicate":false,"foreignKeys":null,"mirrorTargetNames":null,)"
           R"("changeDate":null,"creationDate":0,"tableSchema":{"tableName":"invoices","columns":[)" +
           column("id", "INTEGER", key) + "," + column("price", "FLOAT", "false") + "," +
           column("note", "STRING", "false") + "," + column("day", "DATE", "false") + "," +
           column("paid", "BOOLEAN", "false") +
           R"(]},"csvParsingOptions":{"escapeSequence":null,"quoteSequence":"\"","separatorSequence":",",)"
           R"("lineEnding":"\n","charSet":"UTF-8","decimalSeparator":".","thousandSeparator":null,)"
           R"("dateFormat":null,"additionalColumnOptions":[]}})";
  }
  std::string create(const std::string& type, const std::string& key = "false") {
    const auto text = job_text(type, key);
    const auto job = object_of(
        ask("POST", jobs_, "Content-Type: application/json; charset=UTF-8\r\n" + length(text), text));
    expect_readable_job(job);
    EXPECT_EQ(text_of(job, "status"), "NEW");
    return text_of(job, "id");
  }

  static constexpr const char* kBoundary = "vBz4Yk0gq8Hq3m_-WJx1dXk5sQ";
  /// The part names a type, an encoding and a length of its own, as its libraries do by turns.
  static std::string form(const std::string& bytes, const std::string& part_headers) {
    return std::string("--") + kBoundary +
           "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"chunk-0.csv\"\r\n" + part_headers +
           "\r\n" + bytes + "\r\n--" + kBoundary + "--\r\n";
  }
  HttpResponse upload(const std::string& job, const std::string& body) {
    return ask(
        "POST", jobs_ + job + "/chunks/upserted",
        std::string("Content-Type: multipart/form-data; boundary=") + kBoundary + "\r\n" + length(body),
        body);
  }
  json::object wait(const std::string& job) {
    return poll([&] { return ask("GET", jobs_ + job); });
  }

  static constexpr const char* kOctets =
      "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n";
  std::string key_;
  std::string jobs_;
  std::optional<RawConnection> connection_;
};

TEST_F(JavaClient, ReadsBare200sAfterUploadAndExecuteAndGoesOnOnTheSameConnection) {
  const auto job = create("REPLACE");
  expect_bare_200(upload(job, form("id,price,note,day,paid\n1,2.5,first,2024-02-29,true\n", kOctets)));
  expect_bare_200(upload(job, form("id,price,note,day,paid\n2,,,,\n", "Content-Type: text/csv\r\n")));
  expect_bare_200(ask("POST", jobs_ + job, "Content-Length: 0\r\n"));
  const auto done = wait(job);
  EXPECT_EQ(text_of(done, "status"), "DONE") << json::serialize(done);
  EXPECT_EQ(pool().rows("SELECT id, price::VARCHAR, note, day, paid FROM invoices ORDER BY id"),
            (Rows{{"1", "2.5", "first", "2024-02-29", "true"}, {"2", "NULL", "NULL", "NULL", "NULL"}}));
}

TEST_F(JavaClient, AnExecuteMayHaveAnEmptyObjectAsItsBody) {
  const auto job = create("REPLACE");
  expect_bare_200(upload(job, form("id,price\n1,1\n", kOctets)));
  expect_bare_200(ask("POST", jobs_ + job, "Content-Type: application/json\r\nContent-Length: 2\r\n", "{}"));
  EXPECT_EQ(text_of(wait(job), "status"), "DONE");
}

TEST_F(JavaClient, AZeroIsNoLengthAndNoScale) {
  const auto job = create("REPLACE");
  const std::string note(300, 'n');
  expect_bare_200(upload(job, form("id,price,note\n1,0.1234567890123,\"" + note + "\"\n", kOctets)));
  expect_bare_200(ask("POST", jobs_ + job, "Content-Length: 0\r\n"));
  const auto done = wait(job);
  EXPECT_EQ(text_of(done, "status"), "DONE") << json::serialize(done);
  EXPECT_EQ(pool().rows("SELECT price::VARCHAR, note FROM invoices"), (Rows{{"0.1234567890123", note}}));
  EXPECT_EQ(pool().value("SELECT count(DISTINCT _CELONIS_CHANGE_DATE) FROM invoices"), "1");
  EXPECT_GT(pool().value("SELECT max(_CELONIS_CHANGE_DATE)::VARCHAR FROM invoices"), "2000");
}

TEST_F(JavaClient, KeysAreMarkedInTheSchemaWhileTheListOfKeysIsNull) {
  for (const std::string type : {"REPLACE", "DELTA"}) {
    const auto job = create(type, "true");
    const auto note = type == "DELTA" ? "new" : "old";
    expect_bare_200(upload(job, form(std::string("id,note\n7,") + note + "\n", kOctets)));
    expect_bare_200(ask("POST", jobs_ + job, "Content-Length: 0\r\n"));
    EXPECT_EQ(text_of(wait(job), "status"), "DONE");
  }
  EXPECT_EQ(pool().rows("SELECT id, note FROM invoices"), (Rows{{"7", "new"}}));
}

TEST_F(JavaClient, StreamsAFileInChunksWithALengthInItsPart) {
  const auto job = create("REPLACE");
  const std::string csv = "id,note\n1,streamed\n";
  const auto body = form(csv, std::string(kOctets) + length(csv));
  const auto middle = body.size() / 2;
  const auto chunk = [](const std::string& bytes) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
  };
  expect_bare_200(
      ask("POST", jobs_ + job + "/chunks/upserted",
          std::string("Transfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=") +
              kBoundary + "\r\n",
          chunk(body.substr(0, middle)) + chunk(body.substr(middle)) + "0\r\n\r\n"));
  expect_bare_200(ask("POST", jobs_ + job, "Content-Length: 0\r\n"));
  EXPECT_EQ(text_of(wait(job), "status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT id, note FROM invoices"), (Rows{{"1", "streamed"}}));
}

TEST_F(JavaClient, ListsChunksAndJobsAndDeletes) {
  const auto job = create("REPLACE");
  expect_bare_200(upload(job, form("id\n1\n", kOctets)));
  const auto chunks = array_of(ask("GET", jobs_ + job + "/chunks"));
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(field(chunks[0], "type"), "UPSERT");
  EXPECT_EQ(field(chunks[0], "pushJobId"), json::string(job));
  EXPECT_EQ(field(chunks[0], "checksum"), json::string(sha256_hex("id\n1\n")));
  EXPECT_TRUE(field(chunks[0], "creationDate").is_int64());
  const auto jobs = array_of(ask("GET", jobs_));
  ASSERT_EQ(jobs.size(), 1U);
  expect_readable_job(jobs[0].as_object());
  const auto deleted = ask("DELETE", jobs_ + job);
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.header("content-length"), std::nullopt);
  EXPECT_TRUE(array_of(ask("GET", jobs_)).empty());
}

}  // namespace
}  // namespace adit::test
