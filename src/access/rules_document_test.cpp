// docs/SECURITY.md holds the table of rules as it is. A failure prints what should stand there.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "access/rules.h"

namespace adit {
namespace {

template <class Enum>
std::string words(std::span<const Enum> all, EnumSet<Enum> set) {
  std::string text;
  for (const auto member : all) {
    if (set.has(member)) text += (text.empty() ? "`" : ", `") + std::string(to_string(member)) + "`";
  }
  return text;
}

std::string scopes_of(const Rule& rule) {
  if (rule.level == RuleLevel::kOpen) return "";
  if (!rule.scopes.empty()) return words(all_scopes(), rule.scopes);
  return rule.level == RuleLevel::kCaller ? "any" : "none: only a key without scopes";
}

std::string who(const Rule& rule) {
  if (rule.level == RuleLevel::kOpen) return "everybody";
  if (rule.level == RuleLevel::kCaller) return "every caller";
  if (rule.callers == RuleCallers::kUsers) return "every user";
  std::string text;
  if (!rule.on_pool.empty()) text = words(pool_permissions(), rule.on_pool) + " on the pool";
  if (!rule.in_team.empty()) {
    text += (text.empty() ? "" : "; ") + words(team_permissions(), rule.in_team) + " in the team";
  }
  return text.empty() ? "administrators only" : text;
}

std::string rules_markdown() {
  std::string table = "| need | permits | who | scopes that open it |\n|---|---|---|---|\n";
  for (const auto& rule : access_rules()) {
    table += "| `" + std::string(rule.name) + "` | " + std::string(rule.what) + " | " + who(rule) + " | " +
             scopes_of(rule) + " |\n";
  }
  return table;
}

TEST(RulesDocument, HoldsTheTableAsItIs) {
  std::ifstream file(ADIT_SECURITY_PAGE);
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(rules_markdown()), std::string::npos) << "docs/SECURITY.md should hold:\n"
                                                                  << rules_markdown();
}

}  // namespace
}  // namespace adit
