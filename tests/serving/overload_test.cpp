// A server that can't take more work at the moment says so and when to come again, and what it has taken
// stays.
#include <signal.h>

#include <thread>

#include "support/engine_processes.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

/// A pool's engine that does not go on before this is destroyed.
class StoppedEngine {
 public:
  StoppedEngine(const Server& server, const std::string& pool)
      : process_(engine_processes(server.pid()).at(pool)) {
    ::kill(process_, SIGSTOP);
  }
  ~StoppedEngine() { ::kill(process_, SIGCONT); }
  StoppedEngine(const StoppedEngine&) = delete;
  StoppedEngine& operator=(const StoppedEngine&) = delete;

 private:
  const pid_t process_;
};

class Overload : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--engine-in-process", "false", "--stages-waiting-max", "1", "--jobs-queued-max",
                            "1", "--body-memory-bytes-max", "16MiB"}});
  }

  static void expect_to_come_again(const HttpResponse& response) {
    expect_error_body(response, 503);
    EXPECT_EQ(field(response.json(), "errorCode"), "UNAVAILABLE");
    EXPECT_EQ(response.header("retry-after"), "2");
  }
  /// What a client does that was told to come again.
  template <typename Send>
  static HttpResponse come_again(const Send& send) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    auto response = send();
    while (response.status == 503 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      response = send();
    }
    return response;
  }
  std::string new_job(const std::string& table = "t") { return pool().create_job(csv_job("DELTA", table)); }
  std::string upload_head(const std::string& job, const std::string& more) {
    return "POST " + pool().chunks_path(job) + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
           server().admin_key() + "\r\n" + more + "\r\n";
  }
  void run(const std::string& job) {
    pool().execute(job);
    EXPECT_EQ(field(pool().wait(job), "status"), "DONE");
  }
};

TEST_F(Overload, AnUploadIs503BeforeItsBodyWhileChunksWaitToBeRead) {
  pool().push_done(csv_job("REPLACE", "before"), {"n\n0\n"});
  const auto taken = new_job();
  const auto refused = new_job();
  {
    const StoppedEngine stopped(server(), pool().pool());
    pool().upload(taken, "n\n1\n");
    RawConnection connection(server().address());
    connection.send(upload_head(refused, "Content-Length: 4\r\n"));
    expect_to_come_again(connection.read_response("POST"));
  }
  pool().wait_staged(taken);
  EXPECT_TRUE(pool().chunks(refused).empty());
  EXPECT_EQ(come_again([&] { return pool().try_upload(refused, "n\n2\n"); }).status, 200);
  run(taken);
  run(refused);
  EXPECT_EQ(pool().rows("SELECT n FROM t ORDER BY n"), (Rows{{"1"}, {"2"}}));
}

TEST_F(Overload, AnExecuteIs503WhileManyJobsAreQueuedAndTheJobStaysNew) {
  std::vector<std::string> jobs;
  for (int i = 0; i < 3; ++i) {
    jobs.push_back(new_job());
    const auto csv = "n\n" + std::to_string(i) + "\n";
    ASSERT_EQ(come_again([&] { return pool().try_upload(jobs.back(), csv); }).status, 200);
    pool().wait_staged(jobs.back());
  }
  {
    const StoppedEngine stopped(server(), pool().pool());
    pool().execute(jobs[0]);
    // It is queued itself until its landing begins, and then the next one waits behind it.
    EXPECT_EQ(come_again([&] { return pool().try_execute(jobs[1]); }).status, 200);
    expect_to_come_again(pool().try_execute(jobs[2]));
  }
  EXPECT_EQ(pool().status(jobs[2]), "NEW");
  EXPECT_EQ(pool().chunks(jobs[2]).size(), 1U);
  EXPECT_EQ(come_again([&] { return pool().try_execute(jobs[2]); }).status, 200);
  for (const auto& job : jobs) EXPECT_EQ(field(pool().wait(job), "status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT n FROM t ORDER BY n"), (Rows{{"0"}, {"1"}, {"2"}}));
}

TEST_F(Overload, ACompressedUploadIs503WhileBodiesTakeTheMemory) {
  const auto first = new_job();
  const auto second = new_job();
  const auto body = [](const std::string& csv) { return zstd(csv); };
  const auto coded = [](const std::string& bytes) {
    return "Content-Encoding: zstd\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n";
  };
  const auto of_first = body("n\n1\n");
  const auto of_second = body("n\n2\n");
  RawConnection connection(server().address());
  connection.send(upload_head(first, coded(of_first) + "Expect: 100-continue\r\n"));
  ASSERT_EQ(connection.read_response("POST").status, 100);
  const auto send_second = [&] {
    HttpRequest request{"POST", pool().chunks_path(second)};
    request.headers = {{"Content-Type", "text/csv"}, {"Content-Encoding", "zstd"}};
    request.body = of_second;
    return pool().http().send(std::move(request));
  };
  expect_to_come_again(send_second());
  EXPECT_TRUE(pool().chunks(second).empty());
  connection.send(of_first);
  EXPECT_EQ(connection.read_response("POST").status, 200);
  EXPECT_EQ(come_again(send_second).status, 200);
  run(first);
  run(second);
  EXPECT_EQ(pool().rows("SELECT n FROM t ORDER BY n"), (Rows{{"1"}, {"2"}}));
}

class BusyWorkers : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({.flags = {"--engine-in-process", "false", "--workers", "1"}});
  }
};

TEST_F(BusyWorkers, DelayNoAnswerToWhoeverWatchesOverTheServer) {
  pool().push_done(csv_job("REPLACE", "t"), {"n\n0\n"});
  const StoppedEngine stopped(server(), pool().pool());
  const std::string query = R"({"sql":"SELECT n FROM t"})";
  RawConnection connection(server().address());
  connection.send("POST /adit/api/v1/pools/" + pool().pool() + "/query HTTP/1.1\r\nHost: h\r\n" +
                  "Authorization: Bearer " + server().admin_key() +
                  "\r\nContent-Length: " + std::to_string(query.size()) + "\r\n\r\n" + query);
  for (int i = 0; i < 3; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(server().http().get("/healthz").status, 200);
    EXPECT_EQ(server().http().get("/readyz").status, 200);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
  }
}

}  // namespace
}  // namespace adit::test
