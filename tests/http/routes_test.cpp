// Every route: which methods it has, and what the others are told.
#include <algorithm>

#include "support/server_test.h"

namespace adit::test {
namespace {

class Routes : public ServerTest {
 protected:
  struct Known {
    std::string path;
    std::vector<std::string> methods;  ///< besides HEAD and OPTIONS
  };

  std::vector<Known> routes() {
    const auto& id = pool().pool();
    std::vector<Known> all;
    for (const std::string prefix : {"/data-ingestion", "/integration", "/integration-hybrid"}) {
      const auto jobs = prefix + "/api/v1/data-push/" + id + "/jobs";
      const auto job = jobs + "/" + job_;
      all.push_back({prefix + "/api", {"GET"}});
      all.push_back({jobs, {"GET", "POST"}});
      all.push_back({job, {"GET", "POST", "DELETE"}});
      all.push_back({job + "/cancel", {"POST"}});
      all.push_back({job + "/chunks", {"GET"}});
      all.push_back({job + "/chunks/upserted", {"POST"}});
      all.push_back({job + "/chunks/deleted", {"POST"}});
      all.push_back({job + "/chunks/" + job_, {"DELETE"}});
    }
    for (const std::string pools : {"/integration/api/pools", "/adit/api/v1/pools"}) {
      all.push_back({pools, {"GET", "POST"}});
      all.push_back({pools + "/" + id + "/tables", {"GET"}});
    }
    all.push_back({"/adit/api/v1/pools/" + id + "/query", {"POST"}});
    all.push_back({"/adit/api/v1/pools/" + id + "/quota", {"GET", "PUT"}});
    all.push_back({"/adit/api/v1/pools/" + id + "/history", {"GET"}});
    all.push_back({"/adit/api/v1/pools/" + id + "/history/" + job_, {"GET"}});
    all.push_back({"/adit/api/v1/keys", {"GET", "POST"}});
    for (const char* path : {"/", "/adit/api/v1", "/healthz", "/readyz", "/metrics", "/openapi.json"})
      all.push_back({path, {"GET"}});
    return all;
  }
  void SetUp() override {
    ServerTest::SetUp();
    job_ = pool().create_job(csv_job("REPLACE", "t"));
    pool().upload(job_, "id\n1\n");
  }

  std::string job_;
};

TEST_F(Routes, AnyOtherMethodIs405WithAllow) {
  for (const auto& route : routes()) {
    for (const std::string method : {"GET", "POST", "DELETE", "PUT", "PATCH", "TRACE", "BREW"}) {
      if (std::ranges::find(route.methods, method) != route.methods.end()) continue;
      SCOPED_TRACE(method + " " + route.path);
      const auto response = pool().http().send({method, route.path});
      expect_error_body(response, 405);
      const auto allow = ", " + response.header("allow").value_or("") + ",";
      for (const auto& known : route.methods)
        EXPECT_NE(allow.find(", " + known + ","), std::string::npos) << allow;
      EXPECT_EQ(allow.find(", " + method + ","), std::string::npos) << allow;
    }
  }
}

TEST_F(Routes, OptionsTellsTheMethodsToEverybody) {
  auto http = server().http();
  http.set_authorization(std::nullopt);
  for (const auto& route : routes()) {
    SCOPED_TRACE(route.path);
    const auto response = http.send({"OPTIONS", route.path});
    EXPECT_EQ(response.status, 204);
    const auto allow = response.header("allow").value_or("");
    for (const auto& known : route.methods) EXPECT_NE(allow.find(known), std::string::npos) << allow;
    EXPECT_NE(allow.find("OPTIONS"), std::string::npos);
  }
  EXPECT_EQ(http.send({"OPTIONS", "/nothing"}).status, 404);
}

TEST_F(Routes, HeadIsEveryGetWithoutItsBody) {
  pool().wait_staged(job_);
  for (const auto& route : routes()) {
    if (route.methods.front() != "GET" || route.path == "/metrics") continue;
    SCOPED_TRACE(route.path);
    const auto got = pool().http().get(route.path);
    const auto head = pool().http().send({"HEAD", route.path});
    EXPECT_EQ(head.status, got.status);
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(head.header("content-type"), got.header("content-type"));
    EXPECT_EQ(head.header("content-length"), std::to_string(got.body.size()));
  }
  EXPECT_EQ(pool().http().send({"HEAD", "/nothing"}).status, 404);
}

TEST_F(Routes, AJobSaysHowFarItIs) {
  pool().wait_staged(job_);
  auto job = pool().job(job_);
  EXPECT_EQ(field(job, "adit.phase"), "RECEIVING");
  EXPECT_EQ(field(job, "adit.chunks"), 1);
  EXPECT_EQ(field(job, "adit.bytes"), 5);
  EXPECT_EQ(field(job, "adit.rowsStaged"), 1);
  EXPECT_EQ(field(job, "adit.rowsLanded"), 0);
  EXPECT_TRUE(field(job, "adit.timings.receivingMs").is_null());
  pool().execute(job_);
  job = pool().wait(job_);
  EXPECT_EQ(field(job, "adit.progress").to_number<double>(), 1.0);
  EXPECT_EQ(field(job, "adit.phase"), "LANDED");
  EXPECT_EQ(field(job, "adit.rowsLanded"), 1);
  EXPECT_EQ(field(job, "adit.rowsRejected"), 0);
  for (const char* phase : {"receivingMs", "waitingMs", "landingMs"}) {
    const auto ms = field(job, std::string("adit.timings.") + phase);
    ASSERT_TRUE(ms.is_int64()) << phase << " " << boost::json::serialize(job);
    EXPECT_GE(ms.as_int64(), 0) << phase;
  }
}

TEST_F(Routes, EveryErrorNamesTheReferenceThatStandsInTheLog) {
  std::vector<std::string> references;
  const auto take = [&](const HttpResponse& response, int status) {
    expect_error_body(response, status);
    references.emplace_back(response.json().at("reference").as_string());
    EXPECT_EQ(response.header("x-request-id"), references.back());
  };
  take(pool().http().get("/nothing"), 404);
  take(pool().http().send({"PUT", pool().job_path(job_)}), 405);
  take(pool().http().send({"POST", pool().chunks_path(job_), {{"Content-Encoding", "br"}}, "x"}), 415);
  for (const char* text : {"GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n", "NONSENSE\r\n\r\n"}) {
    RawConnection connection(server().address());
    connection.send(text);
    take(connection.read_response(), 400);
  }
  // The answer goes out before its line is written: the next answer of the same thread comes after it.
  EXPECT_EQ(pool().http().get("/healthz").status, 200);
  const auto log = server().log();
  for (const auto& reference : references) EXPECT_NE(log.find(reference), std::string::npos) << reference;
}

}  // namespace
}  // namespace adit::test
