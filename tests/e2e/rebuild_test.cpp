// `adit doctor --rebuild`: a pool made anew from a backup and the chunks since, and what it says of the rest.
#include <duckdb.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "support/catalog_file.h"
#include "support/command_line.h"
#include "support/files_below.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;

const ExitStatus kKilled{std::nullopt, SIGKILL};

class Rebuild : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.start();
    client_ = std::make_unique<PoolClient>(server_);
    client_->push_done(parquet_job("DELTA", "t", {{"keys", {"id"}}}),
                       {parquet_of("SELECT range AS id, md5(range::VARCHAR) AS text FROM range(20000)")});
    push("u", "1,one\n");
  }
  void TearDown() override {
    if (HasFailure()) std::printf("--- the server said:\n%s---\n", server_.log().c_str());
  }

  fs::path pool_folder() const { return server_.data() / "pools" / client_->pool(); }
  fs::path pool_file() const { return pool_folder() / "pool.db"; }
  fs::path backups() const { return folder_.path() / "backups"; }
  void push(const std::string& table, const std::string& rows, const std::string& type = "DELTA") {
    client_->push_done(csv_job(type, table, {{"keys", {"id"}}}), {"id,text\n" + rows});
  }
  HttpResponse change(const std::string& table, const std::string& what, json::object body = {}) {
    const auto path = "/adit/api/v1/pools/" + client_->pool() + "/tables/" + table + "/" + what;
    return body.empty() ? client_->http().post(path) : client_->http().post_json(path, body);
  }
  void start() {
    server_.start();
    client_ = std::make_unique<PoolClient>(server_.http(), client_->pool());
  }
  CommandEnd run(std::vector<std::string> arguments,
                 const std::map<std::string, std::string>& environment = {}) {
    arguments.insert(arguments.end(), {"--data", server_.data().string()});
    return CommandLine({.arguments = std::move(arguments), .environment = environment}).wait();
  }
  void back_up(const std::string& name) {
    const auto ended = run({"backup", (backups() / name).string()});
    ASSERT_EQ(ended.status, ExitStatus::exited(0)) << ended.err;
  }
  CommandEnd rebuild(std::vector<std::string> more = {},
                     const std::map<std::string, std::string>& environment = {}) {
    std::vector<std::string> arguments{"doctor", "--json", "--rebuild", client_->pool()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(std::move(arguments), environment);
  }
  CommandEnd rebuild_from_backups(const std::map<std::string, std::string>& environment = {}) {
    return rebuild({"--backup-folder", backups().string()}, environment);
  }
  /// In the middle of its rows: the file opens, the table can't be read.
  void damage() {
    const auto file = pool_file();
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::int64_t>(fs::file_size(file) / 2);
    stream.seekg(middle);
    const auto byte = static_cast<char>(stream.get() ^ 0x10);
    stream.seekp(middle);
    stream.put(byte);
  }
  /// Starts once so that all chunks expire, and what changes removed is forgotten with them.
  void expire() {
    server_.start({{"ADIT_CHUNK_RETENTION_HOURS", "0"}});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!server_.chunk_files(client_->pool()).empty() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_TRUE(server_.chunk_files(client_->pool()).empty());
    ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  }
  /// Starts once so that all jobs so far, which are said to have ended two hours ago, are forgotten.
  void forget() {
    change_catalog(server_.data(),
                   "UPDATE jobs SET finished = finished - 7200000; UPDATE pools SET created = 0");
    server_.start({{"ADIT_CHUNK_RETENTION_HOURS", "0"},
                   {"ADIT_HISTORY_RETENTION", "1h"},
                   {"ADIT_EXPIRY_INTERVAL_MS", "1000"}});
    PoolClient client(server_.http(), client_->pool());
    const auto remembered = [&] {
      const auto history = client.http().get("/adit/api/v1/pools/" + client.pool() + "/history");
      return history.json().at("jobs").as_array().size();
    };
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (remembered() > 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(remembered(), 0U);
    ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  }
  std::map<std::string, std::string> contents() {
    std::map<std::string, std::string> of;
    for (const auto& table : client_->tables())
      of[table] = client_->value("SELECT count(*) || ' ' || bit_xor(hash(id, text)) FROM " + table);
    return of;
  }
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> digests;
    for (const auto& file : files_below(pool_folder())) {
      std::ifstream stream(file, std::ios::binary);
      digests[file.lexically_relative(pool_folder()).string()] =
          sha256_hex(std::string(std::istreambuf_iterator<char>(stream), {}));
    }
    digests.erase("lock");
    return digests;
  }
  static std::size_t aside(const std::map<std::string, std::string>& files) {
    return static_cast<std::size_t>(std::ranges::count_if(
        files, [](const auto& file) { return file.first.find("pool.db.damaged-") != std::string::npos; }));
  }
  static json::object report(const CommandEnd& ended) { return json::parse(ended.out).as_object(); }
  static std::set<std::string> lost(const json::object& report, std::string_view member) {
    std::set<std::string> values;
    for (const auto& job : report.at("unrecoverable").as_array()) values.insert(cell_text(job.at(member)));
    return values;
  }
  bool doctor_finds_nothing() {
    const auto ended = run({"doctor", "--json"});
    if (ended.status != ExitStatus::exited(0)) std::printf("%s", ended.out.c_str());
    return ended.status == ExitStatus::exited(0);
  }

  /// In a pool's files that nobody has open.
  static std::int64_t staging_tables(const fs::path& folder) {
    duckdb_config config{};
    duckdb_create_config(&config);
    duckdb_set_config(config, "access_mode", "READ_ONLY");
    duckdb_database database{};
    EXPECT_EQ(duckdb_open_ext((folder / "pool.db").c_str(), &database, config, nullptr), DuckDBSuccess);
    duckdb_connection connection{};
    duckdb_connect(database, &connection);
    duckdb_result result{};
    EXPECT_EQ(duckdb_query(
                  connection,
                  "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '\\_\\_adit\\_%' ESCAPE '\\'",
                  &result),
              DuckDBSuccess);
    const auto count = duckdb_value_int64(&result, 0, 0);
    duckdb_destroy_result(&result);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    duckdb_destroy_config(&config);
    return count;
  }

  TempFolder folder_;
  Server server_{{.flags = {"--backup-folder", (folder_.path() / "backups").string(), "--execute-limits",
                            "off", "--tls-listen", "off"}}};
  std::unique_ptr<PoolClient> client_;
};

