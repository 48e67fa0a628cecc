// Results in other forms than JSON: what they hold, that they stream, and that they end with their client.
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

constexpr const char* kCsv = "text/csv";
constexpr const char* kJson = "application/json";
constexpr const char* kParquet = "application/vnd.apache.parquet";

HttpRequest query_request(const std::string& pool, const std::string& sql, const std::string& accept,
                          json::object more = {}) {
  more["sql"] = sql;
  return {"POST",
          "/adit/api/v1/pools/" + pool + "/query",
          {{"Accept", accept}, {"Content-Type", "application/json"}},
          json::serialize(more)};
}

class Downloads : public SurvivingServerTest {
 protected:
  HttpResponse query(const std::string& sql, const std::string& accept, json::object more = {}) {
    return pool().http().send(query_request(pool().pool(), sql, accept, std::move(more)));
  }
  HttpResponse rows(const std::string& table, const std::string& accept, const std::string& more = "") {
    return pool().http().send({"GET",
                               "/adit/api/v1/pools/" + pool().pool() + "/tables/" + table + "/rows" + more,
                               {{"Accept", accept}}});
  }
};

TEST_F(Downloads, AQueryAsCsv) {
  const auto response = query(
      "SELECT * FROM (VALUES (1, 'a', true, 1.50::DECIMAL(9,2), NULL), (2, 'b,\"c\"\nd', false, NULL, ''), "
      "(3, ' e', NULL, -1, 'x')) t(id, \"te,xt\", flag, price, note)",
      kCsv);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.header("content-type"), "text/csv; charset=utf-8; header=present");
  EXPECT_EQ(
      response.body,
      "id,\"te,xt\",flag,price,note\n1,a,true,1.50,\n2,\"b,\"\"c\"\"\nd\",false,,\"\"\n3,\" e\",,-1.00,x\n");
}

TEST_F(Downloads, OnlyALimitThatWasAskedForCutsCsvAndParquet) {
  const auto all = query("SELECT range AS i FROM range(20001)", kCsv);
  EXPECT_EQ(std::ranges::count(all.body, '\n'), 20002);
  EXPECT_EQ(query("SELECT range AS i FROM range(20001)", kCsv, {{"limit", 2}}).body, "i\n0\n1\n");
  EXPECT_EQ(query("SELECT 1 AS i WHERE false", kCsv).body, "i\n");
}

TEST_F(Downloads, WhatWasDownloadedCanBePushedAgain) {
  pool().push_done(
      parquet_job("REPLACE", "t"),
      {parquet_of("SELECT range AS id, CASE range % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE "
                  "'Größe, \"' || range || '\"' END AS text, range / 4 AS share, "
                  "TIMESTAMP '2024-01-01 00:00:00.5' + to_seconds(range) AS seen FROM range(30000)")});
  const auto digest = "SELECT count(*), sum(hash(id, text, share, seen)) FROM ";
  const auto csv = rows("T", kCsv);
  ASSERT_EQ(csv.status, 200) << csv.body;
  const auto parquet = rows("t", kParquet);
  ASSERT_EQ(parquet.status, 200) << parquet.body;
  EXPECT_EQ(parquet.header("content-length"), std::to_string(parquet.body.size()));
  pool().push_done(csv_job("REPLACE", "from_csv"), {csv.body});
  pool().push_done(parquet_job("REPLACE", "from_parquet"), {parquet.body});
  EXPECT_EQ(pool().rows(digest + std::string("from_csv")), pool().rows(digest + std::string("t")));
  EXPECT_EQ(pool().rows(digest + std::string("from_parquet")), pool().rows(digest + std::string("t")));
  EXPECT_FALSE(std::filesystem::exists(server().data() / "pools" / pool().pool() / "export") &&
               !std::filesystem::is_empty(server().data() / "pools" / pool().pool() / "export"));
}

TEST_F(Downloads, ATableAsJsonLines) {
  pool().push_done(csv_job("REPLACE", "odd%2F \"t\""), {"id,te\"xt\n1,one\n2,\n"});
  const auto response = rows("odd%252F%20%22t%22", "application/x-ndjson", "?limit=1");
  ASSERT_EQ(response.status, 200) << response.body;
  ASSERT_TRUE(response.body.ends_with("\n"));
  const auto row = json::parse(response.body);
  EXPECT_EQ(field(row, "id"), 1);
  expect_error_body(rows("nowhere", kCsv), 404);
}

