// The routes of backups: who may, and where they may write.
#include <filesystem>

#include "support/second_team.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const std::string kBackups = "/adit/api/v1/backups/";

class Backups : public ::testing::Test {
 protected:
  HttpResponse start(const std::string& name, const json::object& body = {}) {
    return http_->send(
        {"PUT", kBackups + name, {{"Content-Type", "application/json"}}, json::serialize(body)});
  }
  json::object finished(const std::string& name) {
    for (;;) {
      const auto answer = http_->get(kBackups + name);
      if (answer.status != 200) throw std::runtime_error(answer.body);
      auto status = json::parse(answer.body).as_object();
      if (status.at("state") != "RUNNING") return status;
    }
  }
  void serve(const std::vector<std::string>& flags) {
    server_ = std::make_unique<Server>(ServerOptions{.flags = flags});
    server_->start();
    http_ = std::make_unique<Http>(server_->http());
  }
  fs::path folder() const { return folder_.path() / "backups"; }

  TempFolder folder_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Http> http_;
};

TEST_F(Backups, WithoutAFolderThereAreNone) {
  serve({});
  const auto refused = start("one");
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("--backup-folder"), std::string::npos) << refused.body;
}

TEST_F(Backups, NoNameLeadsOutOfTheFolder) {
  serve({"--backup-folder", folder().string()});
  for (const auto* name : {"..", "..%2Fout", ".hidden", "%2Fetc%2Fout", "a%00b", "a%20b"}) {
    const auto refused = start(name);
    EXPECT_TRUE(refused.status == 404 || refused.status == 400) << name << ": " << refused.status;
  }
  EXPECT_EQ(start(std::string(101, 'a')).status, 404);
  // A link to elsewhere is something that is there already.
  fs::create_directories(folder());
  fs::create_directory_symlink(folder_.path(), folder() / "link");
  EXPECT_EQ(start("link").status, 409);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), fs::directory_iterator()), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(Backups, AFolderThatTheCallerTakesForTheServersIsHeldAgainstIt) {
  serve({"--backup-folder", folder().string()});
  EXPECT_EQ(start("one", {{"folder", folder_.path().string()}}).status, 409);
  EXPECT_EQ(start("one", {{"folder", folder().string()}}).status, 202);
  EXPECT_EQ(finished("one").at("state"), "COMPLETE");
}

TEST_F(Backups, ACompleteOneIsKnownAfterARestartAndNeverWrittenOver) {
  serve({"--backup-folder", folder().string()});
  ASSERT_EQ(start("one").status, 202);
  const auto made = finished("one");
  EXPECT_EQ(start("one").status, 409);
  server_->restart();
  http_ = std::make_unique<Http>(server_->http());
  EXPECT_EQ(finished("one"), made);
  EXPECT_EQ(start("one").status, 409);
  EXPECT_EQ(http_->get(kBackups + "two").status, 404);
}

TEST_F(Backups, AreNoMatterOfOtherTeamsAdministrators) {
  serve({"--backup-folder", folder().string()});
  ASSERT_EQ(start("one").status, 202);
  finished("one");
  server_->terminate();
  const auto other = add_second_team(server_->data(), "other");
  server_->start();
  http_ = std::make_unique<Http>(server_->address(), other.key);
  EXPECT_EQ(start("two").status, 403);
  EXPECT_EQ(http_->get(kBackups + "one").status, 403);
}

TEST_F(Backups, StandInTheAuditLog) {
  serve({"--backup-folder", folder().string()});
  ASSERT_EQ(start("one").status, 202);
  const auto log = http_->get("/adit/api/v1/audit?operation=startBackup");
  EXPECT_NE(log.body.find("\"one\""), std::string::npos) << log.body;
}

}  // namespace
}  // namespace adit::test
