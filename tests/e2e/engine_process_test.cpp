// What clients notice of the end of an engine's process. Each test has a server of its own.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <thread>

#include "support/engine_processes.h"
#include "support/raw_connection.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

using namespace std::chrono_literals;

class EngineProcess : public ::testing::Test {
 protected:
  void start(const std::map<std::string, std::string>& environment = {}) {
    auto all = environment;
    all["ADIT_ENGINE_IN_PROCESS"] = "false";
    server_.start(all);
  }
  void TearDown() override {
    if (HasFailure()) std::printf("--- the server said:\n%s---\n", server_.log().c_str());
  }
  std::string metrics() { return server_.http().get("/metrics").body; }

  Server server_;
};

TEST_F(EngineProcess, KilledAgainAndAgainWhileJobsLandNoRowIsLostOrDoubled) {
  start();
  PoolClient client(server_);
  client.push_done(csv_job("REPLACE", "t"), {"a\n0\n"});
  std::atomic<bool> stop = false;
  std::jthread killer([&] {
    // So seldom that a job meets no two of them.
    for (int i = 0; i < 6 && !stop; ++i) {
      std::this_thread::sleep_for(700ms);
      kill_engine_process(server_.pid(), client.pool());
    }
  });
  constexpr int kJobs = 40;
  int done = 0;
  for (int i = 1; i <= kJobs; ++i) {
    const auto job = client.push(csv_job("DELTA", "t"), {"a\n" + std::to_string(i) + "\n"});
    if (job.at("status") == "DONE") ++done;
    std::this_thread::sleep_for(40ms);
  }
  stop = true;
  killer.join();
  EXPECT_GE(done, kJobs - 1);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (client.try_query("SELECT 1").status != 200 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(client.value("SELECT count(*) FROM t"), std::to_string(done + 1));
  EXPECT_EQ(client.value("SELECT count(DISTINCT a) FROM t"), std::to_string(done + 1));
  EXPECT_TRUE(metrics().contains("adit_engine_hosts_died_total"));
}

TEST_F(EngineProcess, EndedWhileAQueryRunsIs503WithRetryAfterAndOtherPoolsGoOn) {
  start();
  PoolClient client(server_);
  PoolClient other(server_);
  client.push_done(csv_job("REPLACE", "t"), {"a\n1\n"});
  other.push_done(csv_job("REPLACE", "t"), {"a\n2\n"});
  HttpResponse answer;
  std::jthread query([&] {
    PoolClient asking(server_.http(), client.pool());
    answer = asking.try_query("SELECT count(*) FROM range(100000) a, range(100000) b");
  });
  const auto before = engine_processes(server_.pid()).at(client.pool());
  std::this_thread::sleep_for(500ms);
  const auto end = std::chrono::steady_clock::now();
  ASSERT_TRUE(kill_engine_process(server_.pid(), client.pool()));
  query.join();
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_EQ(answer.header("retry-after"), "2");
  EXPECT_EQ(client.value("SELECT a FROM t"), "1");
  EXPECT_LT(std::chrono::steady_clock::now() - end, 5s);
  EXPECT_EQ(other.value("SELECT a FROM t"), "2");
  EXPECT_NE(engine_processes(server_.pid()).at(client.pool()), before);
}

TEST_F(EngineProcess, AJobWhoseLandingEndsItTwiceIsAnErrorThatSaysSo) {
  start();
  std::string pool;
  {
    PoolClient client(server_);
    pool = client.pool();
    client.push_done(csv_job("REPLACE", "t"), {"a\n1\n"});
  }
  server_.terminate();
  start({{"ADIT_ENGINE_FAILPOINT", "warehouse.land.before_commit"}});
  PoolClient client(server_.http(), pool);
  const auto job = client.push(csv_job("DELTA", "t"), {"a\n2\n"});
  EXPECT_EQ(job.at("status"), "ERROR");
  EXPECT_NE(logs_of(job).find("ended twice while this job landed"), std::string::npos) << logs_of(job);
  EXPECT_EQ(client.value("SELECT count(*) FROM t"), "1");
}

TEST_F(EngineProcess, AJobWhoseEngineEndsAfterTheCommitIsDoneOnce) {
  start({{"ADIT_ENGINE_FAILPOINT", "warehouse.land.after_commit"}});
  PoolClient client(server_);
  const auto job = client.push(csv_job("DELTA", "t"), {"a\n2\n"});
  EXPECT_EQ(job.at("status"), "DONE") << logs_of(job);
  EXPECT_EQ(client.value("SELECT count(*) FROM t"), "1");
}

TEST_F(EngineProcess, AChunkThatEndsItTwiceIsFailedBeforeTheExecute) {
  start({{"ADIT_ENGINE_FAILPOINT", "warehouse.held"}});
  PoolClient client(server_);
  const auto job = client.create_job(csv_job("DELTA", "t"));
  client.upload(job, "a\n2\n");
  const auto chunks = client.wait_staged(job);
  EXPECT_EQ(field(chunks.at(0), "adit.state"), "FAILED") << boost::json::serialize(chunks);
  EXPECT_NE(boost::json::serialize(chunks).find("ended twice while it read this chunk"), std::string::npos);
  client.execute(job);
  EXPECT_EQ(client.wait(job).at("status"), "ERROR");
}

TEST_F(EngineProcess, EndsWithAKilledServerAndARestartWorksAtOnce) {
  start();
  PoolClient client(server_);
  client.push_done(csv_job("REPLACE", "t"), {"a\n1\n"});
  const auto processes = engine_processes(server_.pid());
  EXPECT_EQ(processes.size(), 1U) << "the pool's; the header of a CSV file takes no engine";
  server_.kill();
  start();
  PoolClient again(server_.http(), client.pool());
  EXPECT_EQ(again.value("SELECT a FROM t"), "1");
  const auto all = engine_processes(0);
  for (const auto& [name, pid] : processes) {
    const auto now = all.find(name);
    EXPECT_TRUE(now == all.end() || now->second != pid) << name << " has outlived its server";
  }
}

TEST_F(EngineProcess, ThatHangsHoldsUpNeitherOthersNorTheEndOfTheServer) {
  start();
  PoolClient client(server_);
  client.push_done(csv_job("REPLACE", "t"), {"a\n1\n"});
  const auto engine = engine_processes(server_.pid()).at(client.pool());
  const auto ask = [&](RawConnection& connection, const std::string& sql) {
    const auto body = R"({"sql":")" + sql + R"("})";
    connection.send("POST /adit/api/v1/pools/" + client.pool() + "/query HTTP/1.1\r\nHost: adit\r\n" +
                    "Authorization: Bearer " + server_.admin_key() +
                    "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body);
  };
  ASSERT_EQ(::kill(engine, SIGSTOP), 0);
  RawConnection leaves(server_.address());
  ask(leaves, "SELECT 1");
  std::list<RawConnection> stay;
  for (int i = 0; i < 5; ++i)
    ask(stay.emplace_back(server_.address()), "SELECT 1 /*" + std::string(90'000, 'x') + "*/");
  std::this_thread::sleep_for(500ms);
  leaves.reset();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(server_.http().get("/readyz").status, 200);
    std::this_thread::sleep_for(100ms);
  }
  server_.signal_terminate();
  EXPECT_EQ(server_.wait(20s), ExitStatus::exited(0)) << "after the 10 seconds that an engine is given";
}

TEST_F(EngineProcess, LeavesNoneBehindWhenTheServerStops) {
  start();
  PoolClient client(server_);
  client.push_done(csv_job("REPLACE", "t"), {"a\n1\n"});
  const auto server = server_.pid();
  EXPECT_EQ(server_.terminate(), ExitStatus::exited(0));
  EXPECT_TRUE(engine_processes(server).empty());
  EXPECT_FALSE(engine_processes(0).contains(client.pool()));
}

/// Starts an engine from a process that is not the one at the other end of its socket, as if the server had
/// ended and somebody else were the parent. Its exit code; -1 where it does not end.
int run_orphaned_engine(const std::string& adit, int socket) {
  const pid_t between = ::_Fork();
  if (between == 0) {
    ::alarm(10);
    ::dup2(socket, 3);
    const pid_t engine = ::_Fork();
    if (engine == 0) {
      ::execl(adit.c_str(), "adit", "engine", "uploads", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(engine, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
  }
  int status = 0;
  ::waitpid(between, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(EngineProcess, EndsByItselfWhereItsServerHasEndedBefore) {
  start();
  const auto adit = std::filesystem::read_symlink("/proc/" + std::to_string(server_.pid()) + "/exe");
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  EXPECT_EQ(run_orphaned_engine(adit, ends[1]), 1) << "it must not wait for what it is to do";
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace adit::test
