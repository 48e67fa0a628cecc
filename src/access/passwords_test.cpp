#include "access/passwords.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace adit {
namespace {

TEST(Passwords, AreHashedWithArgon2idAndComparedByIt) {
  Passwords passwords;
  const auto hash = passwords.hash("correct horse battery");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << *hash;
  EXPECT_EQ(hash->find("horse"), std::string::npos);
  EXPECT_TRUE(*passwords.verify(*hash, "correct horse battery"));
  EXPECT_FALSE(*passwords.verify(*hash, "correct horse batterx"));
  EXPECT_NE(*hash, *passwords.hash("correct horse battery")) << "each has a salt of its own";
}

TEST(Passwords, ThatAreNotThereAreNotVerified) {
  Passwords passwords;
  EXPECT_FALSE(*passwords.verify("", ""));
  EXPECT_FALSE(*passwords.verify("$argon2id$nonsense", "correct horse battery"));
  EXPECT_FALSE(*passwords.verify(std::string(10'000, 'x'), "correct horse battery"));
}

TEST(Passwords, OfNobodyTakeAsLongAsThoseOfSomebody) {
  Passwords passwords;
  const auto parameters = [](const std::string& hash) { return hash.substr(0, hash.find("p=1$")); };
  const auto& nobodys = Passwords::nobodys_hash();
  EXPECT_EQ(parameters(nobodys), parameters(*passwords.hash("correct horse battery")));
  EXPECT_FALSE(*passwords.verify(nobodys, "correct horse battery"));
}

TEST(Passwords, AreLookedAtByAFewAtATime) {
  Passwords passwords;
  const auto hash = *passwords.hash("correct horse battery");
  std::atomic<int> looked_at{0};
  std::atomic<int> refused{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 50; ++i) {
      threads.emplace_back([&] {
        const auto right = passwords.verify(hash, "a guess of somebody");
        if (!right) {
          EXPECT_EQ(right.error().kind, ErrorKind::kUnavailable);
        }
        ++(right ? looked_at : refused);
      });
    }
  }
  EXPECT_GE(looked_at, Passwords::kAtOnceMax + Passwords::kWaitingMax);
  EXPECT_GE(refused, 1) << "fifty come faster than two are looked at";
  EXPECT_TRUE(*passwords.verify(hash, "correct horse battery")) << "the places are free again";
}

TEST(Passwords, HaveBounds) {
  EXPECT_FALSE(Passwords::check("too short"));
  EXPECT_FALSE(Passwords::check(std::string(Passwords::kBytesMax + 1, 'a')));
  EXPECT_FALSE(Passwords::check("no text \xff\xfe\xff"));
  EXPECT_TRUE(Passwords::check("zwölf Zeichen"));
}

TEST(Passwords, OfOneTimeDiffer) {
  std::set<std::string> made;
  for (int i = 0; i < 100; ++i) made.insert(Passwords::make_one_time());
  EXPECT_EQ(made.size(), 100U);
  EXPECT_EQ(made.begin()->size(), 20U);
  EXPECT_TRUE(Passwords::check(*made.begin()));
}

}  // namespace
}  // namespace adit
