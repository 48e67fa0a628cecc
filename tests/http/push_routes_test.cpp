// Every row of the table of push endpoints, under each of the three prefixes.
#include <algorithm>
#include <chrono>

#include "support/server_test.h"

namespace adit::test {
namespace {

constexpr const char* kUnknownJob = "0b7f6e6e-6f0f-4c1c-9a53-0123456789ab";
constexpr const char* kCsv = "id,name\n1,one\n2,two\n";

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class PushRoutes : public ServerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    client_ = std::make_unique<PoolClient>(server().http(), pool().pool(), GetParam());
  }
  PoolClient& client() { return *client_; }

 private:
  std::unique_ptr<PoolClient> client_;
};

INSTANTIATE_TEST_SUITE_P(Prefixes, PushRoutes,
                         ::testing::Values("/data-ingestion", "/integration", "/integration-hybrid"));

TEST_P(PushRoutes, CreateAnswers200WithTheJobAsItIsKept) {
  const auto before = now_ms();
  const auto response = client().try_create(csv_job("REPLACE", "orders", {{"keys", {"id"}}}));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_TRUE(response.header("content-type").value_or("").starts_with("application/json"));
  const auto job = response.json();
  EXPECT_EQ(field(job, "id").as_string().size(), 36U);
  EXPECT_EQ(field(job, "dataPoolId"), boost::json::string(client().pool()));
  EXPECT_EQ(field(job, "targetName"), "orders");
  EXPECT_EQ(field(job, "type"), "REPLACE");
  EXPECT_EQ(field(job, "fileType"), "CSV");
  EXPECT_EQ(field(job, "status"), "NEW");
  EXPECT_EQ(field(job, "keys"), (boost::json::array{"id"}));
  for (const char* date : {"creationDate", "lastModified"}) {
    ASSERT_TRUE(field(job, date).is_int64()) << date << " in " << response.body;
    EXPECT_GE(field(job, date).as_int64(), before - 1) << date;
    EXPECT_LE(field(job, date).as_int64(), now_ms() + 1) << date;
  }
}

TEST_P(PushRoutes, GetAnswersTheJobThatCreateAnswered) {
  const auto created = client().create(csv_job("DELTA", "orders"));
  const auto got = client().job(std::string(created.at("id").as_string()));
  for (const char* member :
       {"id", "dataPoolId", "targetName", "type", "fileType", "status", "creationDate"}) {
    EXPECT_EQ(got.at(member), created.at(member)) << member;
  }
}

TEST_P(PushRoutes, ListShowsTheNewestJobFirst) {
  EXPECT_TRUE(client().http().get(client().jobs_path()).json().as_array().empty());
  std::vector<std::string> created;
  for (const char* table : {"a", "b", "c"}) created.push_back(client().create_job(csv_job("DELTA", table)));
  std::ranges::reverse(created);
  const auto response = client().http().get(client().jobs_path());
  ASSERT_EQ(response.status, 200) << response.body;
  std::vector<std::string> listed;
  for (const auto& job : response.array()) listed.emplace_back(job.at("id").as_string());
  EXPECT_EQ(listed, created);
}

TEST_P(PushRoutes, ListCanBeNarrowedByStatusTargetLimitAndOffset) {
  const auto first = client().create_job(csv_job("DELTA", "a"));
  const auto second = client().create_job(csv_job("DELTA", "b"));
  const auto third = client().create_job(csv_job("DELTA", "a"));
  ASSERT_EQ(client().try_cancel(third).status, 200);
  const auto ids = [this](const std::string& query) {
    std::vector<std::string> listed;
    const auto response = client().http().get(client().jobs_path() + query);
    EXPECT_EQ(response.status, 200) << response.body;
    for (const auto& job : response.array()) listed.emplace_back(job.at("id").as_string());
    return listed;
  };
  EXPECT_EQ(ids("?status=CANCELED"), (std::vector{third}));
  EXPECT_EQ(ids("?targetName=a"), (std::vector{third, first}));
  EXPECT_EQ(ids("?targetName=a&status=NEW"), (std::vector{first}));
  EXPECT_EQ(ids("?limit=1&offset=1"), (std::vector{second}));
  EXPECT_EQ(client().http().get(client().jobs_path() + "?status=FINISHED").status, 400);
  EXPECT_EQ(client().http().get(client().jobs_path() + "?limit=few").status, 400);
}

