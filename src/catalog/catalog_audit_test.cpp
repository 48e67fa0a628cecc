// What every catalog promises of the audit log.
#include <set>

#include "catalog/catalog_contract.h"

namespace adit {
namespace {

class AuditContract : public CatalogContract {
 protected:
  AuditEntry entry(std::string operation, std::int64_t ms, int status = 200) {
    AuditEntry made;
    made.at = at(ms);
    made.team = team_.id;
    made.principal = subject_of(user_.id);
    made.principal_name = user_.name;
    made.key = key_.id;
    made.peer = "192.0.2.1";
    made.operation = std::move(operation);
    made.pool = pool_.id;
    made.object = "orders";
    made.status = status;
    made.reference = "r";
    return made;
  }
  void add(const std::vector<AuditEntry>& entries) {
    ASSERT_TRUE(catalog().insert_audit(entries, Durability::kFull).ok());
  }
  std::string listed(const AuditFilter& filter, std::int64_t before = AuditCatalog::kFromTheLatest,
                     std::size_t limit = 100) {
    std::string operations;
    const auto page = *catalog().list_audit(team_.id, filter, before, limit);
    for (const auto& found : page) {
      operations += (operations.empty() ? "" : " ") + found.operation;
    }
    return operations;
  }
};

TEST_P(AuditContract, AnEntryComesBackAsItWas) {
  add({entry("dropTable", 7, 202)});
  reopen();
  const auto entries = *catalog().list_audit(team_.id, {}, AuditCatalog::kFromTheLatest, 10);
  ASSERT_EQ(entries.size(), 1U);
  const auto& found = entries.front();
  EXPECT_GT(found.number, 0);
  EXPECT_EQ(found.at, at(7));
  EXPECT_EQ(found.team, team_.id);
  EXPECT_EQ(found.principal, subject_of(user_.id));
  EXPECT_EQ(found.principal_name, "Ada");
  EXPECT_EQ(found.key, key_.id);
  EXPECT_EQ(found.peer, "192.0.2.1");
  EXPECT_EQ(found.operation, "dropTable");
  EXPECT_EQ(found.pool, pool_.id);
  EXPECT_EQ(found.object, "orders");
  EXPECT_EQ(found.status, 202);
  EXPECT_EQ(found.reference, "r");
}

TEST_P(AuditContract, EntriesAreFoundByEachOfTheirParts) {
  auto other = entry("createKey", 30);
  other.principal = subject_of(ApplicationId::random());
  other.principal_name = "Loader";
  other.pool.reset();
  other.object = "k";
  add({entry("createPool", 10), entry("deletePool", 20, 409), other, entry("executeJob", 40, 403)});
  EXPECT_EQ(listed({}), "executeJob createKey deletePool createPool");
  EXPECT_EQ(listed({.from = at(20), .to = at(40)}), "createKey deletePool");
  EXPECT_EQ(listed({.principal = "Loader"}), "createKey");
  EXPECT_EQ(listed({.principal = user_.id.to_string()}), "executeJob deletePool createPool");
  EXPECT_EQ(listed({.operation = "createPool"}), "createPool");
  EXPECT_EQ(listed({.object = "k"}), "createKey");
  EXPECT_EQ(listed({.object = pool_.id.to_string()}), "executeJob deletePool createPool");
  EXPECT_EQ(listed({.outcome = AuditOutcome::kSuccess}), "createKey createPool");
  EXPECT_EQ(listed({.outcome = AuditOutcome::kRefused}), "executeJob");
  EXPECT_EQ(listed({.outcome = AuditOutcome::kFailed}), "deletePool");
  EXPECT_EQ(listed({.object = "' OR 1=1 --"}), "");
}

TEST_P(AuditContract, PagesFollowEachOtherWhateverIsAddedMeanwhile) {
  for (int i = 0; i < 5; ++i) add({entry("o" + std::to_string(i), i)});
  const auto first = *catalog().list_audit(team_.id, {}, AuditCatalog::kFromTheLatest, 2);
  EXPECT_EQ(first.back().operation, "o3");
  add({entry("late", 9)});
  EXPECT_EQ(listed({}, first.back().number, 2), "o2 o1");
}

TEST_P(AuditContract, ATeamSeesItsOwnAndTheFirstOneWhatNobodyWasRecognizedIn) {
  auto foreign = entry("createPool", 1);
  foreign.team = TeamId::random();
  auto nobody = entry("listPools", 2, 401);
  nobody.team.reset();
  nobody.principal.reset();
  nobody.key.reset();
  add({foreign, nobody});
  EXPECT_EQ(listed({}), "listPools");
}

TEST_P(AuditContract, OnlyWhatIsOldEnoughIsForgottenAndNoNumberIsGivenTwice) {
  add({entry("a", 10), entry("b", 20), entry("c", 30)});
  const auto last = catalog().list_audit(team_.id, {}, AuditCatalog::kFromTheLatest, 1)->front().number;
  EXPECT_EQ(*catalog().forget_audit(at(21), 1), 1U);
  EXPECT_EQ(*catalog().forget_audit(at(21), 10), 1U);
  EXPECT_EQ(listed({}), "c");
  EXPECT_EQ(*catalog().forget_audit(at(99), 10), 1U);
  add({entry("d", 40)});
  EXPECT_GT(catalog().list_audit(team_.id, {}, AuditCatalog::kFromTheLatest, 1)->front().number, last);
}

INSTANTIATE_TEST_SUITE_P(All, AuditContract,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& suite) { return suite.param.name; });

}  // namespace
}  // namespace adit
