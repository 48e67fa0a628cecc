// Adit-Sequence, and chunks that are taken out again.
#include <algorithm>

#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class ChunkOrder : public ServerTest {
 protected:
  HttpResponse upload(const std::string& job, const std::string& bytes, const std::string& sequence) {
    return pool().http().send({"POST",
                               pool().chunks_path(job),
                               {{"Adit-Sequence", sequence}, {"Content-Type", "text/csv"}},
                               bytes});
  }
  static UploadPart number(const std::string& n) { return {n, "Adit-Sequence"}; }
  std::string keyed_job() { return pool().create_job(csv_job("DELTA", "t", {{"keys", {"id"}}})); }
  void execute_done(const std::string& job) {
    pool().execute(job);
    const auto done = pool().wait(job);
    ASSERT_EQ(done.at("status"), "DONE") << logs_of(done);
  }
  std::vector<std::int64_t> sequences(const std::string& job) {
    std::vector<std::int64_t> numbers;
    for (const auto& chunk : pool().chunks(job)) {
      const auto number = field(chunk, "adit.sequence");
      numbers.push_back(number.is_null() ? -1 : number.as_int64());
    }
    return numbers;
  }
};

TEST_F(ChunkOrder, FollowsTheNumbersAndNotTheArrival) {
  for (const auto& order :
       std::vector<std::vector<int>>{{3, 2, 1}, {2, 3, 1}, {1, 3, 2}, {2, 0, 1}, {30, 20, 10}}) {
    const auto job = keyed_job();
    auto last = order.front();
    for (const int n : order) {
      EXPECT_EQ(upload(job, "id,v\n1,from " + std::to_string(n) + "\n", std::to_string(n)).status, 200);
      last = std::max(last, n);
    }
    auto sorted = std::vector<std::int64_t>(order.begin(), order.end());
    std::ranges::sort(sorted);
    EXPECT_EQ(sequences(job), sorted);
    execute_done(job);
    EXPECT_EQ(pool().rows("SELECT v FROM t"), (Rows{{"from " + std::to_string(last)}}));
  }
}

TEST_F(ChunkOrder, HoldsWhenALaterNumberIsStagedAlready) {
  const auto job = keyed_job();
  EXPECT_EQ(upload(job, "id,v\n1,from 1\n2,from 1\n", "1").status, 200);
  pool().wait_staged(job);
  EXPECT_EQ(upload(job, "id,v\n1,from 0\n3,from 0\n", "0").status, 200);
  execute_done(job);
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"),
            (Rows{{"1", "from 1"}, {"2", "from 1"}, {"3", "from 0"}}));
}

TEST_F(ChunkOrder, IsTheOrderOfTheRowsWithoutKeys) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  for (const int n : {4, 2, 0, 3, 1}) {
    EXPECT_EQ(upload(job, "n\n" + std::to_string(n) + "\n", std::to_string(n)).status, 200);
  }
  execute_done(job);
  EXPECT_EQ(pool().rows("SELECT n FROM t"), (Rows{{"0"}, {"1"}, {"2"}, {"3"}, {"4"}}));
}

TEST_F(ChunkOrder, NumberedChunksAreStagedWhileTheyComeAsFarAsThereIsNoGap) {
  const auto job = keyed_job();
  for (const char* n : {"1", "2", "4"}) EXPECT_EQ(upload(job, "id,v\n1,x\n", n).status, 200);
  json::array chunks;
  do chunks = pool().chunks(job);
  while (field(chunks[1], "adit.state") != "STAGED");
  EXPECT_EQ(field(chunks[0], "adit.state"), "STAGED");
  EXPECT_EQ(field(chunks[2], "adit.state"), "STORED");
  EXPECT_EQ(upload(job, "id,v\n1,x\n", "3").status, 200);
  pool().wait_staged(job);
  execute_done(job);
}

TEST_F(ChunkOrder, ChunksWithoutANumberApplyAfterAllThatHaveOne) {
  const auto job = keyed_job();
  pool().upload(job, "id,v\n1,without\n2,without\n");
  pool().wait_staged(job);
  EXPECT_EQ(upload(job, "id,v\n1,with\n3,with\n", "7").status, 200);
  EXPECT_EQ(sequences(job), (std::vector<std::int64_t>{7, -1}));
  execute_done(job);
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"),
            (Rows{{"1", "without"}, {"2", "without"}, {"3", "with"}}));
}

