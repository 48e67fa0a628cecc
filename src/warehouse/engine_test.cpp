#include "warehouse/duckdb/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "warehouse/duckdb/table_columns.h"

namespace adit {
namespace {

class Engine : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = Database::open(":memory:", {});
    ASSERT_TRUE(database) << database.error().message;
    database_.emplace(std::move(*database));
    auto connection = database_->connect();
    ASSERT_TRUE(connection);
    connection_ = std::move(*connection);
  }

  std::optional<Database> database_;
  Connection connection_;
};

/// Interrupts a connection all the time while it is asked to.
class Interrupts {
 public:
  explicit Interrupts(const Connection& connection)
      : thread_([&](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            {
              const std::lock_guard lock(mutex_);
              if (wanted_) connection.interrupt();
            }
            // So seldom that a ROLLBACK gets through.
            std::this_thread::sleep_for(std::chrono::microseconds(20));
          }
        }) {}
  void begin() { wanted_ = true; }
  void end() {
    wanted_ = false;
    const std::lock_guard lock(mutex_);
  }

 private:
  std::atomic<bool> wanted_ = false;
  std::mutex mutex_;
  std::jthread thread_;
};

// duckdb_prepare() names no type of error. A job whose cancel met the planning of a statement ended as ERROR.
TEST_F(Engine, AnInterruptWhilePlanningIsACancel) {
  std::string wide = "CREATE TABLE wide (c0 BIGINT";
  for (int i = 1; i < 500; ++i) wide += ", c" + std::to_string(i) + " VARCHAR";
  ASSERT_TRUE(run(connection_, wide + ")"));
  Interrupts interrupts(connection_);
  interrupts.begin();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::optional<Error> error;
  while (!error && std::chrono::steady_clock::now() < deadline) {
    if (const auto columns = table_columns(connection_, {.name = "wide"}); !columns) error = columns.error();
  }
  interrupts.end();
  ASSERT_TRUE(error) << "no interrupt met the planning";
  EXPECT_EQ(error->kind, ErrorKind::kCanceled) << error->internal_detail;
}

TEST_F(Engine, AnInterruptWithinAPendingCommitIsACancel) {
  const EngineFailure failure{DUCKDB_ERROR_INVALID_INPUT,
                              "Invalid Input Error: Attempting to execute an unsuccessful or closed pending "
                              "query result\nError: INTERRUPT Error: Interrupted!"};
  EXPECT_EQ(to_error(failure, "COMMIT").kind, ErrorKind::kCanceled);
}

// The next who borrows the connection would be in it.
TEST_F(Engine, NoInterruptLeavesATransactionOpen) {
  ASSERT_TRUE(run(connection_, "CREATE TABLE t (a INTEGER)"));
  Interrupts interrupts(connection_);
  int begun = 0;
  int refused = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < end) {
    interrupts.begin();
    {
      const auto transaction = Transaction::begin(connection_);
      ++(transaction ? begun : refused);
      if (transaction) static_cast<void>(run(connection_, "INSERT INTO t SELECT range FROM range(10)"));
    }
    interrupts.end();
    const auto next = Transaction::begin(connection_);
    ASSERT_TRUE(next) << next.error().internal_detail << " after " << begun << " begun and " << refused
                      << " refused";
  }
  EXPECT_GT(begun, 0);
  EXPECT_GT(refused, 0);
}

TEST_F(Engine, AStatementThatIsWrongIsNoneOfTheServersFailures) {
  const auto statement = Statement::prepare(connection_, "SELECT * FROM nowhere");
  ASSERT_FALSE(statement);
  EXPECT_EQ(statement.error().type, DUCKDB_ERROR_INVALID_INPUT);
}

// It is prepared anew after some runs, and planned anew when tables have come and gone.
TEST_F(Engine, AKeptStatementGoesOnWhileTablesComeAndGo) {
  constexpr std::int64_t kRuns = 200;
  ASSERT_TRUE(run(connection_, "CREATE TABLE t (id UUID, n UBIGINT, place BIGINT, text VARCHAR)"));
  const auto id = Uuid::random();
  for (std::int64_t i = 0; i < kRuns; ++i) {
    if (i % 10 == 5) {
      ASSERT_TRUE(run(connection_, "CREATE OR REPLACE TABLE other AS SELECT 1 AS a"));
    }
    const auto insert = connection_.statement("INSERT INTO t VALUES ($1, $2, $3, $4)");
    ASSERT_TRUE(insert);
    (*insert)->bind_uuid(1, id);
    (*insert)->bind_unsigned(2, ~std::uint64_t{0} - static_cast<std::uint64_t>(i));
    (*insert)->bind_integer(3, -i);
    (*insert)->bind_text(4, "it's");
    ASSERT_TRUE((*insert)->execute(connection_));
  }
  const auto rows = run(connection_,
                        "SELECT count(*), count(DISTINCT n), min(place), max(n)::VARCHAR FROM t "
                        "WHERE id = '" +
                            id.to_string() + "'::UUID AND text = 'it''s'");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->integer(0, 0), kRuns);
  EXPECT_EQ(rows->integer(0, 1), kRuns);
  EXPECT_EQ(rows->integer(0, 2), 1 - kRuns);
  EXPECT_EQ(rows->text(0, 3), "18446744073709551615");
}

}  // namespace
}  // namespace adit
