// `adit doctor`.
#include <boost/json.hpp>
#include <iostream>

#include "app/command_support.h"
#include "app/commands.h"
#include "app/rebuild_command.h"
#include "backup/doctor.h"
#include "client/human.h"

namespace adit {
namespace {

namespace json = boost::json;

json::object report_json(const DoctorReport& report) {
  json::array findings;
  for (const auto& found : report.findings) {
    findings.push_back(json::object{{"finding", to_string(found.finding)},
                                    {"problem", is_problem(found.finding)},
                                    {"pool", found.pool},
                                    {"object", found.object},
                                    {"text", found.text}});
  }
  return json::object{{"healthy", report.healthy()}, {"pools", report.pools},
                      {"jobs", report.jobs},         {"chunks", report.chunks},
                      {"bytes", report.bytes},       {"findings", std::move(findings)}};
}

/// Whole sentences: what to do stands at their end, and a column of a table would cut it off.
void print_findings(const DoctorReport& report) {
  for (const auto& found : report.findings)
    std::cout << to_string(found.finding) << "  " << found.object << "\n  " << found.text << "\n\n";
  std::cout << client::human_count(report.pools) << " pools, " << client::human_count(report.jobs)
            << " jobs and " << client::human_count(report.chunks)
            << " chunks looked at: " << (report.healthy() ? "nothing is wrong" : "something is wrong")
            << '\n';
}

}  // namespace

ExitCode run_command(const DoctorOptions& options) {
  if (!options.rebuild.empty()) return run_rebuild(options);
  const DataLayout layout{std::filesystem::absolute(options.data)};
  const auto report = examine(layout, options.quick ? DoctorReading::kQuick : DoctorReading::kEverything);
  if (!report) {
    ConnectionOptions nowhere;
    nowhere.data = options.data;
    return adit::report(report.error(), nowhere);
  }
  if (options.json) {
    std::cout << report_json(*report) << '\n';
  } else {
    print_findings(*report);
  }
  return report->healthy() ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace adit
