// What is entered into the audit log comes into the catalog, and nothing that enters it grows without bound.
#include "access/audit_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "access/keys.h"

namespace adit {
namespace {

class AuditWriting : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    const auto key = issue_key({team_.id, subject_of(user_.id), user_.id, "first"}, from_epoch_ms(0));
    ASSERT_TRUE(catalog_->found_team(team_, user_, key.key));
  }
  void TearDown() override {
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }
  AuditEntry entry(std::string operation) {
    AuditEntry made;
    made.team = team_.id;
    made.operation = std::move(operation);
    made.status = 200;
    return made;
  }
  std::vector<AuditEntry> written() {
    return *catalog_->list_audit(team_.id, {}, AuditCatalog::kFromTheLatest, 100'000);
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("adit-audit-" + Uuid::random().to_string());
  const Team team_{TeamId::random(), "Team", "team"};
  const User user_{UserId::random(), team_.id, "Ada", "ada@example.org", Role::kAdministrator};
  std::unique_ptr<Catalog> catalog_;
  Metrics metrics_;
};

TEST_F(AuditWriting, ADurableEntryIsThereWhenTheCallReturnsWithAllBeforeIt) {
  AuditLog log(*catalog_, metrics_);
  log.record(entry("first"));
  log.notice(entry("second"));
  log.record_durably(entry("third"));
  const auto entries = written();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].operation, "third");
  EXPECT_EQ(entries[2].operation, "first");
}

TEST_F(AuditWriting, StoppingWritesWhatIsThere) {
  AuditLog log(*catalog_, metrics_);
  for (int i = 0; i < 500; ++i) log.record(entry("push"));
  log.stop();
  EXPECT_EQ(written().size(), 500U);
  log.record_durably(entry("late"));
  EXPECT_EQ(written().size(), 500U);
  EXPECT_EQ(metrics_.audit_entries_lost.Value(), 1) << "and it stands in the server's log";
}

TEST_F(AuditWriting, ManyAtOnceAreAllWritten) {
  AuditLog log(*catalog_, metrics_);
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 200; ++i)
          thread == 0 && i % 20 == 0 ? log.record_durably(entry("a")) : log.record(entry("b"));
      });
    }
  }
  log.stop();
  EXPECT_EQ(written().size(), 1'600U);
  EXPECT_EQ(metrics_.audit_entries.Value(), 1'600);
  EXPECT_EQ(metrics_.audit_entries_lost.Value(), 0);
}

TEST_F(AuditWriting, WhoIsNobodyEntersABoundedNumber) {
  AuditLog log(*catalog_, metrics_);
  auto refused = entry("listPools");
  refused.at = from_epoch_ms(1'700'000'000'000);
  for (int i = 0; i < 3'000; ++i) log.notice(refused);
  EXPECT_EQ(metrics_.audit_entries_lost.Value(), 2'000);
  refused.at += std::chrono::seconds(1);
  for (int i = 0; i < 100; ++i) log.notice(refused);
  refused.principal = subject_of(user_.id);
  for (int i = 0; i < 100; ++i) log.notice(refused);
  log.stop();
  EXPECT_EQ(written().size(), 1'000U + 10 + 100) << "who is known is responsible for what they do";
}

}  // namespace
}  // namespace adit
