// Compressed bodies and digests, and what becomes of a request whose parts are not all good.
#include "support/server_test.h"

namespace adit::test {
namespace {

constexpr const char* kCsv = "id,name\n1,one\n2,two\n";

class RequestBodies : public SurvivingServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--chunk-bytes-max", "1MiB"}, .environment = kLittleHeldBack});
  }
  void SetUp() override {
    SurvivingServerTest::SetUp();
    job_ = pool().create_job(csv_job("REPLACE", "t"));
  }
  HttpResponse upload(const std::string& body, HeaderList headers, const std::string& type = "text/csv") {
    headers.emplace_back("Content-Type", type);
    return pool().http().send({"POST", pool().chunks_path(job_), std::move(headers), body});
  }
  HttpResponse upload_parts(const std::string& body, HeaderList headers = {}) {
    return upload(body, std::move(headers), "multipart/form-data; boundary=b");
  }
  static std::string part(const std::string& bytes, const std::string& more = "",
                          const std::string& name = "file") {
    return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"file\"\r\n" + more +
           "\r\n" + bytes + "\r\n";
  }
  static std::string digest_of(const std::string& bytes) { return "sha-256=:" + sha256_base64(bytes) + ":"; }
  std::size_t kept() { return pool().chunks(job_).size(); }
  void expect_kept(const std::string& bytes) {
    const auto chunks = pool().chunks(job_);
    ASSERT_FALSE(chunks.empty());
    EXPECT_EQ(field(chunks.back(), "checksum"), boost::json::string(sha256_hex(bytes)));
    EXPECT_EQ(field(chunks.back(), "adit.bytes"), bytes.size());
  }

  std::string job_;
};

TEST_F(RequestBodies, GzipAndZstdAreUndone) {
  EXPECT_EQ(upload(gzip(kCsv), {{"Content-Encoding", "gzip"}}).status, 200);
  expect_kept(kCsv);
  EXPECT_EQ(upload(zstd(kCsv), {{"content-encoding", "ZSTD"}}).status, 200);
  expect_kept(kCsv);
  EXPECT_EQ(upload(kCsv, {{"Content-Encoding", "identity"}}).status, 200);
  EXPECT_EQ(upload_parts(gzip(part(kCsv) + part("id,name\n3,three\n") + "--b--\r\n"),
                         {{"Content-Encoding", "gzip"}})
                .status,
            200);
  expect_kept("id,name\n3,three\n");
  pool().execute(job_);
  EXPECT_EQ(pool().wait(job_).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "9");
}

