#include "access/keys.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/digest.h"

namespace adit {
namespace {

class SetClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  Timestamp time = from_epoch_ms(1'700'000'000'000);
};

class Keys : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("adit-keys-" + Uuid::random().to_string());
    std::filesystem::create_directories(folder_);
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    const Team team{TeamId::random(), "team", "team"};
    const User user{UserId::random(), team.id, "Admin", "admin@localhost"};
    first_ = issue_key(team.id, user.id, KeyKind::kUser, "first", clock_.now());
    application_ = issue_key(team.id, user.id, KeyKind::kApplication, "app", clock_.now());
    ASSERT_TRUE(catalog_->found_team(team, user, first_.key));
    ASSERT_TRUE(catalog_->insert_key(application_.key));
    keys_ = std::make_unique<Authenticator>(*catalog_, clock_);
  }
  void TearDown() override {
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_;
  SetClock clock_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Authenticator> keys_;
  IssuedKey first_;
  IssuedKey application_;
};

TEST_F(Keys, HaveTheFormOfTheContract) {
  const auto text = *from_base64(first_.text);
  EXPECT_EQ(text.size(), 36U + 1 + 44);
  EXPECT_EQ(text.substr(0, 36), first_.key.id.to_string());
}

TEST_F(Keys, HoldInAnyCaseOfTheScheme) {
  for (const std::string scheme : {"Bearer ", "bearer ", "BEARER  "}) {
    const auto principal = keys_->authenticate(scheme + first_.text);
    ASSERT_TRUE(principal) << scheme;
    EXPECT_EQ(principal->key, first_.key.id);
  }
  EXPECT_TRUE(keys_->authenticate("AppKey " + application_.text));
}

TEST_F(Keys, OfOneKindAreRefusedUnderTheOthersScheme) {
  EXPECT_EQ(keys_->authenticate("AppKey " + first_.text).error().kind, ErrorKind::kUnauthorized);
  EXPECT_EQ(keys_->authenticate("Bearer " + application_.text).error().kind, ErrorKind::kUnauthorized);
}

TEST_F(Keys, ThatAreWrongAreRefused) {
  const auto other_secret = to_base64(first_.key.id.to_string() + ":" + std::string(43, 'A') + "=");
  const auto unknown = issue_key(first_.key.team, first_.key.owner, KeyKind::kUser, "x", clock_.now());
  for (const auto& header :
       {std::string(), std::string("Bearer"), "Basic " + first_.text, first_.text, "Bearer " + other_secret,
        "Bearer " + unknown.text, std::string("Bearer %%%%"), "Bearer " + first_.text + "AAAA"}) {
    const auto principal = keys_->authenticate(header);
    ASSERT_FALSE(principal) << header;
    EXPECT_EQ(principal.error().kind, ErrorKind::kUnauthorized);
  }
}

TEST_F(Keys, ThatWereImportedHold) {
  const auto text = to_base64(Uuid::random().to_string() + ":" + std::string(43, 'B') + "=");
  const auto key =
      import_key(first_.key.team, first_.key.owner, KeyKind::kApplication, "moved", text, clock_.now());
  ASSERT_TRUE(key);
  EXPECT_FALSE(keys_->authenticate("AppKey " + text)) << "nothing is kept yet";
  ASSERT_TRUE(catalog_->insert_key(*key));
  EXPECT_EQ(keys_->authenticate("AppKey " + text)->key, key->id);
  EXPECT_FALSE(keys_->authenticate("Bearer " + text));
  EXPECT_EQ(catalog_->insert_key(*key).error().kind, ErrorKind::kConflict);
}

TEST_F(Keys, OfAnotherFormAreNotImported) {
  const auto id = Uuid::random().to_string();
  for (const auto& text :
       {std::string(), std::string("word"), to_base64("no-uuid:" + std::string(44, 'A')),
        to_base64(id + ":" + std::string(40, 'A')), to_base64(id + ":" + std::string(44, '%')),
        to_base64(id + std::string(44, 'A'))}) {
    const auto key = import_key(first_.key.team, first_.key.owner, KeyKind::kUser, "x", text, clock_.now());
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().kind, ErrorKind::kInvalid);
  }
}

TEST_F(Keys, DeletedElsewhereStopWorkingWithinASecond) {
  ASSERT_TRUE(keys_->authenticate("Bearer " + first_.text));
  ASSERT_TRUE(*catalog_->delete_key(first_.key.team, first_.key.id));
  clock_.time += Authenticator::kRemembered;
  EXPECT_FALSE(keys_->authenticate("Bearer " + first_.text));
}

TEST_F(Keys, DeletedHereStopWorkingAtOnce) {
  ASSERT_TRUE(keys_->authenticate("Bearer " + first_.text));
  ASSERT_TRUE(*catalog_->delete_key(first_.key.team, first_.key.id));
  keys_->forget(first_.key.id);
  EXPECT_FALSE(keys_->authenticate("Bearer " + first_.text));
}

}  // namespace
}  // namespace adit
