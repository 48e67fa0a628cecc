// Scripts that people write or let a tool write: addresses glued together with one slash too many, headers in
// any case, forms put together by hand, requests without bodies, nobody who polls.
#include "rehearsals/rehearsal.h"
#include "support/callers.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

constexpr const char* kCsv = "id,name\n1,one\n2,two\n";

class Scripts : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    jobs_ = "/integration/api/v1/data-push/" + pool().pool() + "/jobs/";
    authorization_ = "authorization: bearer " + server().admin_key() + "\r\n";
  }

  /// As http.client writes it: Host and Accept-Encoding, the length if there is one, then the script's own
  /// headers as they are spelled. A connection for each request.
  HttpResponse ask(const std::string& method, const std::string& target, const std::string& headers = "",
                   const std::string& body = "") {
    return say_once(server().address(), method + " " + target + " HTTP/1.1\r\nHost: " + server().address() +
                                            "\r\nAccept-Encoding: identity\r\n" + headers + authorization_ +
                                            "\r\n" + body);
  }
  HttpResponse post(const std::string& target, const std::string& type, const std::string& body) {
    return ask("POST", target,
               "Content-Length: " + std::to_string(body.size()) + "\r\ncontent-type: " + type + "\r\n", body);
  }
  std::string create(const std::string& type) {
    const auto made = post(jobs_, "application/json",
                           R"({"targetName":"items","type":")" + type +
                               R"(","fileType":"CSV","dataPoolId":")" + pool().pool() + "\"}");
    return text_of(object_of(made), "id");
  }
  /// A form whose part has these lines at its head.
  HttpResponse upload(const std::string& job, const std::string& part_head, const std::string& bytes,
                      const std::string& end = "--\r\n") {
    const std::string boundary = "wL36Yn8afVp8Ag7AmP8qZ0SA4n1v9T";
    return post(jobs_ + job + "/chunks/upserted", "multipart/form-data; boundary=" + boundary,
                "--" + boundary + "\r\n" + part_head + "\r\n" + bytes + "\r\n--" + boundary + end);
  }
  std::string end_of(const std::string& job) {
    return text_of(poll([&] { return ask("GET", jobs_ + job); }), "status");
  }
  std::size_t chunks_of(const std::string& job) { return pool().chunks(job).size(); }

  static constexpr const char* kPart = "Content-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n";
  std::string jobs_;
  std::string authorization_;
};

