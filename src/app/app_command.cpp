// `adit app`.
#include <utility>

#include "app/access_calls.h"
#include "app/access_output.h"
#include "app/commands.h"

namespace adit {
namespace {

namespace json = boost::json;
using client::Method;

const std::string kApplications = "/adit/api/v1/applications";

Result<void> run(const AppOptions& options) {
  ADIT_TRY(const auto calls, open_access(options.connection));
  if (options.action == AppAction::kList) {
    ADIT_TRY(const auto applications, calls->call(Method::kGet, kApplications));
    print_list(applications, options.json,
               {{"NAME", "name"},
                {"ID", "id"},
                {"ACTIVE", "active", Cell::kFlag},
                {"CREATED", "createdAt", Cell::kTime}});
    return {};
  }
  if (options.action == AppAction::kCreate) {
    ADIT_TRY(const auto made, calls->call(Method::kPost, kApplications, {{"name", options.app}}));
    print_one(made, options.json, "id");
    return {};
  }
  ADIT_TRY(const auto id, find_application(*calls, options.app));
  const auto path = kApplications + "/" + id;
  if (options.action == AppAction::kDelete) {
    ADIT_CHECK(calls->call(Method::kDelete, path));
    return {};
  }
  ADIT_CHECK(calls->call(Method::kPut, path, {{"active", options.action == AppAction::kEnable}}));
  return {};
}

}  // namespace

ExitCode run_command(const AppOptions& options) { return ended(run(options), options.connection); }

}  // namespace adit