TEST_F(Rebuild, TakesTheNewestBackupLandsWhatCameSinceAndKeepsTheDamagedFiles) {
  back_up("first");
  push("t", "1,changed\n50000,new\n");
  back_up("second");
  push("t", "1,changed again\n");
  push("t", "2,changed\n");
  EXPECT_EQ(change("t", "delete-rows", {{"where", "id = 3"}}).status, 200);
  push("u", "7,seven\n", "REPLACE");
  EXPECT_EQ(change("u", "truncate").status, 200);
  push("u", "8,eight\n");
  const auto before = contents();
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  damage();
  const auto damaged = files().at("pool.db");
  const auto ended = rebuild_from_backups();
  ASSERT_EQ(ended.status, ExitStatus::exited(0)) << ended.err << ended.out;
  const auto told = report(ended);
  EXPECT_EQ(told.at("backup").as_string(), (backups() / "second").string());
  EXPECT_EQ(told.at("landedAgain"), 6);
  EXPECT_EQ(told.at("jobs"), 9);
  EXPECT_EQ(told.at("damage").as_array().size(), 1U);
  EXPECT_TRUE(told.at("unrecoverable").as_array().empty());
  ASSERT_EQ(told.at("setAside").as_array().size(), 1U);
  const fs::path kept(std::string(told.at("setAside").at(0).as_string()));
  EXPECT_EQ(files().at(kept.filename().string()), damaged);
  EXPECT_FALSE(fs::exists(pool_folder() / "rebuild"));
  EXPECT_TRUE(doctor_finds_nothing());
  start();
  EXPECT_EQ(contents(), before);
  const auto audit = run({"audit", "list", "--operation", "rebuildPool", "--json"});
  EXPECT_THAT(audit.out, HasSubstr(client_->pool()));
}

/// A job that was given up after the backup had rows staged in it.
TEST_F(Rebuild, LeavesNothingOfJobsThatWereGivenUpSince) {
  const auto rows = parquet_of("SELECT range AS id, md5(range::VARCHAR) AS text FROM range(40000)");
  std::vector<std::string> jobs;
  for (int i = 0; i < 2; ++i) {
    jobs.push_back(client_->create_job(parquet_job("REPLACE", "staged")));
    client_->upload(jobs.back(), rows);
    client_->wait_staged(jobs.back());
  }
  back_up("with-staged");
  EXPECT_EQ(staging_tables(backups() / "with-staged" / "pools" / client_->pool()), 2);
  client_->try_cancel(jobs.front());
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  const auto ended = rebuild({"--backup-folder", backups().string(), "--force"});
  ASSERT_EQ(ended.status, ExitStatus::exited(0)) << ended.err;
  EXPECT_EQ(staging_tables(pool_folder()), 1);
  start();
  client_->execute(jobs.back());
  EXPECT_EQ(client_->wait(jobs.back()).at("status"), "DONE");
  EXPECT_EQ(client_->value("SELECT count(*) FROM staged"), "40000");
}

