// Disk quotas of pools, over the socket.
#include <atomic>
#include <thread>

#include "support/callers.h"
#include "support/raw_connection.h"
#include "support/second_team.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

std::string quota_path(const std::string& pool) { return "/adit/api/v1/pools/" + pool + "/quota"; }

HttpResponse put_quota(Http http, const std::string& pool, const json::object& quota) {
  HttpRequest request{"PUT", quota_path(pool)};
  request.body = json::serialize(quota);
  request.headers = {{"Content-Type", "application/json"}};
  return http.send(std::move(request));
}

std::int64_t number(const json::value& value, const std::string& name) {
  return value.at(name).to_number<std::int64_t>();
}

/// CSV of exactly so many bytes.
std::string csv_bytes(std::size_t bytes) {
  std::string csv = "a\n";
  while (csv.size() < bytes) csv += "1234567\n";
  csv.resize(bytes, '1');
  return csv;
}

class DiskQuotas : public ServerTest {
 protected:
  void limit(std::int64_t bytes) {
    const auto set = put_quota(pool().http().another(), pool().pool(), {{"maxBytes", bytes}});
    ASSERT_EQ(set.status, 200) << set.body;
  }
  json::value use() { return pool().http().get(quota_path(pool().pool())).json(); }
  std::string new_job(const std::string& table = "t") { return pool().create_job(csv_job("DELTA", table)); }
  /// A chunk that is not staged, so that the pool's tables stay as they are: its number says that others will
  /// come before it.
  HttpResponse add(PoolClient& client, const std::string& job, std::string csv) {
    HttpRequest request{"POST", client.chunks_path(job)};
    request.headers = {{"Content-Type", "text/csv"}, {"Adit-Sequence", std::to_string(++sequence_)}};
    request.body = std::move(csv);
    return client.http().send(std::move(request));
  }
  HttpResponse add(const std::string& job, std::string csv) { return add(pool(), job, std::move(csv)); }
  /// The head of an upload whose body does not follow.
  std::string head(const std::string& job, const std::string& more) {
    return "POST " + pool().chunks_path(job) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
           server().admin_key() + "\r\n" + more + "\r\n\r\n";
  }
  static void expect_refusal(const HttpResponse& response) {
    expect_error_body(response, 507);
    EXPECT_EQ(field(response.json(), "errorCode"), "STORAGE_FULL");
    EXPECT_FALSE(response.header("retry-after").has_value());
    for (const auto* part : {"disk quota of", "uses", "Truncate or drop tables", "adit pool quota"})
      EXPECT_NE(response.body.find(part), std::string::npos) << part << " in " << response.body;
  }
  void expect_nothing_kept(const std::string& job) {
    EXPECT_TRUE(pool().chunks(job).empty());
    EXPECT_TRUE(server().chunk_files(pool().pool()).empty());
    EXPECT_EQ(number(use(), "chunkBytes"), 0);
  }
  /// Rows of a table that takes some megabytes.
  void push_large(const std::string& table) {
    pool().push_done(parquet_job("REPLACE", table),
                     {parquet_of("SELECT range AS id, md5(range::varchar) AS text FROM range(100000)")});
  }

 private:
  std::atomic<int> sequence_ = 100;
};

TEST_F(DiskQuotas, AQuotaIsSetRaisedAndTakenAway) {
  EXPECT_EQ(field(use(), "quota"), "DEFAULT");
  EXPECT_TRUE(field(use(), "maxBytes").is_null());
  limit(100);
  EXPECT_EQ(number(use(), "maxBytes"), 100);
  const auto job = new_job();
  EXPECT_EQ(add(job, csv_bytes(100)).status, 200);
  expect_refusal(add(job, "a"));
  limit(101);
  EXPECT_EQ(add(job, "a").status, 200);
  expect_refusal(add(job, "a"));
  ASSERT_EQ(put_quota(pool().http().another(), pool().pool(), {{"quota", "NONE"}}).status, 200);
  EXPECT_EQ(add(job, "a").status, 200);
  const auto listed = pool().http().get("/integration/api/pools/" + pool().pool()).json();
  EXPECT_EQ(field(listed, "adit.disk.quota"), "NONE");
  EXPECT_EQ(field(listed, "adit.disk.chunkBytes"), 102);
}

