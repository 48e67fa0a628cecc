// Idempotency-Key on create, upload and execute.
#include <set>
#include <thread>

#include "support/callers.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

constexpr const char* kCsv = "id,name\n1,one\n2,two\n";

class Idempotency : public ServerTest {
 protected:
  HttpResponse create(const std::string& key, const json::object& spec) {
    return pool().http().send({"POST",
                               pool().jobs_path(),
                               {{"Idempotency-Key", key}, {"Content-Type", "application/json"}},
                               json::serialize(spec)});
  }
  HttpResponse upload(const std::string& job, const std::string& key, const std::string& bytes,
                      HeaderList headers = {}) {
    headers.emplace_back("Idempotency-Key", key);
    return pool().http().send({"POST", pool().chunks_path(job), std::move(headers), bytes});
  }
  HttpResponse execute(const std::string& job, const std::string& key) {
    return pool().http().send({"POST", pool().job_path(job), {{"Idempotency-Key", key}}});
  }
  std::string head(const std::string& job, const std::string& key, std::size_t bytes) {
    return "POST " + pool().chunks_path(job) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
           server().admin_key() + "\r\nIdempotency-Key: " + key +
           "\r\nContent-Length: " + std::to_string(bytes) + "\r\nExpect: 100-continue\r\n\r\n";
  }
  static void expect_replayed(const HttpResponse& first, const HttpResponse& second) {
    EXPECT_EQ(second.status, first.status) << second.body;
    EXPECT_EQ(second.body, first.body);
    EXPECT_EQ(first.header("idempotency-replayed"), std::nullopt);
    EXPECT_EQ(second.header("idempotency-replayed"), "true");
  }
};

TEST_F(Idempotency, ACreateThatIsSentAgainMakesNoSecondJob) {
  const auto first = create("k1", csv_job("REPLACE", "t"));
  ASSERT_EQ(first.status, 200) << first.body;
  expect_replayed(first, create("k1", csv_job("REPLACE", "t")));
  EXPECT_EQ(pool().http().get(pool().jobs_path()).array().size(), 1U);
  EXPECT_EQ(create("k2", csv_job("REPLACE", "t")).status, 200);
  EXPECT_EQ(pool().http().get(pool().jobs_path()).array().size(), 2U);
}

TEST_F(Idempotency, ItIsTheSameUnderEveryPrefix) {
  const auto first = create("k1", csv_job("REPLACE", "t"));
  for (const char* prefix : {"/integration", "/integration-hybrid"}) {
    PoolClient other(server().http(), pool().pool(), prefix);
    expect_replayed(first, other.http().send({"POST",
                                              other.jobs_path(),
                                              {{"Idempotency-Key", "k1"}},
                                              json::serialize(csv_job("REPLACE", "t"))}));
  }
}

TEST_F(Idempotency, AnotherContentIs422) {
  ASSERT_EQ(create("k1", csv_job("REPLACE", "t")).status, 200);
  expect_error_body(create("k1", csv_job("REPLACE", "u")), 422);
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  ASSERT_EQ(upload(job, "k1", kCsv).status, 200);
  expect_error_body(upload(job, "k1", "id,name\n3,three\n"), 422);
  expect_error_body(upload(job, "k1", kCsv, {{"Adit-Sequence", "1"}}), 422);
  EXPECT_EQ(pool().chunks(job).size(), 1U);
}

TEST_F(Idempotency, AnUploadThatIsSentAgainKeepsNoSecondChunk) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  const auto first = upload(job, "k1", kCsv);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.body, "");
  expect_replayed(first, upload(job, "k1", kCsv));
  // What counts is the chunk, not how it travels.
  expect_replayed(first, upload(job, "k1", gzip(kCsv), {{"Content-Encoding", "gzip"}}));
  expect_replayed(first, upload(job, "k1", multipart_body({{kCsv}}, "b"),
                                {{"Content-Type", "multipart/form-data; boundary=b"}}));
  EXPECT_EQ(pool().chunks(job).size(), 1U);
  // Also when the job has gone on.
  pool().execute(job);
  pool().wait(job);
  expect_replayed(first, upload(job, "k1", kCsv));
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "2");
}

TEST_F(Idempotency, AnExecuteThatIsSentAgainIs200AndLandsOnce) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  expect_error_body(execute(job, "k1"), 400);  // no chunk yet: an error is not remembered
  pool().upload(job, kCsv);
  const auto first = execute(job, "k1");
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.body, "");
  expect_replayed(first, execute(job, "k1"));
  EXPECT_EQ(execute(job, "k2").status, 409);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  expect_replayed(first, execute(job, "k1"));
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "2");
}

TEST_F(Idempotency, AFailedRequestMayBeTriedAgainWithItsKey) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  EXPECT_EQ(upload(job, "k1", "").status, 400);
  EXPECT_EQ(upload(job, "k1", kCsv, {{"Content-MD5", md5_base64("other")}}).status, 400);
  EXPECT_EQ(upload(job, "k1", kCsv).status, 200);
  EXPECT_EQ(create("k1", {{"type", "REPLACE"}}).status, 400);
  EXPECT_EQ(create("k1", csv_job("REPLACE", "t")).status, 200);
}