TEST_F(Rebuild, NeedsNoBackupWhereAllChunksAreKept) {
  push("t", "1,changed\n");
  const auto before = contents();
  server_.kill();
  fs::resize_file(pool_file(), fs::file_size(pool_file()) / 2);
  const auto ended = rebuild();
  ASSERT_EQ(ended.status, ExitStatus::exited(0)) << ended.err << ended.out;
  EXPECT_TRUE(report(ended).at("backup").is_null());
  start();
  EXPECT_EQ(contents(), before);
}

TEST_F(Rebuild, NamesWhatNeitherTheBackupNorTheChunksHave) {
  back_up("old");
  push("t", "60000,lost\n");
  push("u", "2,replaced later\n");
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  expire();
  start();
  push("u", "3,three\n", "REPLACE");
  push("t", "70000,kept\n");
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  damage();
  const auto ended = rebuild_from_backups();
  ASSERT_EQ(ended.status, ExitStatus::exited(1)) << ended.err << ended.out;
  const auto told = report(ended);
  EXPECT_EQ(told.at("landedAgain"), 2);
  EXPECT_EQ(told.at("replaced"), 1);
  EXPECT_EQ(lost(told, "table"), std::set<std::string>{"t"});
  EXPECT_EQ(lost(told, "rows"), std::set<std::string>{"1"});
  EXPECT_EQ(lost(told, "inFilesSetAside"), std::set<std::string>{"true"});
  EXPECT_EQ(lost(told, "rowsReturn"), std::set<std::string>{"false"});
  const auto job = *lost(told, "job").begin();
  const auto found = run({"doctor"});
  EXPECT_THAT(found.out, HasSubstr("JOB_UNRECOVERABLE  " + job));
  start();
  EXPECT_EQ(client_->value("SELECT string_agg(id, ' ' ORDER BY id) FROM t WHERE id >= 20000"), "70000");
  EXPECT_EQ(client_->value("SELECT string_agg(text, ' ') FROM u"), "three");
}

/// A privacy request whose predicate is forgotten: the backup has the rows.
TEST_F(Rebuild, DoesNotBringRemovedRowsBackUnlessItIsToldTo) {
  back_up("old");
  EXPECT_EQ(change("t", "delete-rows", {{"where", "id = 3"}}).status, 200);
  EXPECT_EQ(change("u", "truncate").status, 200);
  push("u", "9,nine\n");
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  expire();
  damage();
  const auto before = files();
  const auto refused = rebuild_from_backups();
  EXPECT_EQ(refused.status, ExitStatus::exited(1));
  EXPECT_THAT(refused.err, HasSubstr("DELETE, table \"t\""));
  EXPECT_THAT(refused.err, HasSubstr("--removed-rows-return"));
  EXPECT_EQ(files(), before);
  const auto ended = rebuild({"--backup", (backups() / "old").string(), "--removed-rows-return"});
  ASSERT_EQ(ended.status, ExitStatus::exited(1)) << ended.err;
  const auto told = report(ended);
  EXPECT_EQ(lost(told, "what"), (std::set<std::string>{"DELETE", "PUSH"}));
  EXPECT_EQ(lost(told, "rowsReturn"), (std::set<std::string>{"true", "false"}));
  start();
  EXPECT_EQ(client_->value("SELECT count(*) FROM t WHERE id = 3"), "1");
  EXPECT_EQ(client_->value("SELECT count(*) FROM u"), "0") << "a truncate needs no chunks to be made again";
}

