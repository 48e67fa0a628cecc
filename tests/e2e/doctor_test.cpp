// Damaged files: what the server makes of them, and what `adit doctor` says.
#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "support/command_line.h"
#include "support/files_below.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class Doctor : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.start();
    client_ = std::make_unique<PoolClient>(server_);
  }
  void TearDown() override {
    if (HasFailure()) std::printf("--- the server said:\n%s---\n", server_.log().c_str());
  }
  void restart() {
    server_.start();
    client_ = std::make_unique<PoolClient>(server_.http(), client_->pool());
  }
  json::object examine(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"doctor", "--json", "--data", server_.data().string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto ended = CommandLine({.arguments = arguments}).wait();
    auto report = json::parse(ended.out).as_object();
    EXPECT_EQ(ended.status, ExitStatus::exited(report.at("healthy").as_bool() ? 0 : 1)) << ended.out;
    return report;
  }
  static std::multiset<std::string> findings(const json::object& report) {
    std::multiset<std::string> words;
    for (const auto& found : report.at("findings").as_array())
      words.insert(std::string(found.at("finding").as_string()));
    return words;
  }
  fs::path pool_folder() const { return server_.data() / "pools" / client_->pool(); }
  fs::path only_chunk() const { return server_.chunk_files(client_->pool()).at(0); }
  static void flip(const fs::path& file, std::uint64_t offset) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::int64_t>(offset));
    const auto byte = static_cast<char>(stream.get() ^ 0x10);
    stream.seekp(static_cast<std::int64_t>(offset));
    stream.put(byte);
  }

  using Words = std::multiset<std::string>;
  Server server_;
  std::unique_ptr<PoolClient> client_;
};

TEST_F(Doctor, FindsNothingWrongWithWhatIsWell) {
  client_->push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  EXPECT_EQ(findings(examine()), Words{"POOL_IN_USE"});
  server_.terminate();
  const auto report = examine();
  EXPECT_EQ(findings(report), Words{});
  EXPECT_EQ(report.at("jobs"), 1);
  EXPECT_EQ(report.at("chunks"), 1);
}

TEST_F(Doctor, ADamagedChunkIsNamedAndNotStaged) {
  const auto job = client_->create_job(csv_job("REPLACE", "t"));
  // Numbered from elsewhere, it is not staged before the execute.
  ASSERT_EQ(client_->http()
                .send({"POST",
                       client_->chunks_path(job),
                       {{"Content-Type", "text/csv"}, {"Adit-Sequence", "5"}},
                       "id,name\n1,one\n"})
                .status,
            200);
  server_.terminate();
  flip(only_chunk(), 8);
  EXPECT_EQ(findings(examine()), Words{"CHUNK_DAMAGED"});
  EXPECT_EQ(findings(examine({"--quick"})), Words{});
  restart();
  client_->execute(job);
  const auto ended = client_->wait(job);
  EXPECT_EQ(ended.at("status"), "ERROR");
  EXPECT_NE(logs_of(ended).find("damaged on the server's disk"), std::string::npos) << logs_of(ended);
  EXPECT_EQ(client_->tables(), std::vector<std::string>{});
}

TEST_F(Doctor, ACutChunkAndOneThatIsGoneAreNamed) {
  client_->push_done(csv_job("REPLACE", "t"), {"id\n1\n", "id\n2\n"});
  server_.terminate();
  const auto files = server_.chunk_files(client_->pool());
  ASSERT_EQ(files.size(), 2U);
  fs::resize_file(files[0], 3);
  fs::remove(files[1]);
  EXPECT_EQ(findings(examine()), (Words{"CHUNK_DAMAGED", "CHUNK_MISSING"}));
  restart();
  EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "2") << "the rows have landed: they need no chunks";
}