TEST_F(RequestBodies, ACompressedBodyMayBeChunked) {
  const auto bytes = gzip(kCsv);
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  RawConnection connection(server().address());
  connection.send("POST " + pool().chunks_path(job_) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                  server().admin_key() + "\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
  connection.send(size + bytes + "\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read_response("POST").status, 200);
  expect_kept(kCsv);
}

TEST_F(RequestBodies, JsonMayBeCompressedToo) {
  const auto spec = boost::json::serialize(csv_job("REPLACE", "t"));
  const auto created =
      pool().http().send({"POST",
                          pool().jobs_path(),
                          {{"Content-Encoding", "gzip"}, {"Content-Type", "application/json"}},
                          gzip(spec)});
  ASSERT_EQ(created.status, 200) << created.body;
  EXPECT_EQ(field(created.json(), "targetName"), "t");
  const auto bomb = pool().http().send({"POST",
                                        pool().jobs_path(),
                                        {{"Content-Encoding", "zstd"}, {"Content-Type", "application/json"}},
                                        zstd(std::string(64 << 20, ' '))});
  expect_error_body(bomb, 413);
}

TEST_F(RequestBodies, OtherEncodingsAre415AndSayWhatIsUnderstood) {
  for (const char* coding : {"br", "deflate", "gzip, gzip", "gzip, zstd", "compress"}) {
    SCOPED_TRACE(coding);
    const auto response = upload(kCsv, {{"Content-Encoding", coding}});
    expect_error_body(response, 415);
    EXPECT_EQ(response.header("accept-encoding"), "gzip, zstd");
  }
  expect_field_error(upload_parts(part(kCsv, "Content-Encoding: gzip\r\n") + "--b--\r\n"),
                     "Content-Encoding");
  EXPECT_EQ(kept(), 0U);
}

TEST_F(RequestBodies, WhatIsNotOfItsEncodingIs400AndNothingIsKept) {
  const auto whole = gzip(kCsv);
  for (const auto& body :
       {std::string(kCsv), std::string(), whole.substr(0, whole.size() - 4), whole + "x"}) {
    expect_field_error(upload(body, {{"Content-Encoding", "gzip"}}), "Content-Encoding");
  }
  const auto other = zstd(kCsv);
  for (const auto& body :
       {std::string(kCsv), std::string(), other.substr(0, other.size() - 2), other + "xxxx"}) {
    expect_field_error(upload(body, {{"Content-Encoding", "zstd"}}), "Content-Encoding");
  }
  EXPECT_EQ(kept(), 0U);
}

TEST_F(RequestBodies, AFormWithoutALineEndIsNoFile) {
  constexpr const char* kForm = "application/x-www-form-urlencoded";
  for (const auto* type : {kForm, "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}) {
    expect_field_error(upload("id,name1,one2,two", {}, type), "Content-Type");  // what curl -d sends
  }
  EXPECT_EQ(kept(), 0U);
  EXPECT_EQ(upload(kCsv, {}, kForm).status, 200) << "curl --data-binary sends it as it is";
  expect_kept(kCsv);
  std::string header = "id";
  for (int i = 0; i < 1'000; ++i) header += ",c" + std::to_string(i) + std::string(180, 'x');
  EXPECT_EQ(upload(header + "\n", {}, kForm).status, 200) << "a line end far behind the first bytes counts";
  EXPECT_EQ(upload("id,name", {}).status, 200) << "a header without an end is a file of no rows";
}

TEST_F(RequestBodies, APartInAnotherEncodingIsRefused) {
  for (const auto* coding : {"base64", "quoted-printable"}) {
    expect_field_error(
        upload_parts(part("aWQKMQo=", std::string("Content-Transfer-Encoding: ") + coding + "\r\n") +
                     "--b--\r\n"),
        "Content-Transfer-Encoding");
  }
  EXPECT_EQ(kept(), 0U);
  EXPECT_EQ(upload_parts(part(kCsv, "Content-Transfer-Encoding: Binary\r\n") + "--b--\r\n").status, 200);
  expect_kept(kCsv);
}

TEST_F(RequestBodies, ABombIs413AndTakesNoMemory) {
  const auto before = server().resident_bytes_peak();
  const std::string zeros(1 << 30, '0');
  for (const auto* coding : {"gzip", "zstd"}) {
    const auto bomb = std::string_view(coding) == "gzip" ? gzip(zeros) : zstd(zeros);
    ASSERT_LT(bomb.size(), 2U << 20);
    expect_error_body(upload(bomb, {{"Content-Encoding", coding}}), 413);
    // In a form field that nobody reads it is no chunk, but costs no more either.
    const auto parts = part(zeros.substr(0, 100 << 20), "", "other") + part(kCsv) + "--b--\r\n";
    EXPECT_EQ(upload_parts(coding == std::string("gzip") ? gzip(parts) : zstd(parts),
                           {{"Content-Encoding", coding}})
                  .status,
              200);
  }
  EXPECT_EQ(kept(), 2U);
  EXPECT_LT(server().resident_bytes_peak(), before + (64U << 20));
}

TEST_F(RequestBodies, TheChunkLimitCountsDecodedBytes) {
  const auto csv_of_size = [](std::size_t size) { return "text\n" + std::string(size - 6, 'x') + "\n"; };
  EXPECT_EQ(upload(gzip(csv_of_size(1 << 20)), {{"Content-Encoding", "gzip"}}).status, 200);
  EXPECT_EQ(upload(gzip(csv_of_size((1 << 20) + 1)), {{"Content-Encoding", "gzip"}}).status, 413);
  EXPECT_EQ(kept(), 1U);
}

TEST_F(RequestBodies, ADigestOfTheRequestCoversTheBodyAsSent) {
  const auto compressed = gzip(kCsv);
  EXPECT_EQ(
      upload(compressed, {{"Content-Encoding", "gzip"}, {"Content-Digest", digest_of(compressed)}}).status,
      200);
  expect_field_error(upload(compressed, {{"Content-Encoding", "gzip"}, {"Content-Digest", digest_of(kCsv)}}),
                     "Content-Digest");
  EXPECT_EQ(upload(kCsv, {{"Repr-Digest", digest_of(kCsv)}}).status, 200);
  EXPECT_EQ(upload(kCsv, {{"Content-MD5", md5_base64(kCsv)}}).status, 200);
  expect_field_error(upload(kCsv, {{"Repr-Digest", digest_of("other")}}), "Repr-Digest");
  expect_field_error(upload(kCsv, {{"Content-MD5", md5_base64("other")}}), "Content-MD5");
  const auto parts = part(kCsv) + "--b--\r\n";
  EXPECT_EQ(upload_parts(parts, {{"Content-Digest", digest_of(parts)}}).status, 200);
  expect_field_error(upload_parts(parts, {{"Content-Digest", digest_of(kCsv)}}), "Content-Digest");
  EXPECT_EQ(kept(), 4U);
}

TEST_F(RequestBodies, ADigestOfAPartCoversThatChunk) {
  const auto good = part(kCsv, "Content-Digest: " + digest_of(kCsv) + "\r\n");
  const auto md5 = part(kCsv, "content-md5: " + md5_base64(kCsv) + "\r\n");
  EXPECT_EQ(upload_parts(good + md5 + "--b--\r\n").status, 200);
  EXPECT_EQ(kept(), 2U);
  const auto bad = part(kCsv, "Content-Digest: " + digest_of("other") + "\r\n");
  expect_field_error(upload_parts(good + bad + "--b--\r\n"), "Content-Digest");
  EXPECT_EQ(kept(), 2U);
}

TEST_F(RequestBodies, UnknownDigestAlgorithmsNeedAKnownOneBesideThem) {
  EXPECT_EQ(upload(kCsv, {{"Content-Digest", "sha-512=:AAAA:, " + digest_of(kCsv)}}).status, 200);
  expect_field_error(upload(kCsv, {{"Content-Digest", "sha-512=:AAAA:"}}), "Content-Digest");
  expect_field_error(upload(kCsv, {{"Content-Digest", "sha-256=" + sha256_hex(kCsv)}}), "Content-Digest");
  EXPECT_EQ(kept(), 1U);
}

TEST_F(RequestBodies, JsonHasItsDigestCheckedToo) {
  const auto spec = boost::json::serialize(csv_job("REPLACE", "t"));
  const auto create = [&](const std::string& digest) {
    return pool().http().send({"POST", pool().jobs_path(), {{"Content-Digest", digest}}, spec}).status;
  };
  EXPECT_EQ(create(digest_of(spec)), 200);
  EXPECT_EQ(create(digest_of("other")), 400);
}

TEST_F(RequestBodies, OfSeveralPartsAllAreKeptOrNoneWhateverIsWrong) {
  for (const auto& bad : {part("id,ID\n1,2\n"), part("\n\n"), part(""), part("PAR1 and more"),
                          part(std::string((1 << 20) + 1, 'x'))}) {
    const auto response = upload_parts(part(kCsv) + bad + part(kCsv) + "--b--\r\n");
    EXPECT_TRUE(response.status == 400 || response.status == 413) << response.body;
    EXPECT_EQ(upload_parts(part(kCsv) + part(kCsv) + bad + "--b--\r\n").status, response.status);
  }
  EXPECT_EQ(upload_parts(part(kCsv) + part(kCsv)).status, 400);
  EXPECT_EQ(kept(), 0U);
  EXPECT_TRUE(server().chunk_files(pool().pool()).empty());
}

}  // namespace
}  // namespace adit::test
