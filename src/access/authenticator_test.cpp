#include "access/authenticator.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "access/keys.h"
#include "base/digest.h"
#include "base/set_clock.h"

namespace adit {
namespace {

class Authentication : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("adit-keys-" + Uuid::random().to_string());
    std::filesystem::create_directories(folder_);
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    first_ = issue_key({team_.id, subject_of(user_.id), user_.id, "first"}, clock_.now());
    application_ = issue_key({team_.id, subject_of(app_.id), user_.id, "app"}, clock_.now());
    ASSERT_TRUE(catalog_->found_team(team_, user_, first_.key));
    ASSERT_TRUE(catalog_->insert_key(application_.key, app_));
    keys_ = std::make_unique<Authenticator>(*catalog_, clock_);
  }
  void TearDown() override {
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }

  static std::string bearer(const IssuedKey& key) { return "Bearer " + key.text; }
  /// A key of the administrator that is kept.
  IssuedKey kept(KeyRequest request) {
    auto issued = issue_key(std::move(request), clock_.now());
    EXPECT_TRUE(catalog_->insert_key(issued.key));
    return issued;
  }
  KeyRequest of_user() const { return {team_.id, subject_of(user_.id), user_.id, "a key"}; }

  std::filesystem::path folder_;
  SetClock clock_;
  const Team team_{TeamId::random(), "team", "team"};
  const User user_{UserId::random(), team_.id, "Admin", "admin@localhost", Role::kAdministrator};
  Application app_{ApplicationId::random(), team_.id, "app", user_.id};
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Authenticator> keys_;
  IssuedKey first_;
  IssuedKey application_;
};

TEST_F(Authentication, HoldInAnyCaseOfTheScheme) {
  for (const std::string scheme : {"Bearer ", "bearer ", "BEARER  "}) {
    const auto principal = keys_->authenticate(scheme + first_.text);
    ASSERT_TRUE(principal) << scheme;
    EXPECT_EQ(principal->key, first_.key.id);
  }
  EXPECT_TRUE(keys_->authenticate("AppKey " + application_.text));
}

TEST_F(Authentication, OfOneKindAreRefusedUnderTheOthersScheme) {
  EXPECT_EQ(keys_->authenticate("AppKey " + first_.text).error().kind, ErrorKind::kUnauthorized);
  EXPECT_EQ(keys_->authenticate("Bearer " + application_.text).error().kind, ErrorKind::kUnauthorized);
}

TEST_F(Authentication, ThatAreWrongAreRefused) {
  const auto other_secret = to_base64(first_.key.id.to_string() + ":" + std::string(43, 'A') + "=");
  const auto unknown = issue_key(of_user(), clock_.now());
  for (const auto& header :
       {std::string(), std::string("Bearer"), "Basic " + first_.text, first_.text, "Bearer " + other_secret,
        "Bearer " + unknown.text, std::string("Bearer %%%%"), "Bearer " + first_.text + "AAAA"}) {
    const auto principal = keys_->authenticate(header);
    ASSERT_FALSE(principal) << header;
    EXPECT_EQ(principal.error().kind, ErrorKind::kUnauthorized);
  }
}

TEST_F(Authentication, ThatWereImportedHold) {
  const auto text = to_base64(Uuid::random().to_string() + ":" + std::string(43, 'B') + "=");
  const auto key = import_key({team_.id, subject_of(app_.id), user_.id, "moved"}, text, clock_.now());
  ASSERT_TRUE(key);
  EXPECT_FALSE(keys_->authenticate("AppKey " + text)) << "nothing is kept yet";
  ASSERT_TRUE(catalog_->insert_key(*key));
  EXPECT_EQ(keys_->authenticate("AppKey " + text)->key, key->id);
  EXPECT_FALSE(keys_->authenticate("Bearer " + text));
  EXPECT_EQ(catalog_->insert_key(*key).error().kind, ErrorKind::kConflict);
}

TEST_F(Authentication, KnowsWhoseTheKeyIs) {
  const auto user = keys_->authenticate(bearer(first_));
  ASSERT_TRUE(user);
  EXPECT_EQ(user->team, team_.id);
  EXPECT_EQ(user->subject, subject_of(user_.id));
  EXPECT_EQ(user->holder->role, Role::kAdministrator);
  const auto application = keys_->authenticate("AppKey " + application_.text);
  ASSERT_TRUE(application);
  EXPECT_EQ(application->subject, subject_of(app_.id));
  EXPECT_EQ(application->user, user_.id);
  EXPECT_EQ(application->holder->name, "app");
}

/// The change of another process: this one is told nothing.
TEST_F(Authentication, OfADeletedKeyEndsWithinASecond) {
  ASSERT_TRUE(keys_->authenticate(bearer(first_)));
  ASSERT_TRUE(*catalog_->delete_key(team_.id, first_.key.id));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_FALSE(keys_->authenticate(bearer(first_)));
}