TEST_F(Doctor, APoolWithoutFileComesBackFromItsChunksAndWhatCanNotIsNamed) {
  client_->push_done(csv_job("REPLACE", "kept"), {"id\n1\n"});
  client_->push_done(csv_job("REPLACE", "lost"), {"id\n2\n"});
  client_->push_done(csv_job("REPLACE", "gone"), {"id\n3\n"});
  server_.terminate();
  std::map<std::string, fs::path> chunk_of;
  for (const auto& file : server_.chunk_files(client_->pool())) {
    std::ifstream stream(file);
    chunk_of[std::string(std::istreambuf_iterator<char>(stream), {})] = file;
  }
  flip(chunk_of.at("id\n2\n"), 3);
  fs::remove(chunk_of.at("id\n3\n"));
  fs::remove_all(pool_folder());
  const auto expected =
      Words{"CHUNK_DAMAGED", "CHUNK_MISSING", "JOB_MISSING", "JOB_UNRECOVERABLE", "JOB_UNRECOVERABLE"};
  EXPECT_EQ(findings(examine()), expected);
  restart();
  EXPECT_EQ(client_->tables(), std::vector<std::string>{"kept"});
  client_->push_done(csv_job("REPLACE", "new"), {"id\n4\n"});
  server_.terminate();
  const auto unrecoverable =
      Words{"CHUNK_DAMAGED", "CHUNK_MISSING", "JOB_UNRECOVERABLE", "JOB_UNRECOVERABLE"};
  EXPECT_EQ(findings(examine()), unrecoverable);
}

TEST_F(Doctor, ADamagedCatalogIsRefusedWithWhatToDoAndDescribed) {
  client_->push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  server_.terminate();
  const auto catalog = server_.data() / "catalog.db";
  fs::resize_file(catalog, fs::file_size(catalog) / 2);
  EXPECT_TRUE(findings(examine()).contains("CATALOG_DAMAGED"));
  flip(catalog, 5);
  EXPECT_TRUE(findings(examine()).contains("CATALOG_DAMAGED"));
  const auto served = CommandLine({.arguments = {"serve", "--data", server_.data().string()}}).wait();
  EXPECT_EQ(served.status, ExitStatus::exited(6));
  for (const auto* part : {"is damaged", "adit doctor", "adit restore"})
    EXPECT_NE(served.err.find(part), std::string::npos) << served.err;
}

/// The file opens, and its second page, the teams', can't be read.
TEST_F(Doctor, ACatalogWhoseTeamsCanNotBeReadIsRefusedAsWell) {
  server_.terminate();
  std::fstream stream(server_.data() / "catalog.db", std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(4096);
  stream << std::string(512, '\0');
  stream.close();
  EXPECT_TRUE(findings(examine()).contains("CATALOG_DAMAGED"));
  const auto served = CommandLine({.arguments = {"serve", "--data", server_.data().string()}}).wait();
  EXPECT_EQ(served.status, ExitStatus::exited(6));
  for (const auto* part : {"catalog.db is damaged", "adit doctor", "adit restore"})
    EXPECT_NE(served.err.find(part), std::string::npos) << served.err;
}

TEST_F(Doctor, ADamagedLogOfTheCatalogIsKeptAndNamed) {
  client_->push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  for (int i = 0; i < 10; ++i) client_->create_job(csv_job("REPLACE", "late"));
  server_.kill();
  const auto log = server_.data() / "catalog.db-wal";
  flip(log, fs::file_size(log) - 6 * 4120);
  EXPECT_EQ(findings(examine()), Words{"CATALOG_DAMAGED"});
  restart();
  EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "1");
  EXPECT_NE(server_.log().find("log is damaged"), std::string::npos);
  server_.terminate();
  EXPECT_EQ(findings(examine()), Words{"CATALOG_LOG_SET_ASIDE"});
}