TEST_F(DiskQuotas, NonsenseIsNamed) {
  const auto put = [&](const json::object& quota) {
    return put_quota(pool().http().another(), pool().pool(), quota);
  };
  expect_field_error(put({}), "maxBytes");
  expect_field_error(put({{"maxBytes", 0}}), "maxBytes");
  expect_field_error(put({{"maxBytes", (std::int64_t{1} << 53) + 1}}), "maxBytes");
  expect_field_error(put({{"quota", "NONE"}, {"maxBytes", 5}}), "maxBytes");
  expect_field_error(put({{"quota", "OWN"}}), "maxBytes");
  expect_field_error(put({{"quota", "much"}}), "quota");
  EXPECT_EQ(field(use(), "quota"), "DEFAULT");
}

TEST_F(DiskQuotas, OnlyAdministratorsSetThemNotWhoManagesThePool) {
  Callers callers(server().http());
  const auto manager = callers.user();
  callers.grant(manager, "MANAGE_DATA_POOL", pool().pool());
  auto http = server().http();
  http.set_authorization(manager.authorization);
  EXPECT_EQ(http.get(quota_path(pool().pool())).status, 200);
  expect_error_body(put_quota(http.another(), pool().pool(), {{"quota", "NONE"}}), 403);
  const std::string nowhere = "7d9c44a8-1111-4222-8333-abcdefabcdef";
  expect_error_body(put_quota(pool().http().another(), nowhere, {{"quota", "NONE"}}), 404);
  limit(5);
  const auto entered = [&](const std::string& outcome) {
    const auto found = pool().http().get("/adit/api/v1/audit?operation=setDiskQuota&outcome=" + outcome +
                                         "&object=" + pool().pool());
    return !found.json().at("entries").as_array().empty();
  };
  EXPECT_TRUE(entered("SUCCESS"));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!entered("REFUSED") && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(entered("REFUSED"));
}

