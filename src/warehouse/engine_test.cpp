#include "warehouse/duckdb/engine.h"

#include <gtest/gtest.h>

#include <chrono>
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

// duckdb_prepare() names no type of error. A job whose cancel met the planning of a statement ended as ERROR.
TEST_F(Engine, AnInterruptWhilePlanningIsACancel) {
  std::string wide = "CREATE TABLE wide (c0 BIGINT";
  for (int i = 1; i < 500; ++i) wide += ", c" + std::to_string(i) + " VARCHAR";
  ASSERT_TRUE(run(connection_, wide + ")"));
  std::jthread interrupter([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) connection_.interrupt();
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::optional<Error> error;
  while (!error && std::chrono::steady_clock::now() < deadline) {
    if (const auto columns = table_columns(connection_, {.name = "wide"}); !columns) error = columns.error();
  }
  interrupter.request_stop();
  interrupter.join();
  ASSERT_TRUE(error) << "no interrupt met the planning";
  EXPECT_EQ(error->kind, ErrorKind::kCanceled) << error->internal_detail;
}

TEST_F(Engine, AStatementThatIsWrongIsNoneOfTheServersFailures) {
  const auto statement = Statement::prepare(connection_, "SELECT * FROM nowhere");
  ASSERT_FALSE(statement);
  EXPECT_EQ(statement.error().type, DUCKDB_ERROR_INVALID_INPUT);
}

}  // namespace
}  // namespace adit