/// As docs/OPERATIONS.md says: a damaged block shows when it is read, and the file is set aside by hand.
TEST_F(Doctor, ADamagedTableIsNamedAndComesBackOnceItsFileIsSetAside) {
  const auto rows = parquet_of("SELECT range AS id, md5(range::VARCHAR) AS text FROM range(60000)");
  client_->push_done(parquet_job("REPLACE", "t"), {rows});
  server_.terminate();
  const auto file = pool_folder() / "pool.db";
  flip(file, fs::file_size(file) / 2);
  const auto report = examine();
  ASSERT_EQ(findings(report), Words{"POOL_DAMAGED"});
  const auto text = json::serialize(report.at("findings"));
  EXPECT_NE(text.find("the table \\\"t\\\" can't be read"), std::string::npos) << text;
  restart();
  EXPECT_EQ(client_->http().get("/readyz").json().at("damagedPools"), 0);
  const auto refused = client_->try_query("SELECT max(text) FROM t");
  EXPECT_EQ(refused.status, 500);
  EXPECT_NE(refused.body.find("adit doctor --rebuild"), std::string::npos) << refused.body;
  EXPECT_EQ(client_->http().get("/readyz").json().at("damagedPools"), 1);
  EXPECT_NE(client_->http().get("/metrics").body.find("adit_pools_damaged 1"), std::string::npos);
  EXPECT_NE(server_.log().find("adit doctor --rebuild " + client_->pool()), std::string::npos);
  const auto job = client_->push(csv_job("DELTA", "t", {{"keys", {"id"}}}), {"id,text\n59999,new\n"});
  EXPECT_TRUE(job.at("status") == "DONE" || logs_of(job).find("damaged") != std::string::npos)
      << logs_of(job);
  server_.terminate();
  fs::rename(file, pool_folder() / "pool.db.damaged-by-hand");
  fs::remove(pool_folder() / "pool.db.wal");
  restart();
  EXPECT_EQ(client_->value("SELECT count(DISTINCT text) FROM t"), "60000");
  server_.terminate();
  EXPECT_EQ(findings(examine()), Words{"POOL_SET_ASIDE"});
}

/// One bit of the pool's files at a time, at offsets that are spread over them by a seed. Wherever it is: the
/// server serves, and what the pool had is there again.
TEST_F(Doctor, ThePoolThatTheCatalogDoesNotKnowIsNamed) {
  server_.terminate();
  fs::create_directories(server_.data() / "pools" / "00000000-0000-4000-8000-000000000001");
  restart();
  server_.terminate();
  const auto report = examine();
  ASSERT_EQ(findings(report), Words{"POOL_UNKNOWN"});
  const auto& named = report.at("findings").as_array().at(0).at("object").as_string();
  EXPECT_TRUE(named.starts_with("pools/00000000-0000-4000-8000-000000000001.unknown-")) << named;
  EXPECT_EQ(report.at("healthy"), true);
}

TEST_F(Doctor, ABitOfAPoolsFilesAnywhereCostsNoRowsWhoseChunksAreKept) {
  client_->push_done(parquet_job("REPLACE", "t"), {parquet_of("SELECT range AS id FROM range(40000)")});
  client_->push_done(csv_job("DELTA", "t", {{"keys", {"id"}}}), {"id\n1\n50000\n"});
  server_.kill();
  const TempFolder folder;
  const auto well = folder.path() / "well";
  fs::copy(pool_folder(), well, fs::copy_options::recursive);
  std::mt19937_64 random(20260131);
  for (const auto* name : {"pool.db", "pool.db.wal"}) {
    if (!fs::exists(well / name)) continue;
    const auto size = fs::file_size(well / name);
    for (int round = 0; round < 8; ++round) {
      fs::remove_all(pool_folder());
      fs::copy(well, pool_folder(), fs::copy_options::recursive);
      // The heads of the file are small and matter most.
      const auto offset = round < 4 ? random() % std::min<std::uint64_t>(size, 12288) : random() % size;
      flip(pool_folder() / name, offset);
      SCOPED_TRACE(std::string(name) + " at " + std::to_string(offset));
      restart();
      EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "40001");
      server_.kill();
    }
  }
}

}  // namespace
}  // namespace adit::test
