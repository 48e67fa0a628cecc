// The life of a job: cancel and delete in every state, order, concurrency.
#include <atomic>
#include <functional>
#include <thread>

#include "support/server_test.h"

namespace adit::test {
namespace {

/// Rows enough to keep the engine busy for about a second.
const std::string& big_parquet() {
  static const std::string bytes = parquet_of(
      "SELECT range AS id, hash(range)::VARCHAR AS a, hash(range + 1)::VARCHAR AS b FROM range(1500000)");
  return bytes;
}

class Lifecycle : public SurvivingServerTest {
 protected:
  std::string new_job() {
    const auto job = pool().create_job(csv_job("REPLACE", "t"));
    pool().upload(job, "id\n99\n");
    return job;
  }
  std::string done_job() {
    const auto job = new_job();
    pool().execute(job);
    EXPECT_EQ(pool().wait(job).at("status"), "DONE");
    return job;
  }
  std::string error_job() {
    const auto job = pool().create_job(csv_job("REPLACE", "t"));
    pool().upload(job, "id,name\n1\n");
    pool().execute(job);
    EXPECT_EQ(pool().wait(job).at("status"), "ERROR");
    return job;
  }
  /// A job whose landing takes a while: keys, so that it can't be swapped in.
  std::string big_job(const std::string& table) {
    const auto job = pool().create_job(parquet_job("DELTA", table, {{"keys", {"id"}}}));
    pool().upload(job, big_parquet());
    return job;
  }
  /// Waits until the job is RUNNING (or has gone past it).
  std::string wait_running(const std::string& job) {
    std::string status;
    do {
      status = pool().status(job);
    } while (status == "QUEUED");
    return status;
  }
};

TEST_F(Lifecycle, OnlyANewJobTakesChunksAndIsExecuted) {
  const auto canceled = new_job();
  ASSERT_EQ(pool().try_cancel(canceled).status, 200);
  for (const auto& job : {canceled, done_job(), error_job()}) {
    SCOPED_TRACE(pool().status(job));
    const auto chunks = pool().chunks(job).size();
    expect_error_body(pool().try_upload(job, "id\n1\n"), 409);
    expect_error_body(pool().try_execute(job), 409);
    expect_error_body(pool().try_cancel(job), 409);
    EXPECT_EQ(pool().chunks(job).size(), chunks);
  }
}

TEST_F(Lifecycle, CancelOfANewJobKeepsItsRowsOut) {
  const auto job = new_job();
  EXPECT_EQ(field(pool().try_cancel(job).json(), "status"), "CANCELED");
  EXPECT_TRUE(pool().tables().empty());
}

TEST_F(Lifecycle, CancelOfAQueuedJobKeepsItsRowsOut) {
  const auto first = big_job("t");
  const auto second = pool().create_job(csv_job("DELTA", "t"));
  pool().upload(second, "id,a,b\n-1,x,y\n");
  pool().execute(first);
  pool().execute(second);
  const auto response = pool().try_cancel(second);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(field(response.json(), "status"), "CANCELED");
  EXPECT_EQ(pool().wait(first).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM t WHERE id = -1"), "0");
}

TEST_F(Lifecycle, CancelWhileRunningLeavesTheTableAsItWas) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,a,b\n1,before,before\n-5,x,y\n"});
  const auto job = big_job("t");
  pool().execute(job);
  wait_running(job);
  const auto response = pool().try_cancel(job);
  if (response.status == 409 || field(response.json(), "status") == "DONE") {
    EXPECT_EQ(pool().status(job), "DONE");
    EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "1500001") << "past the commit it is whole";
    return;
  }
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(field(response.json(), "status"), "CANCELED");
  EXPECT_EQ(pool().status(job), "CANCELED");
  EXPECT_EQ(pool().rows("SELECT id, a FROM t ORDER BY id"), (Rows{{"-5", "x"}, {"1", "before"}}));
  pool().push_done(csv_job("DELTA", "t"), {"id,a,b\n2,after,after\n"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "3");
}

TEST_F(Lifecycle, DeleteInEveryStateHidesTheJobAndNeverTouchesWhatHasLanded) {
  const auto done = done_job();
  const auto canceled = new_job();
  ASSERT_EQ(pool().try_cancel(canceled).status, 200);
  for (const auto& job : {new_job(), done, canceled, error_job()}) {
    SCOPED_TRACE(pool().status(job));
    EXPECT_EQ(pool().try_delete(job).status, 204);
    EXPECT_EQ(pool().http().get(pool().job_path(job)).status, 404);
  }
  EXPECT_EQ(pool().rows("SELECT id FROM t"), (Rows{{"99"}}));
  EXPECT_TRUE(pool().http().get(pool().jobs_path()).json().as_array().empty());
}

TEST_F(Lifecycle, DeleteWhileRunningCancelsFirst) {
  pool().push_done(csv_job("REPLACE", "t"), {"id,a,b\n-5,x,y\n"});
  const auto job = big_job("t");
  pool().execute(job);
  wait_running(job);
  EXPECT_EQ(pool().try_delete(job).status, 204);
  EXPECT_EQ(pool().http().get(pool().job_path(job)).status, 404);
  const auto rows = pool().value("SELECT count(*) FROM t");
  EXPECT_TRUE(rows == "1" || rows == "1500001") << rows;
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), rows) << "after the answer nothing changes any more";
}

