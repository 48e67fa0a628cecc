// What only the SQLite catalog does: migrations, and honest answers about its file.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "base/failpoint.h"
#include "catalog/catalog.h"
#include "catalog/migrations.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

class SqliteCatalogFile : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override {
    ::umount(folder_.c_str());
    fs::remove_all(folder_);
  }

  /// Founds a team with one pool.
  void found() {
    const auto catalog = open();
    const Team team{TeamId::random(), "t", "t"};
    const User user{UserId::random(), team.id, "u", "e"};
    ASSERT_TRUE(
        catalog->found_team(team, user, {KeyId::random(), team.id, user.id, KeyKind::kUser, "k", {}, {}, {}})
            .ok());
    ASSERT_TRUE(catalog->insert_pool({pool_, team.id, "p", "", user.id, {}}).ok());
  }
  std::unique_ptr<Catalog> open() {
    auto catalog = open_sqlite_catalog(file_);
    EXPECT_TRUE(catalog.ok()) << catalog.error().internal_detail;
    return *std::move(catalog);
  }
  Job job_of_pool() const {
    Job job;
    job.id = JobId::random();
    job.pool = pool_;
    job.spec.target_name = "T";
    return job;
  }
  /// Runs `act` in a process that dies at `place`.
  void die_at(const std::string& place, const std::function<void(Catalog&)>& act) {
    const auto child = ::fork();
    if (child == 0) {
      const auto catalog = open();
      arm_failpoint(place);
      act(*catalog);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << place << " was not reached";
  }

  const fs::path folder_ = fs::temp_directory_path() / ("adit-catalog-" + Uuid::random().to_string());
  const fs::path file_ = folder_ / "catalog.db";
  const PoolId pool_ = PoolId::random();
};

TEST_F(SqliteCatalogFile, ANewerVersionIsRefusedPolitelyAndLeftAlone) {
  ASSERT_TRUE(open_sqlite_catalog(file_).ok());
  {
    SqliteSession(file_, SessionKind::kWriter).query("UPDATE schema_version SET version = 99").run();
  }
  const auto opened = open_sqlite_catalog(file_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(opened.error().public_message.find("newer version"), std::string::npos);
}

TEST_F(SqliteCatalogFile, AnOlderCatalogIsCopiedBeforeItIsMigrated) {
  const Migration steps[] = {{1, "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (7)"},
                             {2, "ALTER TABLE a ADD COLUMN y INTEGER"},
                             {3, "UPDATE a SET y = x + 1"}};
  SqliteSession session(file_, SessionKind::kWriter);
  ASSERT_TRUE(migrate(session, file_, std::span(steps).first(1)).ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}),
            3);  // the file, its log and its index: no copy
  ASSERT_TRUE(migrate(session, file_, steps).ok());
  int y = 0;
  session.query("SELECT y FROM a").into(y).next();
  EXPECT_EQ(y, 8);
  SqliteSession copy(folder_ / "catalog.db.before-v3", SessionKind::kReader);
  int version = 0;
  copy.query("SELECT version FROM schema_version").into(version).next();
  EXPECT_EQ(version, 1);
}

TEST_F(SqliteCatalogFile, AFailedMigrationLeavesTheVersionBefore) {
  const Migration steps[] = {{1, "CREATE TABLE a (x INTEGER)"}, {2, "CREATE TABLE b (x INTEGER); nonsense"}};
  SqliteSession session(file_, SessionKind::kWriter);
  EXPECT_THROW(static_cast<void>(migrate(session, file_, steps)), std::exception);
  ASSERT_TRUE(migrate(session, file_, std::span(steps).first(1)).ok());
  int tables = 0;
  session.query("SELECT count(*) FROM sqlite_master WHERE name = 'b'").into(tables).next();
  EXPECT_EQ(tables, 0);
}

