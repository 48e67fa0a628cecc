// What only the SQLite catalog does: migrations, and honest answers about its file.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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
    const User user{UserId::random(), team.id, "u", "e", Role::kAdministrator};
    ASSERT_TRUE(
        catalog->found_team(team, user, {KeyId::random(), team.id, subject_of(user.id), user.id, "k"}).ok());
    ASSERT_TRUE(catalog->insert_pool({pool_, team.id, "p", "", user.id.uuid(), {}}).ok());
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

TEST_F(SqliteCatalogFile, OfTheCopiesBeforeMigrationsTheLastOneStays) {
  const Migration steps[] = {
      {1, "CREATE TABLE a (x INTEGER)"}, {2, "CREATE TABLE b (x INTEGER)"}, {3, "SELECT 1"}};
  SqliteSession session(file_, SessionKind::kWriter);
  for (const auto versions : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    ASSERT_TRUE(migrate(session, file_, std::span(steps).first(versions)).ok());
  }
  EXPECT_FALSE(fs::exists(folder_ / "catalog.db.before-v2"));
  EXPECT_TRUE(fs::exists(folder_ / "catalog.db.before-v3"));
  ASSERT_TRUE(migrate(session, file_, steps).ok());
  EXPECT_TRUE(fs::exists(folder_ / "catalog.db.before-v3"));
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

TEST_F(SqliteCatalogFile, WhatWorkedBeforePermissionsGoesOnWorking) {
  const auto team = TeamId::random(), other_team = TeamId::random();
  const auto user = UserId::random();
  const auto user_key = KeyId::random(), application_key = KeyId::random();
  {
    SqliteSession session(file_, SessionKind::kWriter);
    ASSERT_TRUE(migrate(session, file_, catalog_migrations().first(4)).ok());
    const auto in = [](const std::string& id) { return "'" + id + "'"; };
    session.execute_script("INSERT INTO teams (id, name, domain) VALUES (" + in(team.to_string()) +
                           ", 't', 't'), (" + in(other_team.to_string()) + ", 'o', 'o');" +
                           "INSERT INTO users (id, team_id, name, email, administrator) VALUES (" +
                           in(user.to_string()) + ", " + in(team.to_string()) + ", 'u', 'e', 1);" +
                           "INSERT INTO api_keys (id, team_id, owner_id, kind, name, secret_digest, created, "
                           "last_used) VALUES (" +
                           in(user_key.to_string()) + ", " + in(team.to_string()) + ", " +
                           in(user.to_string()) + ", 'USER', 'first', " + in(std::string(64, 'a')) +
                           ", 5, NULL), (" + in(application_key.to_string()) + ", " + in(team.to_string()) +
                           ", " + in(user.to_string()) + ", 'APPLICATION', 'extractor', " +
                           in(std::string(64, 'b')) + ", 6, 7);");
  }
  const auto catalog = open();
  const auto administrator = *catalog->find_access(subject_of(user));
  ASSERT_TRUE(administrator);
  EXPECT_EQ(administrator->role, Role::kAdministrator);
  EXPECT_TRUE(administrator->active);
  const auto first = *catalog->find_key(user_key);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->owner, subject_of(user));
  EXPECT_EQ(to_hex(first->secret_digest), std::string(64, 'a'));
  const auto key = *catalog->find_key(application_key);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kind(), KeyKind::kApplication);
  EXPECT_EQ(key->creator, user);
  EXPECT_EQ(key->last_used, from_epoch_ms(7));
  EXPECT_EQ(key->owner.id, application_key.uuid()) << "clients know the application by this id";
  const auto application = *catalog->find_access(key->owner);
  ASSERT_TRUE(application);
  EXPECT_EQ(application->name, "extractor");
  EXPECT_EQ(application->team, team);
  PermissionSet granted;
  for (const auto& grant : application->grants) {
    EXPECT_FALSE(grant.pool);
    granted.add(grant.permission);
  }
  EXPECT_EQ(granted, (PermissionSet{Permission::kUseAllDataModels, Permission::kViewAllDataPools,
                                    Permission::kEditAllDataPools, Permission::kCreateDataPool,
                                    Permission::kManageAllDataPools, Permission::kViewMetrics}));
  EXPECT_TRUE((*catalog->list_grants(other_team, std::nullopt)).empty());
}

TEST_F(SqliteCatalogFile, ChunksOfBeforeDiskQuotasCountToo) {
  const auto team = TeamId::random();
  const auto pool = PoolId::random(), empty = PoolId::random();
  {
    SqliteSession session(file_, SessionKind::kWriter);
    const auto all = catalog_migrations();
    const auto older =
        std::ranges::count_if(all, [](const auto& migration) { return migration.version < 12; });
    ASSERT_TRUE(migrate(session, file_, all.first(static_cast<std::size_t>(older))).ok());
    const auto in = [](const auto& id) { return "'" + id.to_string() + "'"; };
    const auto job = [&](int bytes, int kept) {
      return "INSERT INTO jobs (id, pool_id, target_name, target_folded, type, file_type, keys, "
             "upsert_strategy, status, logs, created, modified, execute_order, rows_landed, claims, "
             "cancel_requested, deleted, in_turn, chunk_count, chunk_bytes, rows_staged, chunks_kept) VALUES "
             "(" +
             in(JobId::random()) + ", " + in(pool) +
             ", 't', 't', 'DELTA', 'CSV', '[]', 'UPSERT_WITH_UNCHANGED_METADATA', 'DONE', '[]', 0, 0, 1, 0, "
             "1, "
             "0, 0, 0, 1, " +
             std::to_string(bytes) + ", 0, " + std::to_string(kept) + ");";
    };
    session.execute_script(
        "INSERT INTO teams (id, name, domain) VALUES (" + in(team) + ", 't', 't');" +
        "INSERT INTO pools (id, team_id, name, description, creator_id, created) VALUES (" + in(pool) + ", " +
        in(team) + ", 'p', '', '', 0), (" + in(empty) + ", " + in(team) + ", 'e', '', '', 0);" + job(100, 1) +
        job(20, 1) + job(3, 0));
  }
  const auto catalog = open();
  const auto use = **catalog->find_disk_use(pool);
  EXPECT_EQ(use.chunk_bytes, 120U);
  EXPECT_FALSE(use.table_bytes.has_value()) << "nobody has looked";
  EXPECT_EQ(use.quota, DiskQuota());
  EXPECT_EQ((**catalog->find_disk_use(empty)).chunk_bytes, 0U);
}

