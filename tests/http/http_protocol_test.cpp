// HTTP/1.1 itself: what holds for every route, said byte by byte.
#include <thread>

#include "support/files_below.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

class HttpProtocol : public SurvivingServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--chunk-bytes-max", "65536", "--request-bytes-max", "262144",
                            "--read-timeout-ms", "1500", "--head-timeout-ms", "1500"}});
  }
  std::string authorization() { return "Authorization: Bearer " + server().admin_key() + "\r\n"; }
  std::string head(const std::string& method, const std::string& target, const std::string& more = "") {
    return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + authorization() + more + "\r\n";
  }
  /// A job that waits for chunks, and the path they go to.
  std::string new_chunks_path() {
    job_ = pool().create_job(csv_job("REPLACE", "t"));
    return pool().chunks_path(job_);
  }
  std::size_t kept_chunks() { return pool().chunks(job_).size(); }

  std::string job_;
};

TEST_F(HttpProtocol, AConnectionServesManyRequests) {
  RawConnection connection(server().address());
  for (int i = 0; i < 20; ++i) {
    connection.send(head("GET", pool().jobs_path()));
    EXPECT_EQ(connection.read_response().status, 200);
  }
  EXPECT_FALSE(connection.closed_by_peer());
}

TEST_F(HttpProtocol, PipelinedRequestsAreAnsweredInOrder) {
  RawConnection connection(server().address());
  connection.send(head("GET", "/healthz") + head("GET", "/no-such-thing") + head("GET", pool().jobs_path()));
  EXPECT_EQ(connection.read_response().status, 200);
  EXPECT_EQ(connection.read_response().status, 404);
  EXPECT_EQ(connection.read_response().status, 200);
}

TEST_F(HttpProtocol, ConnectionCloseIsHonoured) {
  RawConnection connection(server().address());
  connection.send(head("GET", "/healthz", "Connection: close\r\n"));
  EXPECT_EQ(connection.read_response().status, 200);
  EXPECT_EQ(connection.read_until_closed(), "");
}

TEST_F(HttpProtocol, HeaderNamesInLowerCaseWork) {
  const auto path = new_chunks_path();
  RawConnection connection(server().address());
  connection.send("POST " + path + " HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + server().admin_key() +
                  "\r\ncontent-type: text/csv\r\ncontent-length: 5\r\n\r\nid\n1\n");
  EXPECT_EQ(connection.read_response("POST").status, 200);
  EXPECT_EQ(kept_chunks(), 1U);
}

TEST_F(HttpProtocol, PartHeadersInLowerCaseWork) {
  const auto path = new_chunks_path();
  const std::string body =
      "--b\r\ncontent-disposition: form-data; name=file; filename=file\r\n\r\nid\n1\n\r\n--b--\r\n";
  const auto response =
      pool().http().send({"POST", path, {{"content-type", "multipart/form-data; boundary=b"}}, body});
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(field(pool().chunks(job_)[0], "checksum"), boost::json::string(sha256_hex("id\n1\n")));
}

