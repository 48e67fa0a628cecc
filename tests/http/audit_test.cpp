// The audit log: what comes into it, who may read it, how long it is kept.
#include <algorithm>
#include <chrono>
#include <limits>
#include <set>
#include <sstream>
#include <thread>

#include "support/callers.h"
#include "support/catalog_file.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

const std::string kAudit = "/adit/api/v1/audit";

class AuditLog : public ServerTest {
 protected:
  Http as(std::optional<std::string> authorization) {
    auto http = server().http();
    http.set_authorization(std::move(authorization));
    return http;
  }
  json::array entries(const std::string& query) {
    const auto answer = pool().http().get(kAudit + "?limit=1000&" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json().at("entries").as_array();
  }
  /// Waits for entries that nobody waits for: the first that the query finds.
  json::object entry(const std::string& query) {
    for (int i = 0; i < 1'000; ++i) {
      const auto found = entries(query);
      if (!found.empty()) return found.front().as_object();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw std::runtime_error("no entry for " + query);
  }
  static std::string text(const json::value& value, std::string_view path) {
    return std::string(field(value, path).as_string());
  }
};

TEST_F(AuditLog, AnAdministrativeOperationStandsThereWhenItIsAnswered) {
  const auto made = pool().http().post_json("/integration/api/pools", {{"name", "audited"}});
  const auto id = text(made.json(), "id");
  const auto found = entries("operation=createPool&object=" + id);
  ASSERT_EQ(found.size(), 1U);
  const auto& entry = found.front();
  const auto me = pool().http().get("/adit/api/v1/me").json();
  EXPECT_EQ(field(entry, "principalKind"), "USER");
  EXPECT_EQ(field(entry, "principalId"), field(me, "id"));
  EXPECT_EQ(field(entry, "principalName"), field(me, "name"));
  EXPECT_EQ(field(entry, "keyId"), field(me, "keyId"));
  EXPECT_EQ(field(entry, "peer"), "127.0.0.1");
  EXPECT_EQ(field(entry, "status"), 200);
  EXPECT_EQ(field(entry, "outcome"), "SUCCESS");
  EXPECT_EQ(text(entry, "reference"), made.header("x-request-id"));
  EXPECT_EQ(pool().http().del("/integration/api/pools/" + id).status, 204);
  EXPECT_EQ(field(entries("operation=deletePool").front(), "poolId"), json::string(id));
}

TEST_F(AuditLog, APushStandsThereByItsJobButNotByItsChunks) {
  const auto job = text(pool().push(csv_job("DELTA", "t"), {"a\n1\n"}), "id");
  EXPECT_EQ(text(entry("operation=executeJob&object=" + job), "poolId"), pool().pool());
  EXPECT_EQ(text(entry("operation=createJob&object=" + job), "object"), job);
  EXPECT_TRUE(entries("operation=upsertChunk").empty());
}

TEST_F(AuditLog, RefusalsStandThereWithWhoWasRefused) {
  Callers callers(server().http());
  const auto member = callers.user();
  expect_error_body(as(member.authorization).get("/adit/api/v1/users"), 403);
  const auto refused = entry("operation=listUsers&outcome=REFUSED");
  EXPECT_EQ(text(refused, "principalId"), member.id);
  EXPECT_EQ(field(refused, "status"), 403);
  const std::string key_id = "1b7f6e6e-6f0f-4c1c-9a53-0123456789ab";
  EXPECT_EQ(as("Bearer " + base64(key_id + ":" + std::string(43, 'A') + "=")).get("/api/cloud").status, 401);
  const auto unknown = entry("operation=describeCaller&outcome=REFUSED");
  EXPECT_TRUE(field(unknown, "principalId").is_null());
  EXPECT_EQ(text(unknown, "keyId"), key_id);
  EXPECT_EQ(text(unknown, "peer"), "127.0.0.1");
}

TEST_F(AuditLog, AReadIsNoEntryButADownloadAQueryAndTheLogItselfAre) {
  pool().push_done(csv_job("DELTA", "read"), {"a\n1\n"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM read"), "1");
  EXPECT_EQ(pool().http().get("/adit/api/v1/pools/" + pool().pool() + "/tables/read/rows").status, 200);
  EXPECT_EQ(text(entry("operation=downloadTable"), "object"), "read");
  EXPECT_EQ(text(entry("operation=query&object=" + pool().pool()), "outcome"), "SUCCESS");
  EXPECT_EQ(text(entry("operation=listAudit"), "outcome"), "SUCCESS");
  EXPECT_TRUE(entries("operation=listPools").empty());
  EXPECT_TRUE(entries("operation=getJob").empty());
}

TEST_F(AuditLog, IsReadPageByPage) {
  for (int i = 0; i < 5; ++i)
    pool().http().post_json("/adit/api/v1/groups", {{"name", "p" + std::to_string(i)}});
  std::set<std::int64_t> numbers;
  std::string next = "9223372036854775807";
  int pages = 0;
  while (!next.empty()) {
    const auto page = pool().http().get(kAudit + "?operation=createGroup&limit=2&before=" + next).json();
    for (const auto& entry : page.at("entries").as_array()) {
      EXPECT_TRUE(numbers.insert(entry.at("number").as_int64()).second);
    }
    next = page.at("next").is_null() ? "" : json::serialize(page.at("next"));
    ++pages;
  }
  EXPECT_GE(numbers.size(), 5U);
  EXPECT_GE(pages, 3);
}

TEST_F(AuditLog, IsExportedAsCsvAndJsonLines) {
  pool().http().post_json("/adit/api/v1/groups", {{"name", "exported"}});
  const auto export_as = [&](const std::string& form) {
    HttpRequest request{"GET", kAudit + "?operation=createGroup"};
    request.headers = {{"Accept", form}};
    return pool().http().send(std::move(request));
  };
  const auto csv = export_as("text/csv");
  EXPECT_EQ(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
  EXPECT_TRUE(
      csv.body.starts_with("number,at,principalKind,principalId,principalName,keyId,peer,operation,"
                           "poolId,object,status,outcome,reference\n"))
      << csv.body;
  EXPECT_NE(csv.body.find(",127.0.0.1,createGroup,,"), std::string::npos) << csv.body;
  std::istringstream lines(export_as("application/x-ndjson").body);
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count) EXPECT_EQ(field(json::parse(line), "operation"), "createGroup");
  EXPECT_GE(count, 1);
  EXPECT_EQ(export_as("image/png").status, 406);
}

TEST_F(AuditLog, NeedsThePermissionAndCanNotBeChangedByAnybody) {
  Callers callers(server().http());
  const auto auditor = callers.user();
  expect_error_body(as(auditor.authorization).get(kAudit), 403);
  callers.grant(auditor, "VIEW_AUDIT_LOG");
  EXPECT_EQ(as(auditor.authorization).get(kAudit).status, 200);
  EXPECT_EQ(as(callers.key_of(auditor, {{"scopes", {"audit.log:read"}}})).get(kAudit).status, 200);
  expect_error_body(as(callers.key_of(auditor, {{"scopes", {"integration.data-pools"}}})).get(kAudit), 403);
  EXPECT_EQ(pool().http().del(kAudit).status, 405);
  EXPECT_EQ(pool().http().post(kAudit).status, 405);
}

TEST_F(AuditLog, WrongParametersAreNamed) {
  for (const std::string wrong :
       {"from=yesterday", "to=-1", "outcome=GOOD", "limit=0", "limit=1001", "before=x"}) {
    expect_field_error(pool().http().get(kAudit + "?" + wrong), wrong.substr(0, wrong.find('=')));
  }
  EXPECT_TRUE(entries("to=2020-01-01T00:00:00Z").empty());
  EXPECT_FALSE(entries("from=2020-01-01T00:00:00Z&to=4102444800000").empty());
}

TEST(AuditRetention, OfTheSettingIsKeptByAServerThatStarts) {
  Server server({.flags = {"--audit-retention-days", "2"}});
  server.start();
  const auto count = [&] {
    const auto page = server.http().get(kAudit + "?operation=createGroup").json();
    return page.at("entries").as_array().size();
  };
  auto http = server.http();
  for (const auto* name : {"a", "b", "c"}) {
    EXPECT_EQ(http.post_json("/adit/api/v1/groups", {{"name", name}}).status, 200);
  }
  EXPECT_EQ(count(), 3U);
  server.terminate();
  // Entries are never changed; so these are entered anew, one and three days old.
  change_catalog(server.data(),
                 "CREATE TEMP TABLE old AS SELECT * FROM audit_log WHERE operation = 'createGroup' ORDER BY "
                 "number LIMIT 2; DELETE FROM audit_log WHERE number IN (SELECT number FROM old); UPDATE old "
                 "SET at = at - 86400000 * CASE number WHEN (SELECT min(number) FROM old) THEN 3 ELSE 1 END; "
                 "INSERT INTO audit_log SELECT * FROM old");
  server.start();
  for (int i = 0; i < 3'000 && count() > 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(count(), 2U);
}

/// A log of a hundred thousand entries, 35 MB as text.
class LargeAuditLog : public ::testing::Test {
 protected:
  static constexpr int kEntries = 100'000;

  void SetUp() override {
    server_.start();
    server_.terminate();
    change_catalog(
        server_.data(),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
            std::to_string(kEntries) +
            ") INSERT INTO audit_log (at, team_id, principal_kind, principal_id, principal_name, key_id, "
            "peer, "
            "operation, pool_id, object, status, outcome, reference) SELECT 1700000000000 + i, (SELECT id "
            "FROM "
            "teams), 'USER', '11111111-2222-4333-8444-000000000002', 'Ada', "
            "'11111111-2222-4333-8444-000000000003', '192.0.2.1', 'createJob', "
            "'11111111-2222-4333-8444-000000000004', '11111111-2222-4333-8444-000000000005', 200, 'SUCCESS', "
            "'11111111-2222-4333-8444-000000000006' FROM n");
    server_.start();
  }
  /// Without the framing of pieces that HTTP/1.1 has.
  std::string export_as(const std::string& form) {
    RawConnection connection(server_.address());
    connection.send("GET " + kAudit + "?operation=createJob HTTP/1.0\r\nAccept: " + form +
                    "\r\nAuthorization: Bearer " + server_.admin_key() + "\r\n\r\n");
    const auto answer = connection.read_until_closed();
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }

  Server server_{{.environment = kLittleHeldBack}};
};

TEST_F(LargeAuditLog, IsExportedWholeInMemoryThatDoesNotGrowWithIt) {
  const auto before = server_.resident_bytes_peak();
  const auto csv = export_as("text/csv");
  const auto lines = export_as("application/x-ndjson");
  EXPECT_EQ(std::ranges::count(csv, '\n'), kEntries + 1);
  EXPECT_EQ(std::ranges::count(lines, '\n'), kEntries);
  EXPECT_GT(lines.size(), 30U << 20);
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
  std::istringstream entries(lines);
  std::string line;
  for (int i = 0; std::getline(entries, line); ++i) {
    const auto number = std::stoll(line.substr(line.find(':') + 1));
    ASSERT_LT(number, last) << "each once, the latest first";
    last = number;
  }
  EXPECT_LT(server_.resident_bytes_peak(), before + lines.size()) << "of an answer of " << lines.size();
}

}  // namespace
}  // namespace adit::test