TEST_P(PushRoutes, UploadAndExecuteAnswer200WithAnEmptyBodyAndTheRowsLand) {
  const auto job = client().create_job(csv_job("REPLACE", "orders"));
  const auto uploaded = client().try_upload(job, kCsv);
  EXPECT_EQ(uploaded.status, 200) << uploaded.body;
  EXPECT_EQ(uploaded.body, "");
  const auto executed = client().try_execute(job);
  EXPECT_EQ(executed.status, 200) << executed.body;
  EXPECT_EQ(executed.body, "");
  const auto done = client().wait(job);
  EXPECT_EQ(done.at("status"), "DONE") << logs_of(done);
  EXPECT_EQ(client().rows("SELECT id, name FROM orders ORDER BY id"), (Rows{{"1", "one"}, {"2", "two"}}));
}

TEST_P(PushRoutes, ExecuteTakesAnEmptyObjectAsItsBody) {
  const auto job = client().create_job(csv_job("REPLACE", "orders"));
  client().upload(job, kCsv);
  const auto executed = client().http().post_text(client().job_path(job), "{}");
  EXPECT_EQ(executed.status, 200) << executed.body;
  EXPECT_EQ(executed.body, "");
  EXPECT_EQ(client().wait(job).at("status"), "DONE");
}

TEST_P(PushRoutes, ARawBodyIsOneChunk) {
  const auto job = client().create_job(csv_job("REPLACE", "orders"));
  for (const char* type : {"text/csv", "application/octet-stream", "application/vnd.apache.parquet"}) {
    const auto response = client().http().upload_raw(client().chunks_path(job), kCsv, type);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body, "");
  }
  EXPECT_EQ(client().chunks(job).size(), 3U);
}

TEST_P(PushRoutes, ChunksAreListedInUploadOrderWithTheirDigests) {
  const auto job = client().create_job(csv_job("DELTA", "orders", {{"keys", {"id"}}}));
  const std::vector<std::string> bodies{"id,name\n1,one\n", "id,name\n2,two\n3,three\n", "id\n1\n"};
  client().upload(job, bodies[0]);
  client().upload(job, bodies[1]);
  client().upload_deleted(job, bodies[2]);
  const auto chunks = client().wait_staged(job);
  ASSERT_EQ(chunks.size(), 3U);
  const std::vector<std::string> types{"UPSERT", "UPSERT", "DELETE"};
  const std::vector<std::int64_t> rows{1, 2, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(field(chunks[i], "checksum"), boost::json::string(sha256_hex(bodies[i])));
    EXPECT_EQ(field(chunks[i], "type"), boost::json::string(types[i]));
    EXPECT_EQ(field(chunks[i], "pushJobId"), boost::json::string(job));
    EXPECT_TRUE(field(chunks[i], "creationDate").is_int64());
    EXPECT_EQ(field(chunks[i], "adit.bytes"), bodies[i].size());
    EXPECT_EQ(field(chunks[i], "adit.rows"), rows[i]);
    EXPECT_EQ(field(chunks[i], "adit.state"), "STAGED");
    EXPECT_EQ(field(chunks[i], "adit.errors"), boost::json::array{});
  }
}

