// A pool's file with some tables, as the tests of the gate and of queries need it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "warehouse/duckdb/engine.h"

namespace adit {

class PoolFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "adit-query-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    auto database =
        Database::open((folder_ / "pool.db").string(), {{"memory_limit", "300MB"},
                                                        {"temp_directory", (folder_ / "tmp").string()},
                                                        {"storage_compatibility_version", kStorageVersion}});
    ASSERT_TRUE(database);
    database_.emplace(std::move(*database));
    auto connection = database_->connect();
    ASSERT_TRUE(connection);
    owner_ = std::move(*connection);
    make(
        "CREATE TABLE events (case_id VARCHAR, activity VARCHAR, ts TIMESTAMP, cost DOUBLE, tags VARCHAR[], "
        "props STRUCT(color VARCHAR, size INTEGER), payload JSON)");
    make(
        "INSERT INTO events SELECT 'case ' || i // 10, 'step ' || i % 10, TIMESTAMP '2024-01-01' + "
        "to_hours(i::INTEGER), "
        "i / 2, ['a', 'b'], {'color': 'red', 'size': i}, '{\"k\": [1, 2]}' FROM range(1000) t(i)");
    make("CREATE TABLE cases (case_id VARCHAR, region VARCHAR)");
    make("CREATE TABLE \"Größe Ü\" (\"Länge\" INTEGER)");
    make("CREATE TABLE \"../odd \"\"name\"\".csv\" (x INTEGER)");
    make("CREATE SCHEMA adit");
    make("CREATE TABLE adit.marks (job VARCHAR)");
    make("CREATE TABLE __adit_stage_1 (x INTEGER)");
    make("CREATE VIEW good_view AS SELECT activity, count(*) AS n FROM events GROUP BY activity");
    make("CREATE VIEW \"v AS x\" (\"a AS b\") AS SELECT activity FROM good_view");
    make("SET enable_external_access = false");
  }

  void TearDown() override {
    owner_ = Connection();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void make(const std::string& sql) {
    const auto done = try_run(owner_, sql);
    ASSERT_TRUE(done) << sql << ": " << done.error().message;
  }

  Connection fresh() { return *database_->connect(); }

  std::filesystem::path folder_;
  std::optional<Database> database_;
  Connection owner_;
};

}  // namespace adit
