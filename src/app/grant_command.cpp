// `adit grant`.
#include <utility>

#include "app/access_calls.h"
#include "app/access_output.h"
#include "app/commands.h"
#include "model/permission.h"

namespace adit {
namespace {

using client::Method;

/// As it stands in a grant's path: `applications/<id>`.
Result<std::string> subject_of(AccessCalls& calls, const GrantOptions& options) {
  const int named =
      (options.user.empty() ? 0 : 1) + (options.app.empty() ? 0 : 1) + (options.group.empty() ? 0 : 1);
  if (named != 1) return invalid("Say whose permission it is: one of --user, --app and --group.");
  if (!options.user.empty()) {
    ADIT_TRY(const auto id, find_user(calls, options.user));
    return "users/" + id;
  }
  if (!options.app.empty()) {
    ADIT_TRY(const auto id, find_application(calls, options.app));
    return "applications/" + id;
  }
  ADIT_TRY(const auto id, find_group(calls, options.group));
  return "groups/" + id;
}

Result<void> run(const GrantOptions& options) {
  // It stands in a path: nothing but a known word may.
  if (options.action != GrantAction::kList && !parse_permission(options.permission)) {
    return invalid("There is no permission \"" + options.permission + "\"; docs/SECURITY.md lists them.");
  }
  ADIT_TRY(const auto calls, open_access(options.connection));
  std::string base = "/adit/api/v1/grants";
  if (!options.pool.empty()) {
    ADIT_TRY(const auto pool, calls->find_pool(options.pool));
    base = "/adit/api/v1/pools/" + pool + "/grants";
  }
  if (options.action == GrantAction::kList) {
    ADIT_TRY(const auto grants, calls->call(Method::kGet, base));
    print_list(grants, options.json,
               {{"KIND", "subjectKind"},
                {"NAME", "subjectName"},
                {"PERMISSION", "permission"},
                {"POOL", "poolId"},
                {"ID", "subjectId"}});
    return {};
  }
  ADIT_TRY(const auto subject, subject_of(*calls, options));
  const auto method = options.action == GrantAction::kGive ? Method::kPut : Method::kDelete;
  ADIT_CHECK(calls->call(method, base + "/" + subject + "/" + options.permission));
  return {};
}

}  // namespace

ExitCode run_command(const GrantOptions& options) { return ended(run(options), options.connection); }

}  // namespace adit