TEST_F(Idempotency, TheSameKeyWhileTheFirstIsUnderWayIs409) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  const std::string csv = kCsv;
  RawConnection first(server().address());
  first.send(head(job, "k1", csv.size()));
  ASSERT_EQ(first.read_response("POST").status, 100);  // it has its claim now
  expect_error_body(upload(job, "k1", csv), 409);
  first.send(csv);
  EXPECT_EQ(first.read_response("POST").status, 200);
  EXPECT_EQ(upload(job, "k1", csv).status, 200);
  EXPECT_EQ(pool().chunks(job).size(), 1U);
}

TEST_F(Idempotency, AClientThatVanishesGivesItsKeyBack) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  {
    RawConnection first(server().address());
    first.send(head(job, "k1", 1000));
    ASSERT_EQ(first.read_response("POST").status, 100);
    first.reset();
  }
  HttpResponse response;
  do response = upload(job, "k1", kCsv);
  while (response.status == 409);
  EXPECT_EQ(response.status, 200) << response.body;
}

TEST_F(Idempotency, OfManyAtOnceOneIsCarriedOut) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      auto client = another_client();
      for (int status = 409; status == 409;) {
        status = client.http()
                     .send({"POST", client.chunks_path(job), {{"Idempotency-Key", "k1"}}, std::string(kCsv)})
                     .status;
        EXPECT_TRUE(status == 200 || status == 409) << status;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(pool().chunks(job).size(), 1U);
}

TEST_F(Idempotency, KeysOfOthersAndOfOtherJobsAreOtherKeys) {
  const auto one = pool().create_job(csv_job("REPLACE", "t"));
  const auto two = pool().create_job(csv_job("REPLACE", "t"));
  EXPECT_EQ(upload(one, "k1", kCsv).status, 200);
  EXPECT_EQ(upload(two, "k1", "id\n1\n").status, 200);
  const auto made = pool().http().post_json("/adit/api/v1/keys", {{"name", "app"}, {"kind", "APPLICATION"}});
  let_application_work(pool().http(), made.json());
  auto application = server().http();
  application.set_authorization("AppKey " + std::string(made.json().at("key").as_string()));
  EXPECT_EQ(
      application.send({"POST", pool().chunks_path(one), {{"Idempotency-Key", "k1"}}, "id,name\n9,nine\n"})
          .status,
      200);
  EXPECT_EQ(pool().chunks(one).size(), 2U);
}

TEST_F(Idempotency, AKeyThatIsNoTextIs400) {
  for (const auto& key : {std::string(), std::string(256, 'k'), std::string("caf\xc3\xa9")}) {
    expect_field_error(create(key, csv_job("REPLACE", "t")), "Idempotency-Key");
  }
  EXPECT_EQ(create(std::string(255, 'k'), csv_job("REPLACE", "t")).status, 200);
}

class IdempotencyOverRestarts : public ::testing::Test {};

TEST_F(IdempotencyOverRestarts, WhatWasAnsweredIsRememberedAndWhatWasNotIsFree) {
  Server server;
  server.start();
  auto client = std::make_unique<PoolClient>(server);
  const auto pool = client->pool();
  const auto job = client->create_job(csv_job("DELTA", "t"));
  const auto upload = [&](const std::string& key) {
    return client->http().send(
        {"POST", client->chunks_path(job), {{"Idempotency-Key", key}}, std::string(kCsv)});
  };
  ASSERT_EQ(upload("answered").status, 200);
  RawConnection waiting(server.address());
  waiting.send("POST " + client->chunks_path(job) + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
               server.admin_key() +
               "\r\nIdempotency-Key: cut-off\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_EQ(waiting.read_response("POST").status, 100);
  server.kill();
  server.start();
  client = std::make_unique<PoolClient>(server.http(), pool);
  EXPECT_EQ(upload("answered").header("idempotency-replayed"), "true");
  EXPECT_EQ(client->chunks(job).size(), 1U);
  EXPECT_EQ(upload("cut-off").status, 200);
  EXPECT_EQ(client->chunks(job).size(), 2U);
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

TEST_F(IdempotencyOverRestarts, AKillBetweenEffectAndAnswerLeavesBothOrNone) {
  for (const char* place : {"before_commit", "after_commit"}) {
    SCOPED_TRACE(place);
    Server server;
    server.start();
    auto client = std::make_unique<PoolClient>(server);
    const auto pool = client->pool();
    const auto job = client->create_job(csv_job("DELTA", "t"));
    server.terminate();
    server.start({{"ADIT_FAILPOINT", "catalog.insert_chunks." + std::string(place)}});
    client = std::make_unique<PoolClient>(server.http(), pool);
    const auto upload = [&] {
      return client->http().send(
          {"POST", client->chunks_path(job), {{"Idempotency-Key", "k"}}, std::string(kCsv)});
    };
    EXPECT_THROW(upload(), TransportError);
    server.wait(std::chrono::seconds{10});
    server.start();
    client = std::make_unique<PoolClient>(server.http(), pool);
    EXPECT_EQ(upload().status, 200);
    EXPECT_EQ(client->chunks(job).size(), 1U);
  }
}

}  // namespace
}  // namespace adit::test