TEST_P(PushRoutes, SeveralFilePartsAreSeveralChunksInOrder) {
  const auto job = client().create_job(csv_job("REPLACE", "orders"));
  const auto response = client().http().upload_multipart(
      client().chunks_path(job), {{"id\n1\n"}, {"id\n2\n", "file", "other.csv", "text/csv"}, {"id\n3\n"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const auto chunks = client().chunks(job);
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(field(chunks[0], "checksum"), boost::json::string(sha256_hex("id\n1\n")));
  EXPECT_EQ(field(chunks[1], "checksum"), boost::json::string(sha256_hex("id\n2\n")));
  EXPECT_EQ(field(chunks[2], "checksum"), boost::json::string(sha256_hex("id\n3\n")));
}

TEST_P(PushRoutes, OfSeveralFilePartsNoneIsKeptWhenOneIsBad) {
  const auto job = client().create_job(csv_job("REPLACE", "orders"));
  const auto response =
      client().http().upload_multipart(client().chunks_path(job), {{"id\n1\n"}, {""}, {"id\n3\n"}});
  EXPECT_EQ(response.status, 400) << response.body;
  EXPECT_TRUE(client().chunks(job).empty());
}

TEST_P(PushRoutes, TheFormatComesFromTheJobAndNotFromThePart) {
  const auto job = client().create_job(parquet_job("REPLACE", "orders"));
  const auto bytes = parquet_of("SELECT 1 AS id");
  const auto response =
      client().http().upload_multipart(client().chunks_path(job), {{bytes, "file", "data.csv", "text/csv"}});
  ASSERT_EQ(response.status, 200) << response.body;
  client().execute(job);
  EXPECT_EQ(client().wait(job).at("status"), "DONE");
}

TEST_P(PushRoutes, CancelAnswers200WithTheCanceledJob) {
  const auto job = client().create_job(csv_job("REPLACE", "orders"));
  const auto response = client().try_cancel(job);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(field(response.json(), "id"), boost::json::string(job));
  EXPECT_EQ(field(response.json(), "status"), "CANCELED");
  EXPECT_EQ(client().status(job), "CANCELED");
}

TEST_P(PushRoutes, DeleteAnswers204AndThenTheJobIs404) {
  const auto job = client().create_job(csv_job("REPLACE", "orders"));
  const auto response = client().try_delete(job);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, "");
  expect_error_body(client().http().get(client().job_path(job)), 404);
  EXPECT_EQ(client().http().get(client().job_path(job) + "/chunks").status, 404);
  EXPECT_EQ(client().try_delete(job).status, 404);
  EXPECT_EQ(client().try_execute(job).status, 404);
  EXPECT_EQ(client().try_cancel(job).status, 404);
  EXPECT_EQ(client().try_upload(job, kCsv).status, 404);
  EXPECT_TRUE(client().http().get(client().jobs_path()).json().as_array().empty());
}

TEST_P(PushRoutes, PathsMayHaveDoubledSlashesAndATrailingOneOrNone) {
  const std::string base = std::string(GetParam()) + "/api/v1/data-push/" + client().pool() + "/jobs";
  const auto created = client().http().post_json(base, csv_job("REPLACE", "orders"));
  ASSERT_EQ(created.status, 200) << created.body;
  const std::string job(created.json().at("id").as_string());
  EXPECT_EQ(client().http().upload_multipart(base + "//" + job + "/chunks/upserted", {{kCsv}}).status, 200);
  EXPECT_EQ(client().http().upload_multipart(base + "/" + job + "/chunks/upserted/", {{kCsv}}).status, 200);
  EXPECT_EQ(client().http().get(base + "/" + job + "/").status, 200);
  EXPECT_EQ(client().http().get("//" + base.substr(1) + "//" + job + "//chunks//").json().as_array().size(),
            2U);
  EXPECT_EQ(client().http().get(base + "/").status, 200);
  EXPECT_EQ(client().http().get(base).status, 200);
  EXPECT_EQ(client().http().post(base + "/" + job + "/").status, 200);
}

TEST_P(PushRoutes, AnUnknownPoolOrJobIs404) {
  const std::string elsewhere = std::string(GetParam()) + "/api/v1/data-push/" + kUnknownJob + "/jobs/";
  expect_error_body(client().http().get(elsewhere), 404);
  expect_error_body(client().http().post_json(elsewhere, csv_job("REPLACE", "t")), 404);
  expect_error_body(client().http().get(client().job_path(kUnknownJob)), 404);
  expect_error_body(client().try_execute(kUnknownJob), 404);
  expect_error_body(client().try_cancel(kUnknownJob), 404);
  expect_error_body(client().try_delete(kUnknownJob), 404);
  expect_error_body(client().try_upload(kUnknownJob, kCsv), 404);
  expect_error_body(client().http().get(client().job_path(kUnknownJob) + "/chunks"), 404);
}

TEST_P(PushRoutes, AnIdThatIsNoUuidIs404) {
  expect_error_body(client().http().get(client().job_path("42")), 404);
  expect_error_body(client().try_delete("not-a-uuid"), 404);
  expect_error_body(client().http().get(std::string(GetParam()) + "/api/v1/data-push/main/jobs/"), 404);
}

TEST_P(PushRoutes, AJobOfAnotherPoolIs404) {
  PoolClient other(server().http(), create_pool(client().http(), "another"), GetParam());
  const auto job = other.create_job(csv_job("REPLACE", "orders"));
  EXPECT_EQ(client().http().get(client().job_path(job)).status, 404);
  EXPECT_EQ(client().try_delete(job).status, 404);
  EXPECT_EQ(other.status(job), "NEW");
}

TEST_P(PushRoutes, GetOnTheBaseUrlSaysWhatThisIs) {
  for (const char* end : {"/api", "/api/"}) {
    const auto response = client().http().get(GetParam() + std::string(end));
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_TRUE(field(response.json(), "name").is_string()) << response.body;
    EXPECT_TRUE(field(response.json(), "version").is_string()) << response.body;
  }
}

TEST_P(PushRoutes, EveryPrefixSeesTheSameJobs) {
  const auto job = client().create_job(csv_job("REPLACE", "orders"));
  for (const char* prefix : {"/data-ingestion", "/integration", "/integration-hybrid"}) {
    EXPECT_EQ(PoolClient(server().http(), client().pool(), prefix).status(job), "NEW");
  }
}

}  // namespace
}  // namespace adit::test