TEST_F(ChunkOrder, HoldsForDeleteChunksToo) {
  const auto job = keyed_job();
  const auto deleted = pool().http().send({"POST",
                                           pool().job_path(job) + "/chunks/deleted",
                                           {{"Adit-Sequence", "2"}, {"Content-Type", "text/csv"}},
                                           "id\n1\n2\n"});
  EXPECT_EQ(deleted.status, 200) << deleted.body;
  EXPECT_EQ(upload(job, "id,v\n2,again\n", "3").status, 200);
  EXPECT_EQ(upload(job, "id,v\n1,x\n2,x\n", "1").status, 200);
  execute_done(job);
  EXPECT_EQ(pool().rows("SELECT id, v FROM t"), (Rows{{"2", "again"}}));
}

TEST_F(ChunkOrder, ANumberUsedTwiceIs409AndReplacesNothing) {
  const auto job = keyed_job();
  EXPECT_EQ(upload(job, "id,v\n1,first\n", "1").status, 200);
  expect_error_body(upload(job, "id,v\n1,second\n", "1"), 409);
  const auto twice = pool().http().upload_multipart(
      pool().chunks_path(job), {number("2"), {"id,v\n2,x\n"}, number("2"), {"id,v\n3,x\n"}});
  expect_error_body(twice, 409);
  ASSERT_EQ(pool().chunks(job).size(), 1U);
  EXPECT_EQ(server().chunk_files(pool().pool()).size(), 1U);
  execute_done(job);
  EXPECT_EQ(pool().rows("SELECT v FROM t"), (Rows{{"first"}}));
}

TEST_F(ChunkOrder, FormFieldsNumberTheFilesThatFollowThem) {
  const auto job = keyed_job();
  const auto response = pool().http().upload_multipart(
      pool().chunks_path(job),
      {number("2"), {"id,v\n1,two\n"}, number("1"), {"id,v\n1,one\n"}, {"id,v\n2,none\n"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(sequences(job), (std::vector<std::int64_t>{1, 2, -1}));
  execute_done(job);
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "two"}, {"2", "none"}}));
}

TEST_F(ChunkOrder, WhatIsNoNumberIs400) {
  const auto job = keyed_job();
  for (const char* text : {"", "-1", "one", "1.5", "9007199254740992", "99999999999999999999", "1 2"}) {
    expect_field_error(upload(job, "id,v\n1,x\n", text), "Adit-Sequence");
    expect_field_error(
        pool().http().upload_multipart(pool().chunks_path(job), {number(text), {"id,v\n1,x\n"}}),
        "Adit-Sequence");
  }
  EXPECT_EQ(upload(job, "id,v\n1,x\n", "9007199254740991").status, 200);
  EXPECT_EQ(pool().chunks(job).size(), 1U);
}

TEST_F(ChunkOrder, ANumberBehindTheLastFileIs400) {
  const auto job = keyed_job();
  expect_field_error(pool().http().upload_multipart(pool().chunks_path(job), {{"id,v\n1,x\n"}, number("2")}),
                     "Adit-Sequence");
  EXPECT_TRUE(pool().chunks(job).empty());
}

TEST_F(ChunkOrder, AHeaderNumbersOneChunkOnly) {
  const auto job = keyed_job();
  const auto body = multipart_body({{"id,v\n1,x\n"}, {"id,v\n2,x\n"}}, "b");
  expect_field_error(
      pool().http().send({"POST",
                          pool().chunks_path(job),
                          {{"Adit-Sequence", "1"}, {"Content-Type", "multipart/form-data; boundary=b"}},
                          body}),
      "Adit-Sequence");
  EXPECT_TRUE(pool().chunks(job).empty());
}

class ChunkRemoval : public ServerTest {
 protected:
  HttpResponse remove(const std::string& job, const json::value& chunk) {
    return pool().http().del(pool().job_path(job) + "/chunks/" + std::string(field(chunk, "id").as_string()));
  }
};

