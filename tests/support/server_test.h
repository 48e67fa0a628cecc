// ServerTest: the fixture of tests that share one server and have a pool each.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/push_client.h"
#include "support/server.h"
#include "support/test_data.h"

namespace adit::test {

/// One server per test suite, one fresh pool per test. A failed test shows what the server said meanwhile;
/// every suite ends with SIGTERM and demands exit code 0. A suite that needs other flags hides
/// SetUpTestSuite.
class ServerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { start_server({}); }
  static void TearDownTestSuite();
  static void start_server(ServerOptions options);
  /// The same as server(), for a suite's set-up.
  static Server& server_of_suite() { return *server_; }

  void SetUp() override;
  void TearDown() override;

  Server& server() { return *server_; }
  PoolClient& pool() { return *pool_; }
  /// A second client of the same pool, for another thread.
  PoolClient another_client() { return PoolClient(server().http(), pool().pool()); }
  /// Pushes two rows into a pool of its own and reads them back.
  void expect_server_works();

 private:
  static std::unique_ptr<Server> server_;
  std::unique_ptr<PoolClient> pool_;
  std::size_t log_start_ = 0;
};

/// A ServerTest that looks after every test whether the server still does its work.
class SurvivingServerTest : public ServerTest {
 protected:
  void TearDown() override {
    expect_server_works();
    ServerTest::TearDown();
  }
};

/// Expects the error body that is not about attributes: reference, message, shortMessage and RFC 9457's
/// members.
void expect_error_body(const HttpResponse& response, int status);
/// Expects a validation error that names `attribute`.
void expect_field_error(const HttpResponse& response, const std::string& attribute);

}  // namespace adit::test