TEST_F(Authentication, OfWhatWasTakenAwayEndsWithinASecond) {
  const auto pool = PoolId::random();
  ASSERT_TRUE(catalog_->insert_pool({pool, team_.id, "pool", "", user_.id.uuid(), clock_.now()}));
  const Grant grant{team_.id, subject_of(app_.id), pool, Permission::kDataPushApi};
  const auto permissions = [&] {
    return keys_->authenticate("AppKey " + application_.text)->holder->on_pool(pool);
  };
  EXPECT_TRUE(permissions().empty());
  ASSERT_TRUE(catalog_->insert_grant(grant));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(permissions(), PermissionSet{Permission::kDataPushApi});
  ASSERT_TRUE(*catalog_->delete_grant(grant));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_TRUE(permissions().empty());
  app_.active = false;
  ASSERT_TRUE(*catalog_->update_application(app_));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_FALSE(keys_->authenticate("AppKey " + application_.text));
}

TEST_F(Authentication, OfWhatThisProcessChangedEndsAtOnce) {
  ASSERT_TRUE(keys_->authenticate(bearer(first_)));
  ASSERT_TRUE(*catalog_->delete_key(team_.id, first_.key.id));
  keys_->changed();
  EXPECT_FALSE(keys_->authenticate(bearer(first_)));
}

TEST_F(Authentication, AClockSetBackProlongsNothing) {
  ASSERT_TRUE(keys_->authenticate(bearer(first_)));
  ASSERT_TRUE(*catalog_->delete_key(team_.id, first_.key.id));
  clock_.advance(-std::chrono::hours(1));
  EXPECT_FALSE(keys_->authenticate(bearer(first_)));
}

TEST_F(Authentication, OfAnExpiredKeySaysSo) {
  auto request = of_user();
  request.expires = clock_.now() + std::chrono::seconds(10);
  const auto key = kept(request);
  EXPECT_TRUE(keys_->authenticate(bearer(key)));
  clock_.advance(std::chrono::seconds(10));
  const auto late = keys_->authenticate(bearer(key));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kUnauthorized);
  EXPECT_NE(late.error().public_message.find("expired"), std::string::npos);
  // Who does not have the secret is told nothing of the key.
  const auto guessed = to_base64(key.key.id.to_string() + ":" + std::string(43, 'A') + "=");
  EXPECT_EQ(keys_->authenticate("Bearer " + guessed).error().public_message.find("expired"),
            std::string::npos);
}

TEST_F(Authentication, OfARotatedKeyHoldsForItsOverlap) {
  const auto old = kept(of_user());
  auto ended = old.key;
  const auto next = rotate_key(ended, user_.id, std::chrono::seconds(60), clock_.now());
  ASSERT_TRUE(next);
  ASSERT_TRUE(catalog_->replace_key(ended, next->key));
  EXPECT_EQ(catalog_->replace_key(ended, next->key).error().kind, ErrorKind::kConflict);
  keys_->changed();
  EXPECT_TRUE(keys_->authenticate(bearer(old)));
  EXPECT_TRUE(keys_->authenticate(bearer(*next)));
  clock_.advance(std::chrono::seconds(60));
  EXPECT_FALSE(keys_->authenticate(bearer(old)));
  EXPECT_TRUE(keys_->authenticate(bearer(*next)));
}

TEST_F(Authentication, OfADisabledUserIsRefused) {
  User other{UserId::random(), team_.id, "Other", "other@localhost"};
  ASSERT_TRUE(catalog_->insert_user(other, {}));
  const auto key = kept({team_.id, subject_of(other.id), other.id, "theirs"});
  const auto before = keys_->authenticate(bearer(key));
  ASSERT_TRUE(before);
  other.active = false;
  ASSERT_TRUE(*catalog_->update_user(other));
  keys_->changed();
  EXPECT_EQ(keys_->authenticate(bearer(key)).error().kind, ErrorKind::kUnauthorized);
  EXPECT_EQ(keys_->ask_again(*before).error().kind, ErrorKind::kUnauthorized);
}

TEST_F(Authentication, AWrongSecretIsNoUse) {
  const auto guessed = to_base64(first_.key.id.to_string() + ":" + std::string(43, 'A') + "=");
  EXPECT_FALSE(keys_->authenticate("Bearer " + guessed));
  EXPECT_FALSE((*catalog_->find_key(first_.key.id))->last_used);
  EXPECT_TRUE(keys_->authenticate(bearer(first_)));
  EXPECT_EQ((*catalog_->find_key(first_.key.id))->last_used, clock_.now());
}

}  // namespace
}  // namespace adit