TEST_F(Scripts, GlueAddressesTogetherWithDoubledSlashes) {
  const auto job = create("REPLACE");
  const std::string boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
  const auto form = "--" + boundary + "\r\n" + kPart + "\r\n" + kCsv + "\r\n--" + boundary + "--\r\n";
  expect_bare_200(
      post(jobs_ + "/" + job + "/chunks/upserted", "multipart/form-data; boundary=" + boundary, form));
  expect_bare_200(
      post(jobs_ + job + "/chunks//upserted/", "multipart/form-data; boundary=" + boundary, form));
  EXPECT_EQ(array_of(ask("GET", "/" + jobs_ + "/" + job + "//chunks")).size(), 2U);
  expect_bare_200(post(jobs_ + "/" + job, "application/json", ""));
  EXPECT_EQ(end_of("/" + job + "/"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM items"), "4");
  EXPECT_EQ(ask("DELETE", jobs_ + "/" + job + "/").status, 204);
}

TEST_F(Scripts, NoPathIsAnsweredWithARedirect) {
  auto without = jobs_;
  without.pop_back();
  for (const auto& path : {without, jobs_, jobs_ + "/"}) {
    for (const auto* method : {"GET", "POST"}) {
      const auto status = ask(method, path, "Content-Length: 0\r\n").status;
      EXPECT_EQ(status, std::string_view(method) == "GET" ? 200 : 400) << method << " " << path;
    }
  }
}

TEST_F(Scripts, SpellSchemeAndHeadersInAnyCase) {
  for (const std::string header : {"authorization: bearer ", "AUTHORIZATION: BEARER ",
                                   "Authorization: Bearer ", "authorization:Bearer "}) {
    authorization_ = header + server().admin_key() + "\r\n";
    EXPECT_EQ(ask("GET", jobs_).status, 200) << header;
  }
  const auto made = pool().http().post_json("/adit/api/v1/keys", {{"name", "s"}, {"kind", "APPLICATION"}});
  let_application_work(pool().http(), made.json());
  for (const std::string header : {"authorization: appkey ", "Authorization: APPKEY "}) {
    authorization_ = header + text_of(object_of(made), "key") + "\r\n";
    EXPECT_EQ(ask("GET", jobs_).status, 200) << header;
  }
}

TEST_F(Scripts, AKeyInTheAddressIsNoKey) {
  authorization_ = "";
  const auto refused = ask("GET", jobs_ + "?api_key=" + server().admin_key());
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(field(refused.json(), "error"), "Unauthorized");
}

TEST_F(Scripts, PutFormsTogetherByHand) {
  const auto job = create("REPLACE");
  // Quoted or not, typed or not, the last line ended or not: the job says that it is CSV.
  expect_bare_200(upload(job, kPart, kCsv));
  expect_bare_200(upload(job, "Content-Disposition: form-data; name=file; filename=file\r\n", kCsv, "--"));
  expect_bare_200(upload(job,
                         "Content-Disposition: form-data; name=file; filename=orders.parquet\r\n"
                         "Content-Type: application/vnd.ms-excel\r\n",
                         kCsv));
  expect_bare_200(upload(job, "content-disposition:form-data;name=\"file\";filename=\"\"\r\n", kCsv));
  expect_bare_200(upload(
      job, "Content-Disposition: form-data; filename=\"C:\\data\\o;rders.csv\"; name=\"file\"\r\n", kCsv));
  const auto chunks = pool().chunks(job);
  ASSERT_EQ(chunks.size(), 5U);
  for (const auto& chunk : chunks) {
    EXPECT_EQ(field(chunk, "checksum"), json::string(sha256_hex(kCsv))) << "a byte too many or too few";
  }
  expect_bare_200(post(jobs_ + job, "application/json", ""));
  EXPECT_EQ(end_of(job), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM items"), "10");
}

TEST_F(Scripts, SendSeveralFilesInOneForm) {
  const auto job = create("REPLACE");
  const std::string part = std::string("--b\r\n") + kPart + "\r\n";
  expect_bare_200(post(jobs_ + job + "/chunks/upserted", "multipart/form-data; boundary=\"b\"",
                       part + "id,name\n1,one\n\r\n" + part + "id,name\n2,two\n\r\n--b--\r\n"));
  EXPECT_EQ(chunks_of(job), 2U);
}

TEST_F(Scripts, ExecuteWithoutABodyInEveryWayThatToolsKnow) {
  struct Way {
    const char* headers;
    const char* body;
  };
  for (const auto& [headers, body] :
       {Way{"", ""},  // no length and no type, as command-line tools send a bare POST
        Way{"Content-Length: 0\r\n", ""}, Way{"Content-Length: 0\r\ncontent-type: application/json\r\n", ""},
        Way{"content-length: 2\r\ncontent-type: application/json\r\n", "{}"},
        Way{"Transfer-Encoding: chunked\r\n", "0\r\n\r\n"}}) {
    SCOPED_TRACE(headers);
    const auto job = create("DELTA");
    expect_bare_200(upload(job, kPart, kCsv));
    expect_bare_200(ask("POST", jobs_ + job, headers, body));
    EXPECT_EQ(end_of(job), "DONE");
  }
  EXPECT_EQ(pool().value("SELECT count(*) FROM items"), "10");
}

TEST_F(Scripts, ReadWithAnEmptyBodyAndATypeForIt) {
  const auto job = create("DELTA");
  const auto* headers = "Content-Length: 0\r\nContent-Type: application/json\r\n";
  EXPECT_EQ(text_of(object_of(ask("GET", jobs_ + job, headers)), "id"), job);
  EXPECT_EQ(array_of(ask("GET", jobs_, headers)).size(), 1U);
  EXPECT_EQ(ask("DELETE", jobs_ + job, headers).status, 204);
}

TEST_F(Scripts, GoOnAfterExecuteWithoutPolling) {
  std::vector<std::string> jobs;
  for (int i = 0; i < 5; ++i) {
    jobs.push_back(create(i == 0 ? "REPLACE" : "DELTA"));
    expect_bare_200(upload(jobs.back(), kPart, "id,name\n" + std::to_string(i) + ",n\n"));
    expect_bare_200(post(jobs_ + jobs.back(), "application/json", ""));
  }
  // Landed in the order of their execute: had the REPLACE come later, rows would be missing.
  for (const auto& job : jobs) EXPECT_EQ(end_of(job), "DONE");
  EXPECT_EQ(pool().rows("SELECT id FROM items ORDER BY id"), (Rows{{"0"}, {"1"}, {"2"}, {"3"}, {"4"}}));
}

TEST_F(Scripts, LearnByTheStatusAloneThatNothingWasDone) {
  const auto job = create("REPLACE");
  EXPECT_EQ(post(jobs_ + job, "application/json", "").status, 400);  // no chunk
  EXPECT_EQ(upload(job, kPart, "").status, 400);
  EXPECT_EQ(upload(job, "Content-Disposition: form-data; name=\"data\"; filename=\"file\"\r\n", kCsv).status,
            400);
  expect_bare_200(upload(job, kPart, kCsv));
  expect_bare_200(post(jobs_ + job, "application/json", ""));
  EXPECT_EQ(post(jobs_ + job, "application/json", "").status, 409);
  EXPECT_EQ(upload(job, kPart, kCsv).status, 409);
  EXPECT_EQ(end_of(job), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM items"), "2");
}

}  // namespace
}  // namespace adit::test