TEST_F(SqliteCatalogFile, WhoReadMetricsBeforeTheirPermissionReadsThemStill) {
  const auto team = TeamId::random(), other_team = TeamId::random();
  const auto member = UserId::random();
  const auto application = ApplicationId::random(), of_others = ApplicationId::random();
  const auto narrow = KeyId::random(), free = KeyId::random(), of_pool = KeyId::random();
  {
    SqliteSession session(file_, SessionKind::kWriter);
    const auto all = catalog_migrations();
    const auto older =
        std::ranges::count_if(all, [](const auto& migration) { return migration.version < 11; });
    ASSERT_TRUE(migrate(session, file_, all.first(static_cast<std::size_t>(older))).ok());
    const auto in = [](const auto& id) { return "'" + id.to_string() + "'"; };
    const auto key = [&](KeyId id, const std::string& limits) {
      return "INSERT INTO api_keys (id, team_id, owner_kind, owner_id, creator_id, name, secret_digest, "
             "created, scopes, pools) VALUES (" +
             in(id) + ", " + in(team) + ", 'APPLICATION', " + in(application) + ", " + in(member) +
             ", 'k', '" + std::string(64, 'a') + "', 0, " + limits + ");";
    };
    session.execute_script(
        "INSERT INTO teams (id, name, domain) VALUES (" + in(team) + ", 't', 't'), (" + in(other_team) +
        ", 'o', 'o'); INSERT INTO users (id, team_id, name, email, role) VALUES (" + in(member) + ", " +
        in(team) +
        ", 'u', 'e', 'MEMBER'); INSERT INTO applications (id, team_id, name, creator_id, active, "
        "created) VALUES (" +
        in(application) + ", " + in(team) + ", 'prometheus', " + in(member) + ", 1, 0), (" + in(of_others) +
        ", " + in(other_team) + ", 'theirs', " + in(member) + ", 1, 0);" +
        key(narrow, "'[\"audit.log:read\"]', NULL") + key(free, "NULL, NULL") +
        key(of_pool, "'[\"audit.log:read\"]', '[]'"));
  }
  const auto catalog = open();
  const auto may = [&](const Subject& subject) {
    const auto access = *catalog->find_access(subject);
    return access && access->grants.size() == 1 && !access->grants.front().pool &&
           access->grants.front().permission == Permission::kViewMetrics;
  };
  EXPECT_TRUE(may(subject_of(member)));
  EXPECT_TRUE(may(subject_of(application)));
  EXPECT_FALSE(may(subject_of(of_others))) << "the whole server's metrics are no other team's matter";
  const auto scopes = [&](KeyId id) { return (*catalog->find_key(id))->limits.scopes; };
  EXPECT_EQ(scopes(narrow), (ScopeSet{Scope::kAuditLogRead, Scope::kMetricsRead}));
  EXPECT_EQ(scopes(free), std::nullopt);
  EXPECT_EQ(scopes(of_pool), ScopeSet{Scope::kAuditLogRead});
}

TEST_F(SqliteCatalogFile, IsReadableByItsOwnerOnly) {
  ASSERT_TRUE(open_sqlite_catalog(file_).ok());
  struct stat status{};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(SqliteCatalogFile, ItsLogGivesBackTheSpaceOfALargeTransaction) {
  constexpr std::uint64_t kKept = 32 << 20;
  found();
  const auto catalog = open();
  const auto log_bytes = [&] { return fs::file_size(file_.string() + "-wal"); };
  const auto insert_pool = [&](std::uint64_t bytes) {
    const auto team = (*catalog->find_team())->id;
    ASSERT_TRUE(catalog->insert_pool({PoolId::random(), team, "p", std::string(bytes, 'x'), {}, {}}).ok());
  };
  insert_pool(kKept + kKept / 8);
  EXPECT_GT(log_bytes(), kKept);
  insert_pool(1);
  EXPECT_LE(log_bytes(), kKept);
}

TEST_F(SqliteCatalogFile, SomethingElseThanACatalogIsAnErrorAndStaysAsItIs) {
  std::ofstream(file_) << std::string(5000, 'x');
  const auto opened = open_sqlite_catalog(file_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(opened.error().public_message.find("is damaged"), std::string::npos);
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
    EXPECT_EQ(*catalog->count_jobs(JobStatus::kNew), stored);
    fs::remove(ballast);
    EXPECT_TRUE(catalog->insert_job(job_of_pool()).ok());
    EXPECT_EQ(*catalog->count_jobs(JobStatus::kNew), stored + 1);
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