TEST_F(Downloads, TheFormIsNegotiated) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  const auto type = [&](const std::string& accept) {
    return query("SELECT 1 AS i", accept).header("content-type").value_or("");
  };
  EXPECT_EQ(type("*/*"), "application/json");
  EXPECT_EQ(type("text/*"), "text/csv; charset=utf-8; header=present");
  EXPECT_EQ(type("application/json;q=0.5, text/csv;q=0.9"), "text/csv; charset=utf-8; header=present");
  EXPECT_EQ(type("text/csv;q=0, */*"), "application/json");
  EXPECT_EQ(type(kParquet), kParquet);
  expect_error_body(query("SELECT 1", "image/png"), 406);
  expect_error_body(rows("t", "application/json"), 406);
  EXPECT_TRUE(rows("t", "*/*").header("content-type").value_or("").starts_with("text/csv"));
}

TEST_F(Downloads, WhatIsNoSelectIsNoParquet) {
  EXPECT_EQ(query("EXPLAIN SELECT 1", kParquet).status, 400);
  EXPECT_EQ(query("EXPLAIN SELECT 1", kCsv).status, 200);
  EXPECT_EQ(query("SELECT 1 AS i;", kParquet).status, 200);
  EXPECT_EQ(query("SELECT 1 AS i -- done", kParquet).status, 200);
  for (const char* sql : {"SELECT 1) TO '/tmp/x.csv' --", "SELECT 1); SELECT (1", "COPY t TO '/tmp/x'",
                          "SELECT * FROM '/etc/passwd'", "SELECT nope", "SELECT 'x'::INTEGER AS i"}) {
    expect_error_body(query(sql, kParquet), 400);
    expect_error_body(query(sql, kCsv), 400);
  }
}

TEST_F(Downloads, AnErrorInTheMiddleBreaksTheAnswerOff) {
  const std::string sql =
      "SELECT (CASE WHEN range = 3000000 THEN 'x' ELSE '1' END)::INTEGER AS i FROM range(4000000)";
  EXPECT_THROW(query(sql, kCsv), TransportError);
  EXPECT_EQ(query(sql, kParquet).status, 400);
  const std::string sooner =
      "SELECT (CASE WHEN range = 900000 THEN 'x' ELSE '1' END)::INTEGER AS i FROM range(1000000)";
  EXPECT_THROW(query(sooner, kJson, {{"limit", 1'000'000}}), TransportError);
  EXPECT_EQ(query("SELECT 'x'::INTEGER AS i", kJson).status, 400) << "at the beginning it is an answer";
}