TEST_F(SqliteCatalogFile, IsReadableByItsOwnerOnly) {
  ASSERT_TRUE(open_sqlite_catalog(file_).ok());
  struct stat status{};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(SqliteCatalogFile, SomethingElseThanACatalogIsAnErrorAndStaysAsItIs) {
  std::ofstream(file_) << std::string(5000, 'x');
  const auto opened = open_sqlite_catalog(file_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::kInternal);
  EXPECT_EQ(opened.error().public_message.find(folder_.string()), std::string::npos);
  EXPECT_EQ(fs::file_size(file_), 5000u);
}

TEST_F(SqliteCatalogFile, AWriteThatFindsNoSpaceSaysSoAndLaterWritesGoThrough) {
  SqliteSession session(file_, SessionKind::kWriter);
  session.execute_script("CREATE TABLE a (x TEXT); PRAGMA max_page_count = 4");
  try {
    session.query("INSERT INTO a VALUES (:x)").with(std::string(100'000, 'x')).run();
    FAIL() << "the write went through";
  } catch (const std::exception& exception) {
    EXPECT_EQ(session.error_of(exception).kind, ErrorKind::kStorageFull);
  }
  EXPECT_EQ(session.query("INSERT INTO a VALUES (:x)").with("small").run(), 1u);
}

TEST_F(SqliteCatalogFile, AFullDiskIsSaidNothingIsHalfWrittenAndServiceGoesOn) {
  if (::mount("none", folder_.c_str(), "tmpfs", 0, "size=2m") != 0)
    GTEST_SKIP() << "can't mount a small disk here";
  found();
  const auto ballast = folder_ / "ballast";
  {
    const auto catalog = open();
    {
      std::ofstream file(ballast);
      while (file << std::string(4096, 'x') << std::flush) {
      }
    }
    std::uint64_t stored = 0;
    std::optional<Error> error;
    for (int i = 0; i < 2000 && !error; ++i) {
      auto job = job_of_pool();
      job.logs = {std::string(10'000, 'x')};
      if (auto inserted = catalog->insert_job(job); inserted) {
        ++stored;
      } else {
        error = inserted.error();
      }
    }
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->kind, ErrorKind::kStorageFull) << error->internal_detail;
    EXPECT_EQ(catalog->list_jobs(pool_, {})->size(), stored);
    fs::remove(ballast);
    EXPECT_TRUE(catalog->insert_job(job_of_pool()).ok());
    EXPECT_EQ(catalog->list_jobs(pool_, {})->size(), stored + 1);
  }
}

TEST_F(SqliteCatalogFile, WhatWasWrittenBeforeTheCommitIsGoneAfterADeathAndThereAfterTheCommit) {
  found();
  const auto job = job_of_pool();
  const auto insert_job = [&](Catalog& catalog) { static_cast<void>(catalog.insert_job(job).ok()); };
  die_at("catalog.insert_job.before_commit", insert_job);
  EXPECT_FALSE(open()->find_job(pool_, job.id)->has_value());
  die_at("catalog.insert_job.after_commit", insert_job);
  EXPECT_TRUE(open()->find_job(pool_, job.id)->has_value());

  const auto insert_chunk = [&](Catalog& catalog) {
    Chunk chunk;
    chunk.id = ChunkId::random();
    static_cast<void>(catalog.insert_chunks(job.id, {chunk}).ok());
  };
  die_at("catalog.insert_chunks.before_commit", insert_chunk);
  EXPECT_EQ(open()->list_chunks(job.id)->size(), 0u);
  EXPECT_EQ((*open()->find_job(pool_, job.id))->chunks, 0u);
  die_at("catalog.insert_chunks.after_commit", insert_chunk);
  EXPECT_EQ(open()->list_chunks(job.id)->size(), 1u);

  const auto execute = [&](Catalog& catalog) { static_cast<void>(catalog.execute_job(job.id, {}).ok()); };
  die_at("catalog.execute.before_commit", execute);
  EXPECT_EQ((*open()->find_job(pool_, job.id))->status, JobStatus::kNew);
  EXPECT_FALSE(open()->claim_next_job("me", {})->has_value());
  die_at("catalog.execute.after_commit", execute);
  EXPECT_EQ((*open()->find_job(pool_, job.id))->status, JobStatus::kQueued);
  EXPECT_TRUE(open()->claim_next_job("me", {})->has_value());

  const auto finish = [&](Catalog& catalog) {
    const JobTransition change{{JobStatus::kRunning}, JobStatus::kDone, {}, {}, 3};
    static_cast<void>(catalog.transition(job.id, change, Durability::kFull).ok());
  };
  die_at("catalog.transition.before_commit", finish);
  EXPECT_EQ((*open()->find_job(pool_, job.id))->status, JobStatus::kRunning);
  die_at("catalog.transition.after_commit", finish);
  EXPECT_EQ((*open()->find_job(pool_, job.id))->rows_landed, 3u);
}

}  // namespace
}  // namespace adit