TEST_F(Rebuild, RefusesWhatItShouldNotDoAndChangesNothing) {
  EXPECT_THAT(rebuild().err, HasSubstr("stop it"));
  back_up("whole");
  back_up("bad");
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  EXPECT_THAT(rebuild_from_backups().err, HasSubstr("Nothing is wrong"));
  EXPECT_THAT(run({"doctor", "--rebuild", "nowhere"}).err, HasSubstr("There is no data pool"));
  damage();
  const auto before = files();
  const auto copy = backups() / "bad" / "pools" / client_->pool() / "pool.db";
  fs::resize_file(copy, fs::file_size(copy) - 1);
  EXPECT_THAT(rebuild_from_backups().err, HasSubstr("is damaged: pools/"));
  EXPECT_THAT(rebuild({"--backup", server_.data().string()}).err, HasSubstr("is no backup"));
  EXPECT_EQ(files(), before);
  expire();
  const auto expired = files();
  EXPECT_THAT(rebuild().err, HasSubstr("No backup of this pool is known"));
  EXPECT_EQ(files(), expired);
  const auto ended = rebuild({"--chunks-only"});
  EXPECT_EQ(ended.status, ExitStatus::exited(1));
  EXPECT_EQ(report(ended).at("unrecoverable").as_array().size(), 2U);
  // What a rebuild made too little of is there still: the next has a backup.
  const auto again = rebuild({"--backup", (backups() / "whole").string()});
  EXPECT_EQ(again.status, ExitStatus::exited(0)) << again.err << again.out;
}

TEST_F(Rebuild, RefusesABackupOfAnotherCourseOfEvents) {
  push("t", "80000,later forgotten\n");
  back_up("of-another");
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  change_catalog(server_.data(),
                 "DELETE FROM events; DELETE FROM chunks WHERE job_number = (SELECT max(number) FROM jobs); "
                 "DELETE FROM jobs WHERE number = (SELECT max(number) FROM jobs)");
  damage();
  EXPECT_THAT(rebuild_from_backups().err, HasSubstr("another course of events"));
}

/// Clients may choose ids, and a backup has the pool that had it then: what that had is erased.
TEST_F(Rebuild, TakesNoBackupOfAnEarlierPoolOfItsId) {
  back_up("of-the-first");
  ASSERT_EQ(client_->http().del("/integration/api/pools/" + client_->pool()).status, 204);
  const json::object again{{"name", "Again"}, {"id", client_->pool()}};
  ASSERT_EQ(client_->http().post_json("/integration/api/pools", again).status, 200);
  push("t", "3,new\n");
  const auto before = contents();
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  fs::resize_file(pool_file(), 2000);
  const auto named = rebuild({"--backup", (backups() / "of-the-first").string()});
  EXPECT_EQ(named.status, ExitStatus::exited(1)) << named.out;
  EXPECT_THAT(named.err, HasSubstr("was begun before the data pool \"Again\" was made"));
  const auto ended = rebuild_from_backups();
  ASSERT_EQ(ended.status, ExitStatus::exited(0)) << ended.err << ended.out;
  EXPECT_TRUE(report(ended).at("backup").is_null());
  start();
  EXPECT_EQ(contents(), before);
}

TEST_F(Rebuild, LosesNoForgottenJobsInSilence) {
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  forget();
  start();
  push("v", "1,kept\n");
  const auto before = contents();
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  back_up("nightly");
  // Whether the marks can be read or not.
  for (const auto& damage : std::vector<std::function<void()>>{[&] { fs::resize_file(pool_file(), 2000); },
                                                               [this] { this->damage(); }}) {
    damage();
    const auto damaged = files();
    const auto refused = rebuild();
    EXPECT_EQ(refused.status, ExitStatus::exited(1)) << refused.out;
    EXPECT_THAT(refused.err,
                HasSubstr("the rows of 2 landed jobs that the catalog has forgotten would be missing"));
    EXPECT_EQ(files(), damaged);
    const auto ended = rebuild({"--chunks-only"});
    EXPECT_EQ(ended.status, ExitStatus::exited(1)) << ended.err;
    EXPECT_EQ(report(ended).at("forgotten"), 2);
    EXPECT_EQ(report(ended).at("landedAgain"), 1);
    EXPECT_THAT(run({"doctor"}).out, HasSubstr("FORGOTTEN_MISSING"));
    const auto again = rebuild_from_backups();
    ASSERT_EQ(again.status, ExitStatus::exited(0)) << again.err << again.out;
    EXPECT_TRUE(doctor_finds_nothing());
  }
  start();
  EXPECT_EQ(contents(), before);
}

