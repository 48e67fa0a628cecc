// Which team a host name stands for is remembered, and noticed when it changes.
#include "access/team_host.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "access/keys.h"
#include "base/set_clock.h"

namespace adit {
namespace {

class HostNames : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    watch_ = std::make_unique<ChangeWatch>(*catalog_, clock_);
    hosts_ = std::make_unique<TeamHosts>(*catalog_, *watch_);
    ours_ = found("ours");
  }
  void TearDown() override {
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }
  /// By another process: this one is told nothing.
  Principal found(const std::string& domain) {
    const Team team{TeamId::random(), domain, domain};
    const User user{UserId::random(), team.id, "Admin", "admin@localhost", Role::kAdministrator};
    const auto key = issue_key({team.id, subject_of(user.id), user.id, "first"}, clock_.now());
    EXPECT_TRUE(catalog_->found_team(team, user, key.key));
    Principal principal;
    principal.team = team.id;
    return principal;
  }
  bool lets_in(const Principal& principal, const std::string& host) {
    return hosts_->check(principal, host).ok();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("adit-hosts-" + Uuid::random().to_string());
  SetClock clock_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<ChangeWatch> watch_;
  std::unique_ptr<TeamHosts> hosts_;
  Principal ours_;
};

TEST_F(HostNames, OfAnotherTeamAreRefused) {
  const auto theirs = found("theirs");
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(lets_in(ours_, "ours.eu-1.example"));
    EXPECT_TRUE(lets_in(ours_, "OURS.eu-1.example:8080"));
    EXPECT_FALSE(lets_in(ours_, "theirs.eu-1.example"));
    EXPECT_FALSE(lets_in(theirs, "ours.eu-1.example"));
    EXPECT_TRUE(lets_in(theirs, "theirs.eu-1.example"));
    EXPECT_TRUE(lets_in(ours_, "nobodys.eu-1.example"));
  }
}

TEST_F(HostNames, AreRememberedUntilSomebodyFoundsATeam) {
  EXPECT_TRUE(lets_in(ours_, "theirs.eu-1.example"));
  const auto theirs = found("theirs");
  EXPECT_TRUE(lets_in(ours_, "theirs.eu-1.example")) << "as it was remembered";
  EXPECT_TRUE(lets_in(theirs, "theirs.eu-1.example"));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_FALSE(lets_in(ours_, "theirs.eu-1.example"));
  EXPECT_TRUE(lets_in(theirs, "theirs.eu-1.example"));
}

TEST_F(HostNames, MoreThanAreRememberedAreRightAsWell) {
  const auto theirs = found("theirs");
  for (int i = 0; i < 2'500; ++i) {
    ASSERT_TRUE(lets_in(ours_, "n" + std::to_string(i) + ".eu-1.example"));
    if (i % 500 == 0) {
      ASSERT_FALSE(lets_in(ours_, "theirs.eu-1.example"));
    }
  }
}

}  // namespace
}  // namespace adit
