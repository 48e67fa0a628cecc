#include "support/server_test.h"

#include <sstream>

namespace adit::test {

std::unique_ptr<Server> ServerTest::server_;

void ServerTest::start_server(ServerOptions options) {
  server_ = std::make_unique<Server>(std::move(options));
  server_->start();
}

void ServerTest::TearDownTestSuite() {
  if (server_ && server_->running()) {
    const auto end = server_->terminate();
    EXPECT_EQ(end, ExitStatus::exited(0)) << to_string(end) << "\n" << server_->log();
  }
  server_.reset();
}

void ServerTest::SetUp() {
  log_start_ = server_->log_bytes();
  pool_ = std::make_unique<PoolClient>(*server_);
}

void ServerTest::TearDown() {
  if (!HasFailure()) return;
  std::istringstream log(server_->log(log_start_));
  std::printf("--- the server said, but for requests that went well:\n");
  for (std::string line; std::getline(log, line);) {
    if (line.find("status=2") == std::string::npos) std::printf("%s\n", line.c_str());
  }
  std::printf("---\n");
}

void ServerTest::expect_server_works() {
  ASSERT_TRUE(server_->running()) << "the server has ended";
  PoolClient client(*server_);
  client.push_done(csv_job("REPLACE", "alive"), {"id,name\n1,one\n2,two\n"});
  EXPECT_EQ(client.rows("SELECT id, name FROM alive ORDER BY id"), (Rows{{"1", "one"}, {"2", "two"}}));
}

void expect_error_body(const HttpResponse& response, int status) {
  ASSERT_EQ(response.status, status) << response.body;
  EXPECT_EQ(response.header("content-type").value_or("").substr(0, 16), "application/json") << response.body;
  const auto body = response.json();
  for (const char* member : {"reference", "message", "shortMessage", "title", "detail", "errorCode"}) {
    const auto value = field(body, member);
    ASSERT_TRUE(value.is_string()) << member << " in " << response.body;
    EXPECT_FALSE(value.as_string().empty()) << member;
  }
  EXPECT_EQ(field(body, "status"), status) << response.body;
}

void expect_field_error(const HttpResponse& response, const std::string& attribute) {
  ASSERT_EQ(response.status, 400) << response.body;
  const auto body = response.json();
  const auto errors = field(body, "errors");
  ASSERT_TRUE(errors.is_array()) << response.body;
  EXPECT_EQ(field(body, "status"), 400) << response.body;
  EXPECT_TRUE(field(body, "title").is_string()) << response.body;
  EXPECT_TRUE(field(body, "detail").is_string()) << response.body;
  bool named = false;
  for (const auto& error : errors.as_array()) {
    EXPECT_TRUE(field(error, "error").is_string()) << response.body;
    EXPECT_TRUE(field(error, "errorCode").is_string()) << response.body;
    named = named || field(error, "attribute") == boost::json::string(attribute);
  }
  EXPECT_TRUE(named) << "no error names " << attribute << ": " << response.body;
}

}  // namespace adit::test