TEST_F(HttpProtocol, AnUploadMayBeChunked) {
  const auto path = new_chunks_path();
  RawConnection connection(server().address());
  connection.send(head("POST", path, "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"));
  connection.send("3\r\nid\n\r\n2;extension=1\r\n1\n\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(connection.read_response("POST").status, 200);
  EXPECT_EQ(field(pool().chunks(job_)[0], "checksum"), boost::json::string(sha256_hex("id\n1\n")));
}

TEST_F(HttpProtocol, ExpectContinueIsAnsweredBeforeTheBody) {
  const auto path = new_chunks_path();
  RawConnection connection(server().address());
  connection.send(
      head("POST", path, "Content-Type: text/csv\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(connection.read_response("POST").status, 100);
  connection.send("id\n1\n");
  EXPECT_EQ(connection.read_response("POST").status, 200);
}

TEST_F(HttpProtocol, ExpectContinueForTooMuchIs413WithoutThe100) {
  const auto path = new_chunks_path();
  RawConnection connection(server().address());
  connection.send(
      head("POST", path, "Content-Type: text/csv\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(connection.read_response("POST").status, 413);
  EXPECT_EQ(kept_chunks(), 0U);
}

TEST_F(HttpProtocol, ARawChunkThatIsTooLargeIs413BeforeItsBytesAreRead) {
  const auto path = new_chunks_path();
  RawConnection connection(server().address());
  connection.send(head("POST", path, "Content-Type: text/csv\r\nContent-Length: 65537\r\n"));
  const auto response = connection.read_response("POST");
  expect_error_body(response, 413);
  EXPECT_EQ(kept_chunks(), 0U);
}

TEST_F(HttpProtocol, ARequestAboveItsLimitIs413BeforeItsBytesAreRead) {
  const auto path = new_chunks_path();
  RawConnection connection(server().address());
  connection.send(
      head("POST", path, "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 262145\r\n"));
  EXPECT_EQ(connection.read_response("POST").status, 413);
  EXPECT_EQ(kept_chunks(), 0U);
}

TEST_F(HttpProtocol, AChunkOfTheLargestSizeIsAccepted) {
  const auto path = new_chunks_path();
  const std::string bytes = "text\n" + std::string(65536 - 6, 'x') + "\n";
  EXPECT_EQ(pool().http().upload_raw(path, bytes, "text/csv").status, 200);
  EXPECT_EQ(pool().http().upload_multipart(path, {{bytes}}).status, 200);
  EXPECT_EQ(kept_chunks(), 2U);
}

TEST_F(HttpProtocol, ChunksThatAreTooLargeAreFoundByCountingToo) {
  const auto path = new_chunks_path();
  const std::string bytes = "text\n" + std::string(65536 - 5, 'x') + "\n";
  const auto multipart = pool().http().upload_multipart(path, {{"id\n1\n"}, {bytes}});
  EXPECT_EQ(multipart.status, 413) << multipart.body;
  RawConnection connection(server().address());
  connection.send(head("POST", path, "Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"));
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  connection.send(size + bytes + "\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read_response("POST").status, 413);
  EXPECT_EQ(kept_chunks(), 0U);
}

TEST_F(HttpProtocol, ABoundaryThatNeverEndsIs400AndNothingIsKept) {
  const auto path = new_chunks_path();
  const std::string open =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\nid\n1\n";
  for (const std::string& body : {open, open + "\r\n--b", open + "\r\n--b\r\n", std::string("--b\r\n"),
                                  std::string("no boundary at all"), std::string("--b\r\nContent-Dispo")}) {
    SCOPED_TRACE(body);
    const auto response =
        pool().http().send({"POST", path, {{"Content-Type", "multipart/form-data; boundary=b"}}, body});
    EXPECT_EQ(response.status, 400) << response.body;
    EXPECT_EQ(kept_chunks(), 0U);
  }
}

TEST_F(HttpProtocol, AMultipartBodyWithoutABoundaryParameterIs400) {
  const auto path = new_chunks_path();
  for (const char* type :
       {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\""}) {
    const auto response = pool().http().send({"POST", path, {{"Content-Type", type}}, "--b--\r\n"});
    EXPECT_EQ(response.status, 400) << type << " " << response.body;
  }
}

TEST_F(HttpProtocol, AMultipartBodyWithoutAFilePartIs400) {
  const auto path = new_chunks_path();
  EXPECT_EQ(pool().http().upload_multipart(path, {}).status, 400);
  EXPECT_EQ(pool().http().upload_multipart(path, {{"id\n1\n", "data", "file"}}).status, 400);
  EXPECT_EQ(kept_chunks(), 0U);
}

TEST_F(HttpProtocol, ABoundaryLikeTextInsideAFileIsData) {
  const auto path = new_chunks_path();
  const std::string bytes = "id,text\n1,\"\r\n--\"\n2,\"\r\n--c\"\n3,--b--\n4,\"\r\n-\r\n--\r\n\"\n";
  const std::string body =
      "--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\n" + bytes +
      "\r\n--b1--\r\n";
  const auto response =
      pool().http().send({"POST", path, {{"Content-Type", "multipart/form-data; boundary=b1"}}, body});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(field(pool().chunks(job_)[0], "checksum"), boost::json::string(sha256_hex(bytes)));
}

TEST_F(HttpProtocol, ABodyShorterThanPromisedKeepsNothing) {
  const auto path = new_chunks_path();
  RawConnection connection(server().address());
  connection.send(head("POST", path, "Content-Type: text/csv\r\nContent-Length: 100\r\n") + "id\n1\n");
  connection.shutdown_write();
  const auto answer = connection.read_until_closed();
  EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 4")) << answer;
  EXPECT_EQ(kept_chunks(), 0U);
}

TEST_F(HttpProtocol, AClientThatStallsInABodyIsCutOffAndKeepsNothing) {
  const auto path = new_chunks_path();
  RawConnection connection(server().address());
  connection.send(head("POST", path, "Content-Type: text/csv\r\nContent-Length: 100\r\n") + "id\n1\n");
  const auto answer = connection.read_until_closed();
  EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 408")) << answer;
  EXPECT_EQ(kept_chunks(), 0U);
}

TEST_F(HttpProtocol, AClientThatStallsInAHeadIsCutOff) {
  RawConnection connection(server().address());
  connection.send("GET /healthz HTTP/1.1\r\nHost: ");
  const auto answer = connection.read_until_closed();
  EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 408")) << answer;
}

TEST_F(HttpProtocol, AClientThatVanishesInTheMiddleKeepsNothing) {
  const auto path = new_chunks_path();
  for (const std::string& type : {std::string("text/csv"), std::string("multipart/form-data; boundary=b")}) {
    RawConnection connection(server().address());
    connection.send(head("POST", path, "Content-Type: " + type + "\r\nContent-Length: 60000\r\n") +
                    "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nid\n" +
                    std::string(20'000, '1'));
    std::this_thread::sleep_for(std::chrono::milliseconds{30});
    connection.reset();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  EXPECT_EQ(kept_chunks(), 0U);
  for (const auto& file : files_below(server().data())) {
    EXPECT_NE(file.extension(), ".part") << "an unfinished upload was left: " << file;
  }
}

TEST_F(HttpProtocol, AnUnknownPathIs404) {
  for (const char* path :
       {"/", "/nothing", "/data-ingestion", "/data-ingestion/api/v1", "/adit/api/v1/nothing"}) {
    const auto response = pool().http().get(path);
    if (std::string_view(path) != "/") expect_error_body(response, 404);
    EXPECT_TRUE(response.status < 300 || response.status >= 400) << "a redirect turns a POST into a GET";
  }
}

TEST_F(HttpProtocol, AWrongMethodIs405WithAllow) {
  new_chunks_path();
  const auto put = pool().http().send({"PUT", pool().job_path(job_)});
  expect_error_body(put, 405);
  const auto allow = put.header("allow").value_or("");
  for (const char* method : {"GET", "POST", "DELETE"})
    EXPECT_NE(allow.find(method), std::string::npos) << allow;
  const auto get = pool().http().get(pool().chunks_path(job_));
  expect_error_body(get, 405);
  EXPECT_TRUE(get.header("allow").value_or("").starts_with("POST"));
  EXPECT_EQ(get.header("allow").value_or("").find("GET"), std::string::npos);
  EXPECT_EQ(pool().http().send({"DELETE", pool().jobs_path()}).status, 405);
}

TEST_F(HttpProtocol, HeadIsAGetWithoutABody) {
  const auto response = pool().http().send({"HEAD", "/healthz"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(pool().http().get("/healthz").status, 200);
}

TEST_F(HttpProtocol, WhatIsNoHttpIsRefused) {
  for (const std::string& text :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string("HELLO\r\n\r\n"),
        std::string("GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n"), std::string("GET /healthz\r\n\r\n"),
        std::string("GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n")}) {
    RawConnection connection(server().address());
    connection.send(text);
    connection.shutdown_write();
    const auto answer = connection.read_until_closed();
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 505"))
        << answer;
  }
}

TEST_F(HttpProtocol, AHeadThatIsTooLargeIs431) {
  RawConnection connection(server().address());
  connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(40'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(connection.read_response().status, 431);
}

TEST_F(HttpProtocol, AmbiguousLengthsAreRefused) {
  const auto path = new_chunks_path();
  for (const std::string& lengths :
       {std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Content-Length: 5\r\nContent-Length: 6\r\n"), std::string("Content-Length: -5\r\n"),
        std::string("Content-Length: five\r\n"), std::string("Transfer-Encoding: gzip, foo\r\n")}) {
    SCOPED_TRACE(lengths);
    RawConnection connection(server().address());
    connection.send(head("POST", path, "Content-Type: text/csv\r\n" + lengths) + "id\n1\n");
    const int status = connection.read_response("POST").status;
    EXPECT_TRUE(status == 400 || status == 501) << status;
  }
  EXPECT_EQ(kept_chunks(), 0U);
}

TEST_F(HttpProtocol, ABrokenPercentEncodingOrADotSegmentLeadsNowhere) {
  for (const char* path : {"/integration/api/pools/%zz", "/integration/api/pools/%", "/../../etc/passwd",
                           "/integration/api/pools/..%2f..%2fetc%2fpasswd", "/integration/api/pools/%00"}) {
    const int status = pool().http().get(path).status;
    EXPECT_TRUE(status == 400 || status == 404) << path << " " << status;
  }
}

TEST_F(HttpProtocol, AnErrorThatQuotesWhatIsNoUtf8IsUtf8) {
  const auto response = pool().http().get(pool().job_path("%ff%feid"));
  expect_error_body(response, 404);
  EXPECT_NE(response.body.find("\uFFFD\uFFFDid"), std::string::npos) << response.body;
}

TEST_F(HttpProtocol, ACreateBodyThatIsTooLargeIs413) {
  RawConnection connection(server().address());
  connection.send(
      head("POST", pool().jobs_path(), "Content-Type: application/json\r\nContent-Length: 99999999\r\n"));
  EXPECT_EQ(connection.read_response("POST").status, 413);
}

TEST_F(HttpProtocol, AnAnswerNamesTheReferenceThatStandsInTheLog) {
  const auto response = pool().http().get(pool().job_path("0b7f6e6e-6f0f-4c1c-9a53-0123456789ab"));
  expect_error_body(response, 404);
  const auto reference = std::string(response.json().at("reference").as_string());
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  EXPECT_NE(server().log().find(reference), std::string::npos);
}

TEST_F(HttpProtocol, TheAccessLogHoldsNoQueryStrings) {
  pool().http().get(pool().jobs_path() + "?targetName=a-secret-word");
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  const auto log = server().log();
  EXPECT_EQ(log.find("a-secret-word"), std::string::npos);
  EXPECT_EQ(log.find(server().admin_key()), std::string::npos);
}

}  // namespace
}  // namespace adit::test