TEST_F(Rebuild, DoctorNamesForgottenJobsThatTheRepairOfAnOpeningCouldNotLandAgain) {
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  forget();
  start();
  push("v", "1,kept\n");
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  fs::resize_file(pool_file(), 2000);
  start();
  EXPECT_EQ(client_->tables(), std::vector<std::string>{"v"});
  EXPECT_THAT(server_.log(), HasSubstr("warehouse.pool_made_anew"));
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  const auto found = run({"doctor"});
  EXPECT_EQ(found.status, ExitStatus::exited(1));
  EXPECT_THAT(found.out, HasSubstr("The pool lacks 2 landed jobs that the catalog has forgotten"));
  EXPECT_THAT(rebuild().err, HasSubstr("No backup of this pool is known"));
  for (const auto& file : files_below(pool_folder())) {
    if (file.filename().string().contains(".damaged-")) fs::remove(file);
  }
  EXPECT_TRUE(doctor_finds_nothing()) << "it was settled";
}

/// Any of them may have removed rows that the backup has.
TEST_F(Rebuild, RefusesABackupOfBeforeTheEndOfForgottenJobs) {
  back_up("old");
  push("t", "60000,after the backup\n");
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  forget();
  damage();
  const auto manifest = backups() / "old" / "backup.json";
  std::ifstream stream(manifest);
  auto of_then = json::parse(std::string(std::istreambuf_iterator<char>(stream), {}));
  of_then.at("begun").as_int64() -= 3 * 3600 * 1000;
  std::ofstream(manifest) << of_then;
  const auto refused = rebuild_from_backups();
  EXPECT_EQ(refused.status, ExitStatus::exited(1));
  EXPECT_THAT(refused.err, HasSubstr("1 landed jobs that the catalog has forgotten"));
  const auto ended = rebuild({"--backup", (backups() / "old").string(), "--removed-rows-return"});
  EXPECT_EQ(ended.status, ExitStatus::exited(1)) << ended.err;
  EXPECT_EQ(report(ended).at("forgotten"), 1);
  start();
  EXPECT_EQ(client_->value("SELECT count(*) FROM t"), "20000");
}

TEST_F(Rebuild, DoctorKnowsThatALostDeleteMayHaveBeenOfForgottenRows) {
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  forget();
  const auto before = folder_.path() / "pool.db";
  fs::copy_file(pool_file(), before);
  start();
  EXPECT_EQ(change("t", "delete-rows", {{"where", "id = 3"}}).status, 200);
  push("v", "1,kept\n");
  ASSERT_EQ(server_.terminate(), ExitStatus::exited(0));
  expire();
  fs::copy_file(before, pool_file(), fs::copy_options::overwrite_existing);
  EXPECT_THAT(run({"doctor"}).out, HasSubstr("does not have this job's DELETE of the table \"t\""));
}

TEST_F(Rebuild, KilledAnywhereItHasChangedNothingOrAllAndCanBeDoneAgain) {
  back_up("one");
  push("t", "1,changed\n");
  push("u", "2,two\n", "REPLACE");
  const auto before = contents();
  // With a log beside the file, which has to be set aside too.
  server_.kill();
  damage();
  const auto well = folder_.path() / "well";
  fs::copy(pool_folder(), well, fs::copy_options::recursive);
  for (const auto* place :
       {"rebuild.copied", "rebuild.landed", "warehouse.land.before_commit", "warehouse.checkpoint.before",
        "warehouse.replace.set_aside", "warehouse.replace.set_aside:2", "warehouse.replace.renamed"}) {
    SCOPED_TRACE(place);
    fs::remove_all(pool_folder());
    fs::copy(well, pool_folder(), fs::copy_options::recursive);
    const auto killed = rebuild_from_backups({{"ADIT_FAILPOINT", place}});
    ASSERT_EQ(killed.status, kKilled) << killed.err << killed.out;
    const auto left = files();
    if (std::string(place).starts_with("rebuild.")) {
      EXPECT_EQ(aside(left), 0U);
      EXPECT_THAT(run({"doctor", "--json"}).out, HasSubstr("REBUILD_CUT_SHORT"));
    }
    ASSERT_TRUE(fs::exists(pool_file())) << "a server would begin an empty one";
    if (std::string(place).starts_with("warehouse.replace")) {
      start();
      EXPECT_EQ(client_->value("SELECT text FROM u"), "two");
      server_.kill();
    }
    const auto again = rebuild({"--backup-folder", backups().string(), "--force"});
    ASSERT_EQ(again.status, ExitStatus::exited(0)) << again.err << again.out;
    EXPECT_GE(aside(files()), 1U);
    EXPECT_FALSE(fs::exists(pool_folder() / "rebuild"));
    start();
    EXPECT_EQ(contents(), before);
    server_.kill();
  }
}

}  // namespace
}  // namespace adit::test
