// Requests and files that are made to do harm. After each the server does its work.
#include <cstring>

#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class HostileInput : public SurvivingServerTest {
 protected:
  std::string authorization() { return "Authorization: Bearer " + server().admin_key() + "\r\n"; }
  std::string chunks_head(const std::string& job, const std::string& more) {
    return "POST " + pool().chunks_path(job) + " HTTP/1.1\r\nHost: x\r\n" + authorization() + more + "\r\n";
  }
  /// What the server says to these bytes until it closes.
  std::string answer_to(const std::string& bytes) {
    RawConnection connection(server().address());
    try {
      connection.send(bytes);
      connection.shutdown_write();
    } catch (const TransportError&) {  // it may have answered and closed already
    }
    return connection.read_until_closed();
  }
  static std::size_t answers_in(const std::string& text) {
    std::size_t count = 0;
    for (auto at = text.find("HTTP/1.1 "); at != std::string::npos; at = text.find("HTTP/1.1 ", at + 1))
      ++count;
    return count;
  }
};

TEST_F(HostileInput, ARequestThatTwoReadersWouldSplitDifferentlyIsOneRefusal) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  const auto smuggled =
      "DELETE " + pool().job_path(job) + " HTTP/1.1\r\nHost: x\r\n" + authorization() + "\r\n";
  for (const std::string& lengths :
       {"Content-Length: 0\r\nContent-Length: " + std::to_string(smuggled.size()) + "\r\n",
        std::string("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
        std::string("Transfer-Encoding: xchunked\r\n"), std::string("Content-Length: 0, 5\r\n"),
        std::string("Content-Length: +5\r\n"), std::string("Content-Length: 0x5\r\n"),
        std::string("Content-Length : 5\r\n"), std::string("Content-Length: 99999999999999999999999\r\n")}) {
    SCOPED_TRACE(lengths);
    const auto answer = answer_to(chunks_head(job, lengths) + "0\r\n\r\n" + smuggled);
    EXPECT_EQ(answers_in(answer), 1U) << answer;
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 501") ||
                answer.starts_with("HTTP/1.1 413"))
        << answer;
    EXPECT_EQ(pool().status(job), "NEW");
    EXPECT_TRUE(pool().chunks(job).empty());
  }
}

TEST_F(HostileInput, MalformedChunkSizesAre400) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  for (const char* body : {"-1\r\nid\r\n0\r\n\r\n", "zz\r\nid\r\n", "fffffffffffffffff\r\nid\r\n",
                           "3\r\nid\n1\r\n0\r\n\r\n", "\r\n\r\n", "3 ;\x01\r\nid\n\r\nxx"}) {
    SCOPED_TRACE(body);
    const auto answer = answer_to(chunks_head(job, "Transfer-Encoding: chunked\r\n") + body);
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_TRUE(pool().chunks(job).empty());
  }
}

TEST_F(HostileInput, FloodsOfHeadersAreCutOff) {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_TRUE(answer_to("GET /healthz HTTP/1.1\r\nHost: x\r\n" + many + "\r\n").starts_with("HTTP/1.1 431"));
  EXPECT_TRUE(answer_to("GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + std::string(1 << 20, 'y') + "\r\n\r\n")
                  .starts_with("HTTP/1.1 431"));
  EXPECT_TRUE(answer_to("GET /" + std::string(1 << 20, 'y') + " HTTP/1.1\r\nHost: x\r\n\r\n")
                  .starts_with("HTTP/1.1 414"));
}

TEST_F(HostileInput, AClientThatGivesUpItsBodyOnARefusalIsNotHeld) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  RawConnection connection(server().address());
  connection.set_timeout(std::chrono::seconds{15});  // the read time-out is 30 s
  connection.send("POST " + pool().chunks_path(job) +
                  " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nobody\r\nContent-Length: 1000\r\n\r\nid\n");
  EXPECT_EQ(connection.read_response("POST").status, 401);
  EXPECT_EQ(connection.read_until_closed(), "");
}

TEST_F(HostileInput, AHundredPipelinedRequestsAreAnsweredInOrder) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    const auto csv = "n\n" + std::to_string(i) + "\n";
    requests += i % 2 == 0 ? chunks_head(job, "Content-Length: " + std::to_string(csv.size()) + "\r\n") + csv
                           : "GET /nothing/" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  RawConnection connection(server().address());
  connection.send(requests);
  for (int i = 0; i < 100; ++i) {
    const auto response = connection.read_response();
    EXPECT_EQ(response.status, i % 2 == 0 ? 200 : 404) << i;
  }
  const auto chunks = pool().chunks(job);
  ASSERT_EQ(chunks.size(), 50U);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_EQ(field(chunks[i], "checksum"), json::string(sha256_hex("n\n" + std::to_string(2 * i) + "\n")));
  }
}

