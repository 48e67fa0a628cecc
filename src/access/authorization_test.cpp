#include "access/authorization.h"

#include <gtest/gtest.h>

namespace adit {
namespace {

class Authorization : public ::testing::Test {
 protected:
  Principal user(Role role, std::vector<std::pair<std::optional<PoolId>, Permission>> granted = {}) const {
    Principal principal;
    principal.team = team_;
    principal.user = UserId::random();
    principal.subject = subject_of(principal.user);
    SubjectAccess access{team_, "somebody", principal.user, role};
    for (const auto& [pool, permission] : granted) {
      access.grants.push_back({team_, principal.subject, pool, permission});
    }
    principal.holder = std::make_shared<const Holder>(access);
    return principal;
  }
  static Principal limited(Principal principal, KeyLimits limits) {
    principal.limits = std::make_shared<const KeyLimits>(std::move(limits));
    return principal;
  }
  std::string words(const Principal& principal, PoolId pool) const {
    std::string text;
    for (const auto permission : pool_permissions()) {
      if (permissions_on(principal, pool).has(permission)) text += std::string(to_string(permission)) + " ";
    }
    return text;
  }

  const TeamId team_ = TeamId::random();
  const PoolId pool_ = PoolId::random();
  const PoolId other_ = PoolId::random();
};

TEST_F(Authorization, AGrantOnAPoolIsForThatPool) {
  const auto pusher = user(Role::kMember, {{pool_, Permission::kDataPushApi}});
  EXPECT_TRUE(authorize(pusher, Needs::kPushData, pool_));
  const auto refused = authorize(pusher, Needs::kPushData, other_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kForbidden);
  EXPECT_EQ(refused.error().public_message,
            "This needs one of these permissions: MANAGE_DATA_POOL, DATA_PUSH_API on the data pool, or "
            "MANAGE_ALL_DATA_POOLS in the team.");
  EXPECT_FALSE(authorize(pusher, Needs::kViewPool, pool_));
}

TEST_F(Authorization, PermissionsBringOthersWithThem) {
  EXPECT_EQ(words(user(Role::kMember, {{pool_, Permission::kManageDataPool}}), pool_),
            "VIEW_DATA_POOL EDIT_DATA_POOL MANAGE_DATA_POOL DATA_PUSH_API ");
  EXPECT_EQ(words(user(Role::kMember, {{pool_, Permission::kEditDataPool}}), pool_),
            "VIEW_DATA_POOL EDIT_DATA_POOL ");
  EXPECT_EQ(words(user(Role::kMember, {{std::nullopt, Permission::kViewAllDataPools}}), other_),
            "VIEW_DATA_POOL ");
  EXPECT_EQ(words(user(Role::kMember, {{std::nullopt, Permission::kManageAllDataPools}}), other_),
            "VIEW_DATA_POOL EDIT_DATA_POOL MANAGE_DATA_POOL DATA_PUSH_API ");
  EXPECT_EQ(words(user(Role::kMember), pool_), "");
}

TEST_F(Authorization, ARestrictionOnlyEverTakesAway) {
  KeyLimits to_pool;
  to_pool.pools = {pool_};
  const auto here = limited(user(Role::kAdministrator), to_pool);
  EXPECT_TRUE(authorize(here, Needs::kPushData, pool_));
  EXPECT_FALSE(authorize(here, Needs::kPushData, other_));
  EXPECT_FALSE(authorize(here, Needs::kCreatePool));
  EXPECT_FALSE(authorize(here, Needs::kAdministerTeam));
  EXPECT_FALSE(authorize(here, Needs::kOwnAccount));
  EXPECT_TRUE(authorize(here, Needs::kCredentials));
  EXPECT_EQ(words(here, other_), "");
  EXPECT_TRUE(permissions_in_team(here).empty());
  EXPECT_FALSE(may_on_every_pool(here, Needs::kViewPool));

  KeyLimits to_push;
  to_push.scopes = ScopeSet{Scope::kDataPush};
  const auto pushing = limited(user(Role::kAdministrator), to_push);
  EXPECT_TRUE(authorize(pushing, Needs::kPushData, pool_));
  for (const auto needs : {Needs::kViewPool, Needs::kQueryPool, Needs::kEditPool, Needs::kManagePool}) {
    EXPECT_FALSE(authorize(pushing, needs, pool_)) << rule_of(needs).name;
  }
  for (const auto needs :
       {Needs::kOwnAccount, Needs::kAdministerTeam, Needs::kCreatePool, Needs::kListPools}) {
    EXPECT_FALSE(authorize(pushing, needs)) << rule_of(needs).name;
  }
  EXPECT_EQ(words(pushing, pool_), "DATA_PUSH_API ");
  EXPECT_FALSE(authorize(limited(user(Role::kMember), to_push), Needs::kPushData, pool_));
}

TEST_F(Authorization, AnAdministratorMayEverythingAndAnAnalystNothingOfItself) {
  for (const auto& rule : access_rules()) {
    SCOPED_TRACE(rule.name);
    EXPECT_TRUE(authorize(user(Role::kAdministrator), rule.needs, pool_));
    const bool asks_nobody = rule.level == RuleLevel::kOpen || rule.level == RuleLevel::kCaller ||
                             rule.callers == RuleCallers::kUsers;
    EXPECT_EQ(authorize(user(Role::kAnalyst), rule.needs, pool_).ok(), asks_nobody);
    EXPECT_EQ(authorize(user(Role::kMember), rule.needs, pool_).ok(), asks_nobody);
  }
}

TEST_F(Authorization, ARoleMeansNothingInAnApplication) {
  auto application = user(Role::kAdministrator);
  application.subject = subject_of(ApplicationId::random());
  EXPECT_FALSE(authorize(application, Needs::kAdministerTeam));
  EXPECT_FALSE(authorize(application, Needs::kOwnAccount));
  EXPECT_FALSE(authorize(application, Needs::kViewPool, pool_));
}

TEST_F(Authorization, ANeedOfAPoolIsNotMetWithoutOne) {
  EXPECT_EQ(authorize(user(Role::kAdministrator), Needs::kPushData).error().kind, ErrorKind::kInternal);
}

}  // namespace
}  // namespace adit
