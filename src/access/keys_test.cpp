#include "access/keys.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace adit {
namespace {

const Timestamp kNow = from_epoch_ms(1'700'000'000'000);

KeyRequest request() {
  const auto user = UserId::random();
  return {TeamId::random(), subject_of(user), user, "nightly"};
}

TEST(Keys, HaveTheFormOfTheContract) {
  const auto issued = issue_key(request(), kNow);
  const auto text = *from_base64(issued.text);
  EXPECT_EQ(text.size(), 36U + 1 + 44);
  EXPECT_EQ(text.substr(0, 36), issued.key.id.to_string());
}

TEST(Keys, OfAnotherFormAreNotImported) {
  const auto id = Uuid::random().to_string();
  for (const auto& text :
       {std::string(), std::string("word"), to_base64("no-uuid:" + std::string(44, 'A')),
        to_base64(id + ":" + std::string(40, 'A')), to_base64(id + ":" + std::string(44, '%')),
        to_base64(id + std::string(44, 'A'))}) {
    const auto key = import_key(request(), text, kNow);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().kind, ErrorKind::kInvalid);
  }
}

TEST(Keys, AreRotatedWithEverythingThatTheyAre) {
  auto asked = request();
  asked.expires = kNow + std::chrono::hours(10);
  asked.limits.scopes = ScopeSet{Scope::kDataPush};
  asked.limits.pools = {PoolId::random()};
  auto old = issue_key(asked, kNow).key;
  const auto later = kNow + std::chrono::hours(4);
  const auto next = rotate_key(old, asked.creator, std::chrono::hours(1), later);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->key.owner, asked.owner);
  EXPECT_EQ(next->key.name, "nightly");
  EXPECT_EQ(next->key.limits.scopes, asked.limits.scopes);
  EXPECT_EQ(next->key.limits.pools, asked.limits.pools);
  EXPECT_EQ(next->key.expires, later + std::chrono::hours(10));
  EXPECT_EQ(old.expires, later + std::chrono::hours(1));
  EXPECT_EQ(old.replaced_by, next->key.id);
  EXPECT_EQ(rotate_key(old, asked.creator, {}, later).error().kind, ErrorKind::kConflict);
}

TEST(Keys, AreNotProlongedByARotation) {
  auto asked = request();
  asked.expires = kNow + std::chrono::minutes(1);
  auto old = issue_key(asked, kNow).key;
  auto over = old;
  ASSERT_TRUE(rotate_key(old, asked.creator, std::chrono::hours(1), kNow));
  EXPECT_EQ(old.expires, asked.expires);
  EXPECT_EQ(rotate_key(over, asked.creator, {}, *asked.expires).error().kind, ErrorKind::kConflict);
}

}  // namespace
}  // namespace adit