TEST_F(DiskQuotas, WhatTheHeadAnnouncesIsRefusedBeforeABodyComes) {
  limit(100'000);
  const auto job = new_job();
  for (const std::string type : {"text/csv", "multipart/form-data; boundary=x"}) {
    RawConnection connection(server().address());
    connection.send(
        head(job, "Content-Type: " + type + "\r\nContent-Length: 200000\r\nExpect: 100-continue"));
    expect_refusal(connection.read_response());
  }
  expect_nothing_kept(job);
  EXPECT_EQ(pool().http().upload_raw(pool().chunks_path(job), csv_bytes(100'000), "text/csv").status, 200);
}

TEST_F(DiskQuotas, AFileInAFormMayFillAPoolToTheLastByte) {
  limit(100'000);
  const auto job = new_job();
  expect_refusal(pool().try_upload(job, csv_bytes(100'001)));
  expect_nothing_kept(job);
  EXPECT_EQ(pool().try_upload(job, csv_bytes(100'000)).status, 200);
}

TEST_F(DiskQuotas, ABodyWithoutALengthEndsAtTheBound) {
  limit(1'000'000);
  const auto job = new_job();
  RawConnection connection(server().address());
  connection.send(head(job, "Content-Type: text/csv\r\nTransfer-Encoding: chunked"));
  try {
    connection.send("2\r\na\n\r\n");
    for (int i = 0; i < 100; ++i) connection.send("10000\r\n" + csv_bytes(0x10000) + "\r\n");
    // Nothing says that this is the end: who waits for it waits for ever.
  } catch (const std::exception&) {
    // The server may have closed already; its answer is there all the same.
  }
  expect_refusal(connection.read_response());
  expect_nothing_kept(job);
  EXPECT_EQ(pool().try_upload(job, csv_bytes(900'000)).status, 200) << "what was reserved is given back";
}

TEST_F(DiskQuotas, ACompressedBodyCountsAsWhatItBecomes) {
  limit(1'000'000);
  const auto job = new_job();
  HttpRequest request{"POST", pool().chunks_path(job)};
  request.headers = {{"Content-Type", "text/csv"}, {"Content-Encoding", "gzip"}};
  request.body = gzip(csv_bytes(1'000'001));
  ASSERT_LT(request.body.size(), 100'000U);
  expect_refusal(pool().http().send(request));
  request.body = gzip(csv_bytes(1'000'000));
  EXPECT_EQ(pool().http().send(request).status, 200);
}

TEST_F(DiskQuotas, UploadsSideBySideNeverPassItTogether) {
  constexpr int kUploads = 20;
  constexpr std::int64_t kBytes = 300'000;
  limit(6 * kBytes + kBytes / 2);
  std::vector<std::string> jobs;
  for (int i = 0; i < kUploads; ++i) jobs.push_back(new_job("t" + std::to_string(i)));
  std::atomic<int> kept = 0;
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      threads.emplace_back([&, i] {
        auto client = another_client();
        const auto csv = csv_bytes(kBytes);
        // Each second one does not tell how much it brings.
        HttpRequest request{"POST", client.chunks_path(jobs[i]), {}, csv};
        request.headers = {{"Content-Type", "text/csv"}, {"Adit-Sequence", "9"}};
        if (i % 2 == 1) {
          request.headers.emplace_back("Content-Encoding", "gzip");
          request.body = gzip(csv);
        }
        const auto status = client.http().send(std::move(request)).status;
        kept += status == 200 ? 1 : 0;
        refused += status == 507 ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(kept + refused, kUploads);
  EXPECT_LE(kept, 6);
  EXPECT_GE(kept, 1);
  EXPECT_EQ(number(use(), "chunkBytes"), kept * kBytes);
  for (int more = kept; more < 6; ++more) {
    EXPECT_EQ(add(jobs[0], csv_bytes(kBytes)).status, 200)
        << "there is room for as many as fit one after the other";
  }
}

TEST_F(DiskQuotas, ChunksAndJobsThatAreDeletedGiveTheirRoomBack) {
  limit(100);
  const auto job = new_job();
  const auto other = new_job("other");
  EXPECT_EQ(add(job, csv_bytes(60)).status, 200);
  EXPECT_EQ(add(other, csv_bytes(40)).status, 200);
  expect_refusal(add(job, "a"));
  const auto chunk = std::string(field(pool().chunks(job).at(0), "id").as_string());
  ASSERT_EQ(pool().http().del(pool().job_path(job) + "/chunks/" + chunk).status, 204);
  EXPECT_EQ(add(job, csv_bytes(60)).status, 200);
  expect_refusal(add(job, "a"));
  ASSERT_EQ(pool().try_delete(other).status, 204);
  EXPECT_EQ(add(job, csv_bytes(40)).status, 200);
}

TEST_F(DiskQuotas, ACanceledJobGivesItsRoomBack) {
  limit(100);
  const auto job = new_job();
  const auto other = new_job("other");
  EXPECT_EQ(add(job, csv_bytes(100)).status, 200);
  expect_refusal(add(other, "a"));
  ASSERT_EQ(pool().try_cancel(job).status, 200);
  EXPECT_EQ(add(other, csv_bytes(100)).status, 200);
  EXPECT_EQ(server().chunk_files(pool().pool()).size(), 1U);
  EXPECT_EQ(pool().chunks(job).size(), 1U) << "what is known of them stays";
}

TEST_F(DiskQuotas, APoolOverItByItsTablesIsMendedByTruncatingThem) {
  push_large("large");
  const auto waiting = new_job();
  pool().upload(waiting, "a\n1\n");
  pool().wait_staged(waiting);
  limit(1);  // so that what follows is after a checkpoint
  const auto full = use();
  ASSERT_GT(number(full, "tableBytes"), 2'000'000) << json::serialize(full);
  EXPECT_EQ(number(full, "usedBytes"), number(full, "tableBytes") + number(full, "chunkBytes"));
  limit(number(full, "chunkBytes") + number(full, "tableBytes") / 2);
  expect_refusal(pool().try_create(csv_job("DELTA", "t")));
  expect_refusal(pool().try_upload(waiting, "a\n2\n"));
  expect_refusal(pool().try_execute(waiting));
  EXPECT_EQ(pool().status(waiting), "NEW");
  EXPECT_EQ(pool().chunks(waiting).size(), 1U) << "what was acknowledged stays";
  EXPECT_EQ(pool().value("SELECT count(*) FROM large"), "100000");
  const auto emptied = pool().http().post("/adit/api/v1/pools/" + pool().pool() + "/tables/large/truncate");
  ASSERT_EQ(emptied.status, 200) << emptied.body;
  EXPECT_EQ(pool().try_upload(waiting, "a\n2\n").status, 200);
  EXPECT_EQ(pool().try_create(csv_job("DELTA", "t")).status, 200);
  pool().execute(waiting);
  EXPECT_EQ(pool().wait(waiting).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "2");
}

TEST_F(DiskQuotas, WhatHasLandedIsSeenWithoutAnybodyAsking) {
  push_large("large");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::int64_t seen = 0;
  while (seen < 2'000'000 && std::chrono::steady_clock::now() < deadline) {
    const auto listed = pool().http().get("/integration/api/pools/" + pool().pool()).json();
    const auto bytes = field(listed, "adit.disk.tableBytes");
    seen = bytes.is_null() ? 0 : bytes.to_number<std::int64_t>();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_GE(seen, 2'000'000);
}

TEST_F(DiskQuotas, ARefusalIsCountedAndLoggedOnce) {
  limit(10);
  const auto job = new_job();
  const auto log_start = server().log_bytes();
  for (int i = 0; i < 3; ++i) expect_refusal(pool().try_upload(job, csv_bytes(11)));
  EXPECT_NE(pool().http().get("/metrics").body.find("adit_disk_quota_refused_total "), std::string::npos);
  const auto log = server().log(log_start);
  const auto first = log.find("a data pool is at its disk quota");
  ASSERT_NE(first, std::string::npos) << log;
  EXPECT_EQ(log.find("a data pool is at its disk quota", first + 1), std::string::npos) << log;
}

TEST_F(DiskQuotas, StayRightOverKillsRestartsAndExpiry) {
  Server own({.flags = {"--pool-disk-max", "10MiB"}});
  own.start();
  const auto other_team = [&] {
    own.terminate();
    auto team = add_second_team(own.data(), "other");
    own.start();
    return team;
  }();
  std::string id;
  std::string job;
  {
    PoolClient client(own);
    id = client.pool();
    const auto used = [&] { return client.http().get(quota_path(id)).json(); };
    EXPECT_EQ(field(used(), "maxBytes"), 10 << 20) << "the server's setting";
    client.push_done(csv_job("DELTA", "t"), {csv_bytes(1'000)});
    job = client.create_job(csv_job("DELTA", "u"));
    client.upload(job, csv_bytes(1'000));
    EXPECT_EQ(number(used(), "chunkBytes"), 2'000);
    expect_error_body(Http(own.address(), other_team.key).get(quota_path(id)), 404);
    expect_error_body(put_quota(Http(own.address(), other_team.key), id, {{"quota", "NONE"}}), 404);
    RawConnection connection(own.address());
    connection.send("POST " + client.chunks_path(job) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                    own.admin_key() + "\r\nExpect: 100-continue\r\nContent-Type: text/csv\r\n" +
                    "Content-Length: 6000000\r\n\r\n");
    ASSERT_EQ(connection.read_response().status, 100) << "it holds its room";
    expect_refusal(add(client, job, csv_bytes(6'000'000)));
    own.kill();
  }
  own.start();
  PoolClient client(own.http(), id);
  EXPECT_EQ(number(client.http().get(quota_path(id)).json(), "chunkBytes"), 2'000);
  EXPECT_EQ(add(client, job, csv_bytes(6'000'000)).status, 200)
      << "no room is held by an upload that is gone";
  EXPECT_EQ(own.terminate(), ExitStatus::exited(0));

  Server forgetful({.flags = {"--pool-disk-max", "off", "--chunk-retention-hours", "0"}, .data = own.data()});
  forgetful.start();
  PoolClient later(forgetful.http(), id);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (number(later.http().get(quota_path(id)).json(), "chunkBytes") != 6'001'000 &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(number(later.http().get(quota_path(id)).json(), "chunkBytes"), 6'001'000)
      << "the chunk that has landed is gone, those of the NEW job stay";
  EXPECT_TRUE(field(later.http().get(quota_path(id)).json(), "maxBytes").is_null());
}

}  // namespace
}  // namespace adit::test
