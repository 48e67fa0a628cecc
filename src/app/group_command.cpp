// `adit group`.
#include <utility>

#include "app/access_calls.h"
#include "app/access_output.h"
#include "app/commands.h"

namespace adit {
namespace {

using client::Method;

const std::string kGroups = "/adit/api/v1/groups";

Result<void> run(const GroupOptions& options) {
  ADIT_TRY(const auto calls, open_access(options.connection));
  if (options.action == GroupAction::kList) {
    ADIT_TRY(const auto groups, calls->call(Method::kGet, kGroups));
    print_list(groups, options.json,
               {{"NAME", "name"},
                {"ID", "id"},
                {"MEMBERS", "members", Cell::kCount},
                {"CREATED", "createdAt", Cell::kTime}});
    return {};
  }
  if (options.action == GroupAction::kCreate) {
    ADIT_TRY(const auto made, calls->call(Method::kPost, kGroups, {{"name", options.group}}));
    print_one(made, options.json, "id");
    return {};
  }
  ADIT_TRY(const auto id, find_group(*calls, options.group));
  const auto path = kGroups + "/" + id;
  if (options.action == GroupAction::kDelete) {
    ADIT_CHECK(calls->call(Method::kDelete, path));
    return {};
  }
  ADIT_TRY(const auto user, find_user(*calls, options.user));
  const auto method = options.action == GroupAction::kAdd ? Method::kPut : Method::kDelete;
  ADIT_CHECK(calls->call(method, path + "/members/" + user));
  return {};
}

}  // namespace

ExitCode run_command(const GroupOptions& options) { return ended(run(options), options.connection); }

}  // namespace adit