TEST_F(Lifecycle, DeleteOfAQueuedJobKeepsItsRowsOut) {
  const auto first = big_job("t");
  const auto second = pool().create_job(csv_job("DELTA", "t"));
  pool().upload(second, "id,a,b\n-1,x,y\n");
  pool().execute(first);
  pool().execute(second);
  EXPECT_EQ(pool().try_delete(second).status, 204);
  EXPECT_EQ(pool().wait(first).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM t WHERE id = -1"), "0");
}

TEST_F(Lifecycle, OfConcurrentExecutesExactlyOneIs200AndTheRowsLandOnce) {
  for (int round = 0; round < 5; ++round) {
    const auto job = pool().create_job(csv_job("DELTA", "t"));
    pool().upload(job, "id\n1\n2\n3\n");
    std::atomic<int> accepted = 0;
    std::atomic<int> refused = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&, client = std::make_shared<PoolClient>(another_client())] {
          const int status = client->try_execute(job).status;
          accepted += status == 200 ? 1 : 0;
          refused += status == 409 ? 1 : 0;
        });
      }
    }
    EXPECT_EQ(accepted, 1);
    EXPECT_EQ(refused, 5);
    EXPECT_EQ(pool().wait(job).at("status"), "DONE");
    EXPECT_EQ(pool().value("SELECT count(*) FROM t"), std::to_string(3 * (round + 1)));
  }
}

TEST_F(Lifecycle, JobsOfOneTableLandInTheOrderOfTheirExecute) {
  std::vector<std::string> jobs;
  for (int i = 0; i < 12; ++i) {
    jobs.push_back(pool().create_job(csv_job("DELTA", "t", {{"keys", {"id"}}})));
    pool().upload(jobs.back(), "id,v\n1," + std::to_string(i) + "\n");
  }
  // Executed against the order of their creation: the first one must win.
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) pool().execute(*job);
  for (const auto& job : jobs) EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT id, v FROM t"), (Rows{{"1", "0"}}));
}

TEST_F(Lifecycle, ASlowTableHoldsUpNoOther) {
  const auto slow = big_job("slow");
  pool().execute(slow);
  pool().push_done(csv_job("REPLACE", "quick"), {"id\n1\n"});
  EXPECT_EQ(pool().wait(slow).at("status"), "DONE");
  EXPECT_EQ(pool().value("SELECT count(*) FROM slow"), "1500000");
}

TEST_F(Lifecycle, ConcurrentUploadsToOneJobAreAllKept) {
  const auto job = pool().create_job(csv_job("DELTA", "t"));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i, client = std::make_shared<PoolClient>(another_client())] {
        client->upload(job, "id\n" + std::to_string(i) + "\n");
      });
    }
  }
  EXPECT_EQ(pool().chunks(job).size(), 8U);
  pool().execute(job);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT count(*), sum(id) FROM t"), (Rows{{"8", "28"}}));
}

TEST_F(Lifecycle, AnUploadThatRacesWithExecuteIsWholeOrRefused) {
  for (int round = 0; round < 5; ++round) {
    const auto job = pool().create_job(csv_job("REPLACE", "t"));
    pool().upload(job, "id\n1\n");
    int uploaded = 0;
    {
      std::jthread racer([&, client = std::make_shared<PoolClient>(another_client())] {
        uploaded = client->try_upload(job, "id\n2\n").status;
      });
      pool().execute(job);
    }
    ASSERT_TRUE(uploaded == 200 || uploaded == 409) << uploaded;
    EXPECT_EQ(pool().wait(job).at("status"), "DONE");
    EXPECT_EQ(pool().value("SELECT count(*) FROM t"), uploaded == 200 ? "2" : "1");
    EXPECT_EQ(pool().chunks(job).size(), uploaded == 200 ? 2U : 1U);
  }
}

TEST_F(Lifecycle, AReaderSeesAllOfAJobOrNothing) {
  pool().push_done(csv_job("REPLACE", "t"), {csv_of("SELECT range AS id, 0 AS generation FROM range(2000)")});
  std::atomic<bool> stop = false;
  std::atomic<int> reads = 0;
  std::jthread reader([&, client = std::make_shared<PoolClient>(another_client())] {
    while (!stop) {
      const auto seen = client->rows("SELECT count(*), count(DISTINCT generation) FROM t");
      EXPECT_EQ(seen, (Rows{{"2000", "1"}}));
      ++reads;
    }
  });
  for (int generation = 1; generation <= 8; ++generation) {
    const auto csv =
        csv_of("SELECT range AS id, " + std::to_string(generation) + " AS generation FROM range(2000)");
    if (generation % 2 == 0) {
      pool().push_done(csv_job("REPLACE", "t"), {csv});
    } else {
      pool().push_done(csv_job("DELTA", "t", {{"keys", {"id"}}}), {csv});
    }
  }
  stop = true;
  reader.join();
  EXPECT_GT(reads, 0);
}

TEST_F(Lifecycle, TheAnswersTellHowFarAJobIs) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  pool().upload(job, "id\n1\n2\n");
  pool().upload(job, "id\n3\n");
  pool().wait_staged(job);
  const auto before = pool().job(job);
  EXPECT_EQ(field(before, "adit.chunks"), 2);
  EXPECT_EQ(field(before, "adit.bytes"), 12);
  EXPECT_EQ(field(before, "adit.rowsStaged"), 3);
  pool().execute(job);
  const auto done = pool().wait(job);
  EXPECT_EQ(field(done, "adit.rowsLanded"), 3);
  EXPECT_EQ(field(done, "adit.progress").to_number<double>(), 1.0);
  EXPECT_EQ(field(done, "adit.rowsRejected"), 0);
}

}  // namespace
}  // namespace adit::test