TEST_F(HostileInput, AParquetFooterThatLiesDoesNoHarm) {
  const auto good = parquet_of("SELECT range AS id, 'text ' || range AS name FROM range(1000)");
  std::uint32_t footer = 0;
  std::memcpy(&footer, good.data() + good.size() - 8, sizeof footer);
  std::vector<std::string> lies;
  for (const std::uint32_t length :
       {0U, 1U, footer - 1, footer + 1, 0x7fffffffU, 0xffffffffU, static_cast<std::uint32_t>(good.size())}) {
    auto lie = good;
    std::memcpy(lie.data() + lie.size() - 8, &length, sizeof length);
    lies.push_back(lie);
  }
  // Every byte of the footer once, and then the sizes and offsets that it holds point anywhere.
  for (std::size_t i = 0; i < footer; i += 7) {
    auto lie = good;
    auto& byte = lie[good.size() - 8 - footer + i];
    byte = static_cast<char>(byte ^ 0xff);
    lies.push_back(lie);
  }
  for (const auto& lie : lies) {
    const auto job = pool().create_job(parquet_job("REPLACE", "lie"));
    const auto response = pool().try_upload(job, lie);
    EXPECT_TRUE(response.status == 200 || response.status == 400) << response.body;
    if (response.status == 400) continue;
    pool().execute(job);
    const auto done = pool().wait(job);
    EXPECT_TRUE(done.at("status") == "DONE" || done.at("status") == "ERROR") << logs_of(done);
    EXPECT_EQ(logs_of(done).find(server().data().string()), std::string::npos) << logs_of(done);
  }
}

TEST_F(HostileInput, ColumnNamesTwiceAre400AlsoByCase) {
  for (const char* header : {"id,id", "id,ID", "Ärger,ärger", "a,b,c,B"}) {
    const auto job = pool().create_job(csv_job("REPLACE", "t"));
    expect_error_body(pool().try_upload(job, std::string(header) + "\n1,2\n"), 400);
    EXPECT_TRUE(pool().chunks(job).empty());
  }
  const auto job = pool().create_job(parquet_job("REPLACE", "t"));
  EXPECT_EQ(pool().try_upload(job, parquet_of("SELECT 1 AS \"Ärger\", 2 AS \"ärger\"")).status, 400);
  EXPECT_TRUE(pool().chunks(job).empty());
}

TEST_F(HostileInput, AThousandColumnsLand) {
  std::string header;
  std::string row;
  for (int i = 0; i < 1000; ++i) {
    header += (i > 0 ? "," : "") + ("c" + std::to_string(i));
    row += (i > 0 ? "," : "") + std::to_string(i);
  }
  pool().push_done(csv_job("DELTA", "wide", {{"keys", {"c0"}}}),
                   {header + "\n" + row + "\n", header + "\n" + row + "\n"});
  EXPECT_EQ(pool().rows("SELECT c0, c999 FROM wide"), (Rows{{"0", "999"}}));
}

TEST_F(HostileInput, SqlInEveryTextIsText) {
  pool().push_done(csv_job("REPLACE", "bystander"), {"id\n1\n"});
  const std::string sql = "x'\"); DROP TABLE bystander; DELETE FROM jobs; --";
  const json::object spec{
      {"targetName", sql},
      {"type", "DELTA"},
      {"fileType", "CSV"},
      {"keys", {sql}},
      {"foreignKeys", sql},
      {"csvParsingOptions", {{"separatorSequence", ","}}},
      {"tableSchema",
       {{"tableName", sql},
        {"columns", {{{"columnName", sql}, {"columnType", "STRING"}, {"fieldLength", 5}}}}}}};
  std::string quoted = sql;
  for (auto at = quoted.find('"'); at != std::string::npos; at = quoted.find('"', at + 2))
    quoted.insert(at, "\"");
  pool().push_done(spec, {"\"" + quoted + "\"\n\"" + quoted + "\"\n"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM \"" + quoted + "\""), "1");
  for (const char* field_name : {"type", "fileType", "upsertStrategy", "dataPoolId", "changeDate"}) {
    auto bad = spec;
    bad[field_name] = sql;
    EXPECT_EQ(pool().try_create(bad).status, 400) << field_name;
  }
  for (const char* option : {"escapeSequence", "quoteSequence", "separatorSequence"}) {
    EXPECT_EQ(pool().try_create(csv_job("REPLACE", "t", {{"csvParsingOptions", {{option, "';"}}}})).status,
              std::string(option) == "separatorSequence" ? 200 : 400)
        << option;
  }
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  const std::string encoded = "x%27%22%29%3B%20DROP%20TABLE%20jobs%3B%20--";
  EXPECT_EQ(pool().http().get(pool().jobs_path() + "?targetName=" + encoded).array().size(), 0U);
  EXPECT_EQ(pool().http().get(pool().jobs_path() + "?status=" + encoded).status, 400);
  EXPECT_EQ(pool().http().get(pool().job_path(encoded)).status, 404);
  EXPECT_EQ(pool().http().del(pool().job_path(job) + "/chunks/" + encoded).status, 404);
  EXPECT_EQ(pool()
                .http()
                .send({"POST", pool().chunks_path(job), {{"Idempotency-Key", sql}}, std::string("id\n1\n")})
                .status,
            200);
  EXPECT_EQ(pool().http().post_json("/integration/api/pools", {{"name", sql}, {"description", sql}}).status,
            200);
  EXPECT_EQ(pool().http().post_json("/adit/api/v1/keys", {{"name", sql}}).status, 200);
  EXPECT_EQ(pool().value("SELECT count(*) FROM bystander"), "1");
  EXPECT_EQ(pool().status(job), "NEW");
}

}  // namespace
}  // namespace adit::test
