#include "backup/missing_jobs.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace adit {
namespace {

/// Jobs of one pool in their order; what becomes of those that are missing, as text: the number of each, `+`
/// landable, `!` lost, `-` replaced, with `<` behind it where rows return.
class MissingJobs : public ::testing::Test {
 protected:
  LandedJob& add(const std::string& table) {
    auto& job = jobs_.emplace_back();
    job.job = JobId::random();
    job.table.name = table;
    return job;
  }
  void push(const std::string& table) { add(table); }
  void replace(const std::string& table, std::vector<std::string> mirrors = {}) {
    auto& job = add(table);
    job.replaces = true;
    job.mirrors = std::move(mirrors);
  }
  void change(const std::string& table, TableChangeKind kind) { add(table).change = kind; }

  /// `states`: a character for each job: `.` present, `k` with chunks, `x` without.
  std::string fates(const std::string& states, ForgottenJobs forgotten = ForgottenJobs::kNone) const {
    const auto state = [&](const LandedJob& job) {
      return states.at(static_cast<std::size_t>(&job - jobs_.data()));
    };
    std::string text;
    for (const auto& [job, fate, rows_return] : missing_jobs(
             jobs_, [&](const LandedJob& job) { return state(job) == '.'; },
             [&](const LandedJob& job) { return state(job) == 'k'; }, forgotten)) {
      text += std::to_string(job - jobs_.data());
      text += fate == JobFate::kLandable ? "+" : fate == JobFate::kReplaced ? "-" : "!";
      if (rows_return) text += "<";
    }
    return text;
  }

  std::vector<LandedJob> jobs_;
};

TEST_F(MissingJobs, WithoutChunksAreLostUnlessALaterJobEmptiedTheirTable) {
  push("t");
  push("T");
  replace("t");
  push("t");
  push("u");
  EXPECT_EQ(fates("....."), "");
  EXPECT_EQ(fates("xk.xx"), "0-1+3!4!");
  EXPECT_EQ(fates("xkkxk"), "0-1+2+3!4+");
  EXPECT_EQ(fates("xkxxk"), "0!1+2!<3!4+") << "what would have replaced them is lost itself";
}

TEST_F(MissingJobs, AreNotReplacedWhereSqlMayHaveReadThemOrAMirrorKeepsThem) {
  replace("t", {"m"});
  add("x").runs_sql = true;
  replace("t");
  EXPECT_EQ(fates("x.."), "0!");
  jobs_[1].runs_sql = false;
  EXPECT_EQ(fates("x.."), "0!") << "the mirror has its rows still";
  jobs_[0].mirrors.clear();
  EXPECT_EQ(fates("x.."), "0-");
}

TEST_F(MissingJobs, ThatRemovedRowsBringThemBackOnlyWhereThereMayBeSome) {
  push("t");
  change("t", TableChangeKind::kDelete);
  EXPECT_EQ(fates(".x"), "1!<");
  EXPECT_EQ(fates("xx"), "0!1-") << "nothing is there that it would remove";
  EXPECT_EQ(fates("xx", ForgottenJobs::kSome), "0!1!<");
  change("t", TableChangeKind::kTruncate);
  EXPECT_EQ(fates(".x."), "1-");
  EXPECT_EQ(fates(".xx"), "1!<2!<");
  EXPECT_EQ(fates(".xk"), "1-2+");
  push("t");
  jobs_.back().removes_rows = true;
  EXPECT_EQ(fates("...x"), "3!") << "the table was empty before it";
  EXPECT_EQ(fates("..xx"), "2!<3!<");
}

}  // namespace
}  // namespace adit
