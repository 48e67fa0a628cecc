// Users, applications, groups, grants and their keys.
#include <algorithm>
#include <utility>

#include "catalog/catalog_contract.h"

namespace adit {
namespace {

class AccessContract : public CatalogContract {
 protected:
  User add_user(const std::string& email, Role role = Role::kMember) {
    User user{UserId::random(), team_.id, "Somebody", email, role, true, at(1)};
    EXPECT_TRUE(catalog().insert_user(user, {}).ok());
    return user;
  }
  Application add_application() {
    Application application{ApplicationId::random(), team_.id, "extractor", user_.id, true, at(1)};
    EXPECT_TRUE(catalog().insert_application(application).ok());
    return application;
  }
  Key add_key(const Subject& owner) {
    const Key key{KeyId::random(), team_.id, owner, user_.id, "key", sha256("x"), at(1)};
    EXPECT_TRUE(catalog().insert_key(key).ok());
    return key;
  }
  std::vector<Permission> permissions_of(const Subject& subject) {
    std::vector<Permission> permissions;
    const auto access = *catalog().find_access(subject);
    for (const auto& grant : access->grants) permissions.push_back(grant.permission);
    std::ranges::sort(permissions);
    return permissions;
  }
  std::uint64_t version() { return *catalog().access_version(); }
};

TEST_P(AccessContract, AnEmailAddressIsOneUsersWhateverItsCase) {
  auto first = add_user("bob@example.org");
  const User second{UserId::random(), team_.id, "Bob", "BOB@example.org"};
  EXPECT_EQ(catalog().insert_user(second, {}).error().kind, ErrorKind::kConflict);
  EXPECT_EQ((*catalog().find_user_by_email(team_.id, "Bob@Example.org"))->id, first.id);
  first.email = user_.email;
  EXPECT_EQ(catalog().update_user(first).error().kind, ErrorKind::kConflict);
}

TEST_P(AccessContract, ATeamKeepsAnAdministrator) {
  auto administrator = user_;
  administrator.role = Role::kMember;
  EXPECT_EQ(catalog().update_user(administrator).error().kind, ErrorKind::kConflict);
  administrator = user_;
  administrator.active = false;
  EXPECT_EQ(catalog().update_user(administrator).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(catalog().delete_user(team_.id, user_.id).error().kind, ErrorKind::kConflict);
  EXPECT_TRUE((*catalog().find_user(user_.id))->active);
  EXPECT_TRUE(*catalog().find_key(key_.id)) << "a refused deletion leaves the user's keys";
  add_user("second@example.org", Role::kAdministrator);
  EXPECT_TRUE(*catalog().delete_user(team_.id, user_.id));
  EXPECT_FALSE(*catalog().find_key(key_.id));
}

TEST_P(AccessContract, APasswordIsKeptApart) {
  const auto user = add_user("bob@example.org");
  EXPECT_EQ((*catalog().find_password(user.id))->hash, "");
  EXPECT_TRUE(*catalog().set_password(team_.id, user.id, {"$argon2id$", true}));
  reopen();
  EXPECT_EQ((*catalog().find_password(user.id))->hash, "$argon2id$");
  EXPECT_TRUE((*catalog().find_password(user.id))->one_time);
  EXPECT_FALSE(*catalog().set_password(TeamId::random(), user.id, {"x", false}));
}

TEST_P(AccessContract, GrantsAreTheSubjectsOwnAndThoseOfItsGroups) {
  const auto user = add_user("bob@example.org");
  const Group group{GroupId::random(), team_.id, "pushers", at(1)};
  ASSERT_TRUE(catalog().insert_group(group).ok());
  ASSERT_TRUE(
      catalog().insert_grant({team_.id, subject_of(group.id), pool_.id, Permission::kDataPushApi}).ok());
  ASSERT_TRUE(
      catalog().insert_grant({team_.id, subject_of(user.id), {}, Permission::kViewAllDataPools}).ok());
  EXPECT_EQ(permissions_of(subject_of(user.id)), std::vector{Permission::kViewAllDataPools});
  ASSERT_TRUE(catalog().add_member(team_.id, group.id, user.id).ok());
  ASSERT_TRUE(catalog().add_member(team_.id, group.id, user.id).ok());
  EXPECT_EQ(permissions_of(subject_of(user.id)),
            (std::vector{Permission::kViewAllDataPools, Permission::kDataPushApi}));
  ASSERT_TRUE(*catalog().remove_member(team_.id, group.id, user.id));
  EXPECT_EQ(permissions_of(subject_of(user.id)), std::vector{Permission::kViewAllDataPools});
  ASSERT_TRUE(catalog().add_member(team_.id, group.id, user.id).ok());
  ASSERT_TRUE(*catalog().delete_group(team_.id, group.id));
  EXPECT_EQ(permissions_of(subject_of(user.id)), std::vector{Permission::kViewAllDataPools});
}

TEST_P(AccessContract, AGrantNeedsBothEndsInItsTeam) {
  const auto application = add_application();
  const Grant good{team_.id, subject_of(application.id), pool_.id, Permission::kViewDataPool};
  auto grant = good;
  grant.pool = PoolId::random();
  EXPECT_EQ(catalog().insert_grant(grant).error().kind, ErrorKind::kNotFound);
  grant = good;
  grant.team = TeamId::random();
  EXPECT_EQ(catalog().insert_grant(grant).error().kind, ErrorKind::kNotFound);
  grant = good;
  grant.subject.kind = SubjectKind::kUser;
  EXPECT_EQ(catalog().insert_grant(grant).error().kind, ErrorKind::kNotFound);
  ASSERT_TRUE(catalog().insert_grant(good).ok());
  ASSERT_TRUE(catalog().insert_grant(good).ok());
  EXPECT_EQ(*catalog().list_grants(team_.id, pool_.id), std::vector{good});
  EXPECT_EQ(*catalog().list_grants(team_.id, std::nullopt), std::vector{good});
  EXPECT_TRUE(*catalog().delete_grant(good));
  EXPECT_FALSE(*catalog().delete_grant(good));
}

TEST_P(AccessContract, ADeletedApplicationTakesItsKeysAndGrantsAlong) {
  const auto application = add_application();
  const auto key = add_key(subject_of(application.id));
  ASSERT_TRUE(catalog()
                  .insert_grant({team_.id, subject_of(application.id), pool_.id, Permission::kDataPushApi})
                  .ok());
  EXPECT_FALSE(*catalog().delete_application(TeamId::random(), application.id));
  EXPECT_TRUE(*catalog().delete_application(team_.id, application.id));
  EXPECT_FALSE(*catalog().find_key(key.id));
  EXPECT_TRUE((*catalog().list_grants(team_.id, std::nullopt)).empty());
  EXPECT_FALSE(*catalog().find_access(subject_of(application.id)));
}

TEST_P(AccessContract, ADeletedPoolTakesItsGrantsAlong) {
  const auto application = add_application();
  const Grant grant{team_.id, subject_of(application.id), pool_.id, Permission::kDataPushApi};
  ASSERT_TRUE(catalog().insert_grant(grant).ok());
  ASSERT_TRUE(catalog().delete_pool(team_.id, pool_.id, at(2)).ok());
  ASSERT_TRUE(catalog().erase_pool(pool_.id, 100).ok());
  EXPECT_TRUE((*catalog().list_grants(team_.id, std::nullopt)).empty());
}

TEST_P(AccessContract, EveryChangeOfAccessIsCounted) {
  auto application = add_application();
  auto user = add_user("bob@example.org");
  const auto key = add_key(subject_of(application.id));
  const Grant grant{team_.id, subject_of(application.id), pool_.id, Permission::kDataPushApi};
  auto before = version();
  const auto rose = [&] {
    const auto now = version();
    return std::exchange(before, now) < now;
  };
  application.active = false;
  ASSERT_TRUE(*catalog().update_application(application));
  EXPECT_TRUE(rose());
  ASSERT_TRUE(catalog().insert_grant(grant).ok());
  EXPECT_TRUE(rose());
  ASSERT_TRUE(*catalog().delete_grant(grant));
  EXPECT_TRUE(rose());
  ASSERT_TRUE(*catalog().delete_key(team_.id, key.id));
  EXPECT_TRUE(rose());
  user.active = false;
  ASSERT_TRUE(*catalog().update_user(user));
  EXPECT_TRUE(rose());
  ASSERT_TRUE(*catalog().delete_user(team_.id, user.id));
  EXPECT_TRUE(rose());
  ASSERT_TRUE(*catalog().delete_application(team_.id, application.id));
  EXPECT_TRUE(rose());
  EXPECT_FALSE(rose());
}

TEST_P(AccessContract, AKeyKeepsItsRestrictions) {
  Key key{KeyId::random(), team_.id, subject_of(user_.id), user_.id, "key", sha256("x"), at(1)};
  key.expires = at(5);
  key.limits.scopes = ScopeSet{Scope::kDataPush, Scope::kRead};
  key.limits.pools = {pool_.id};
  ASSERT_TRUE(catalog().insert_key(key).ok());
  reopen();
  const auto found = *catalog().find_key(key.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->expires, key.expires);
  EXPECT_EQ(found->limits.scopes, key.limits.scopes);
  EXPECT_EQ(found->limits.pools, key.limits.pools);
  EXPECT_EQ(found->owner, key.owner);
  const auto open = *catalog().find_key(key_.id);
  EXPECT_FALSE(open->limits.scopes);
  EXPECT_FALSE(open->limits.pools);
}

INSTANTIATE_TEST_SUITE_P(All, AccessContract,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace adit