TEST_F(Downloads, JsonTellsItsCountsBehindTheRows) {
  const auto small = query("SELECT range AS i FROM range(3)", kJson);
  EXPECT_EQ(small.header("content-length"), std::to_string(small.body.size()));
  EXPECT_TRUE(small.body.starts_with(
      R"({"columns":[{"name":"i","type":"BIGINT"}],"rows":[[0],[1],[2]],"rowCount":3,"truncated":false,"elapsedMs":)"))
      << small.body;
  const auto none = query("SELECT 1 AS i WHERE false", kJson).json();
  EXPECT_EQ(field(none, "rows"), json::array());
  EXPECT_EQ(field(none, "rowCount"), 0);
  const auto large = query("SELECT range AS i FROM range(300001)", kJson, {{"limit", 300'000}});
  EXPECT_EQ(large.header("transfer-encoding"), "chunked");
  EXPECT_EQ(large.header("content-type"), "application/json");
  const auto answer = large.json();
  EXPECT_EQ(field(answer, "rowCount"), 300'000);
  EXPECT_EQ(field(answer, "truncated"), true);
  const auto& rows = answer.at("rows").as_array();
  ASSERT_EQ(rows.size(), 300'000U);
  EXPECT_EQ(rows.back(), json::array{299'999});
}

TEST_F(Downloads, AnOldClientReadsUntilTheEnd) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n2\n"});
  RawConnection connection(server().address());
  connection.send("GET /adit/api/v1/pools/" + pool().pool() +
                  "/tables/t/rows HTTP/1.0\r\nAuthorization: Bearer " + server().admin_key() + "\r\n\r\n");
  const auto text = connection.read_until_closed();
  EXPECT_EQ(text.find("Transfer-Encoding"), std::string::npos);
  EXPECT_EQ(text.find("Content-Length"), std::string::npos);
  EXPECT_NE(text.find("\r\n\r\nid,_CELONIS_CHANGE_DATE\n1,"), std::string::npos) << text;
}

TEST_F(Downloads, HeadHasNoBody) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  const auto response =
      pool().http().send({"HEAD", "/adit/api/v1/pools/" + pool().pool() + "/tables/t/rows", {}});
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.body.empty());
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "1");
}

class HugeDownloads : public Downloads {
 protected:
  static void SetUpTestSuite() { start_server({.environment = kLittleHeldBack}); }
  /// Of an answer of at least 280 MB.
  void expect_flat(const std::string& accept, const std::string& sql, const json::object& more);
};

TEST_F(HugeDownloads, StayFlatInMemory) {
  expect_flat(kJson, "SELECT range AS id, repeat('longer ', 40) || range AS t FROM range(1000000)",
              {{"limit", 1'000'000}});
  expect_flat(
      kCsv, "SELECT range AS id, 'a longer text in each of the rows ' || range AS t FROM range(6000000)", {});
}

void HugeDownloads::expect_flat(const std::string& accept, const std::string& sql, const json::object& more) {
  SCOPED_TRACE(accept);
  ASSERT_EQ(query("SELECT * FROM (" + sql + ") LIMIT 10", accept).status, 200);
  const auto before = server().resident_bytes_peak();
  RawConnection connection(server().address());
  auto asked = more;
  asked["timeoutMs"] = 600'000;  // a sanitizer's build on a busy machine
  auto request = query_request(pool().pool(), sql, accept, asked);
  request.headers.emplace_back("Authorization", "Bearer " + server().admin_key());
  request.headers.emplace_back("Connection", "close");
  connection.send(request_text(request));
  const auto bytes = connection.count_until_closed();
  EXPECT_GT(bytes, 280'000'000U);
  const auto grown = server().resident_bytes_peak() - before;
  EXPECT_LT(grown, bytes / 2) << "of an answer of " << bytes << " bytes";
}

class ClientThatLeaves : public ServerTest {
 protected:
  static void SetUpTestSuite() { start_server({.flags = {"--queries-max", "1"}}); }

  std::string request(const std::string& sql, const std::string& accept) {
    auto request = query_request(pool().pool(), sql, accept, {{"timeoutMs", 600000}});
    request.headers.emplace_back("Authorization", "Bearer " + server().admin_key());
    return request_text(request);
  }
  /// Sends a request until it has the one place for queries: it may be refused because a look has it. Its
  /// answer may have begun then.
  bool occupy(RawConnection& connection, const std::string& request) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    connection.send(request);
    while (std::chrono::steady_clock::now() < deadline) {
      if (pool().try_query("SELECT 1").status == 503) return true;
      if (!connection.has_bytes()) continue;
      if (pool().try_query("SELECT 1").status == 503) return true;
      if (connection.read_response().status != 503) return false;
      connection.send(request);
    }
    return false;
  }
  /// The one place for queries is free again.
  void expect_next_query_works() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    int status = 0;
    while (status != 200 && std::chrono::steady_clock::now() < deadline)
      status = pool().try_query("SELECT 1").status;
    EXPECT_EQ(status, 200);
  }
};

TEST_F(ClientThatLeaves, TakesItsQueryWithIt) {
  const std::string endless =
      "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range = 7";
  for (const char* accept : {"application/json", kCsv, kParquet}) {
    SCOPED_TRACE(accept);
    RawConnection connection(server().address());
    ASSERT_TRUE(occupy(connection, request(endless, accept)));
    connection.reset();
    expect_next_query_works();
  }
}

TEST_F(ClientThatLeaves, InTheMiddleOfAnAnswerTakesItsQueryWithIt) {
  RawConnection connection(server().address());
  const std::string endless = "SELECT a.range AS i FROM range(10000000) a, range(10000000) b";
  ASSERT_TRUE(occupy(connection, request(endless, kCsv)));
  connection.reset();
  expect_next_query_works();
}

}  // namespace
}  // namespace adit::test