TEST_F(ChunkRemoval, TakesTheFileTheSumsAndWhatWasStaged) {
  for (const bool keyed : {false, true}) {
    const auto job =
        pool().create_job(csv_job("REPLACE", "t", keyed ? json::object{{"keys", {"id"}}} : json::object()));
    for (const char* csv : {"id,v\n1,a\n", "id,v,extra\n2,b,x\n3,c,y\n", "id,v\n4,d\n"})
      pool().upload(job, csv);
    const auto chunks = pool().wait_staged(job);
    const auto files = server().chunk_files(pool().pool()).size();
    const auto response = remove(job, chunks[1]);
    EXPECT_EQ(response.status, 204) << response.body;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(server().chunk_files(pool().pool()).size(), files - 1);
    const auto left = pool().wait_staged(job);
    ASSERT_EQ(left.size(), 2U);
    EXPECT_EQ(left[0].at("id"), chunks[0].at("id"));
    EXPECT_EQ(left[1].at("id"), chunks[2].at("id"));
    const auto seen = pool().job(job);
    EXPECT_EQ(field(seen, "adit.chunks"), 2);
    EXPECT_EQ(field(seen, "adit.bytes"), std::string("id,v\n1,a\nid,v\n4,d\n").size());
    EXPECT_EQ(field(seen, "adit.rowsStaged"), 2);
    pool().execute(job);
    EXPECT_EQ(pool().wait(job).at("status"), "DONE");
    EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "a"}, {"4", "d"}}));
    EXPECT_EQ(pool().try_query("SELECT extra FROM t").status, 400);
  }
}

TEST_F(ChunkRemoval, MendsAJobWithABadChunk) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  pool().upload(job, "id,v\n1,a\n");
  pool().upload(job, "id,v\n2\n");
  const auto chunks = pool().wait_staged(job);
  EXPECT_EQ(field(chunks[1], "adit.state"), "FAILED");
  EXPECT_EQ(remove(job, chunks[1]).status, 204);
  pool().upload(job, "id,v\n2,b\n");
  pool().execute(job);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT id, v FROM t ORDER BY id"), (Rows{{"1", "a"}, {"2", "b"}}));
}

TEST_F(ChunkRemoval, WhileStagingIsUnderWayLeavesTheOthersWhole) {
  const auto big = csv_of("SELECT range AS id, 'text ' || range AS v FROM range(400000)");
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  pool().upload(job, "id,v\n-1,first\n");
  pool().upload(job, big);
  pool().upload(job, "id,v\n-2,last\n");
  EXPECT_EQ(remove(job, pool().chunks(job)[1]).status, 204);
  pool().execute(job);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT id, v FROM t"), (Rows{{"-1", "first"}, {"-2", "last"}}));
}

TEST_F(ChunkRemoval, FreesTheSequenceNumber) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  const auto upload = [&](const std::string& csv) {
    return pool().http().send({"POST", pool().chunks_path(job), {{"Adit-Sequence", "1"}}, csv}).status;
  };
  EXPECT_EQ(upload("id\n1\n"), 200);
  EXPECT_EQ(upload("id\n2\n"), 409);
  EXPECT_EQ(remove(job, pool().chunks(job)[0]).status, 204);
  EXPECT_EQ(upload("id\n2\n"), 200);
  pool().execute(job);
  EXPECT_EQ(pool().wait(job).at("status"), "DONE");
  EXPECT_EQ(pool().rows("SELECT id FROM t"), (Rows{{"2"}}));
}

TEST_F(ChunkRemoval, OfTheOnlyChunkLeavesAJobWithoutOne) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  pool().upload(job, "id\n1\n");
  EXPECT_EQ(remove(job, pool().wait_staged(job)[0]).status, 204);
  EXPECT_TRUE(pool().chunks(job).empty());
  EXPECT_EQ(pool().try_execute(job).status, 400);
  EXPECT_EQ(pool().status(job), "NEW");
}

TEST_F(ChunkRemoval, IsRefusedOutsideOfNewAndForWhatIsNotThere) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  const auto other = pool().create_job(csv_job("REPLACE", "t"));
  pool().upload(job, "id\n1\n");
  const auto chunk = pool().chunks(job)[0];
  expect_error_body(remove(other, chunk), 404);
  expect_error_body(pool().http().del(pool().job_path(job) + "/chunks/42"), 404);
  PoolClient elsewhere(server().http(), create_pool(pool().http(), "elsewhere"));
  expect_error_body(
      elsewhere.http().del(elsewhere.job_path(job) + "/chunks/" + std::string(chunk.at("id").as_string())),
      404);
  pool().execute(job);
  pool().wait(job);
  expect_error_body(remove(job, chunk), 409);
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "1");
}

}  // namespace
}  // namespace adit::test
