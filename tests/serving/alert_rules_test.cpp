// packaging/prometheus/adit.rules.yml against the metrics of a real server.
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "support/server_test.h"

namespace adit::test {
namespace {

std::string rules() {
  std::ifstream file(ADIT_PACKAGING "/prometheus/adit.rules.yml");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class AlertRules : public ServerTest {};

TEST_F(AlertRules, NameOnlyMetricsThatAServerHas) {
  pool().push_done(csv_job("REPLACE", "t"), {"id\n1\n"});
  const auto text = "\n" + pool().http().get("/metrics").body;
  const auto rules_text = rules();
  const std::regex name("adit_[a-z_]+");
  std::set<std::string> names;
  for (std::sregex_iterator at(rules_text.begin(), rules_text.end(), name), end; at != end; ++at)
    names.insert(at->str());
  EXPECT_GT(names.size(), 8U);
  for (const auto& metric : names) {
    const bool there = text.find("\n" + metric + " ") != std::string::npos ||
                       text.find("\n" + metric + "{") != std::string::npos;
    EXPECT_TRUE(there || text.find("# TYPE " + metric + " ") != std::string::npos) << "no metric " << metric;
  }
}

TEST_F(AlertRules, EachHasAnExpressionASeverityAndASummary) {
  std::istringstream lines(rules());
  int alerts = 0;
  int expressions = 0;
  int severities = 0;
  int summaries = 0;
  for (std::string line; std::getline(lines, line);) {
    alerts += line.find("- alert: Adit") != std::string::npos;
    expressions += line.find(" expr: ") != std::string::npos;
    severities += line.find("severity: ") != std::string::npos;
    summaries += line.find(" summary: ") != std::string::npos;
  }
  EXPECT_GE(alerts, 10);
  EXPECT_EQ(expressions, alerts);
  EXPECT_EQ(severities, alerts);
  EXPECT_EQ(summaries, alerts);
}

}  // namespace
}  // namespace adit::test
