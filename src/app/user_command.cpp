// `adit user`.
#include <iostream>
#include <utility>

#include "app/access_calls.h"
#include "app/access_output.h"
#include "app/commands.h"
#include "client/json_view.h"

namespace adit {
namespace {

namespace json = boost::json;
using client::Method;

const std::string kUsers = "/adit/api/v1/users";

void print_password(const json::value& answer, bool as_json) {
  print_one(answer, as_json, "oneTimePassword");
  if (!as_json) std::cerr << "It is not shown again, and is good for choosing another password.\n";
}

json::object fields_of(const UserOptions& options) {
  json::object body;
  if (!options.name.empty()) body["name"] = options.name;
  if (!options.email.empty()) body["email"] = options.email;
  if (!options.role.empty()) body["role"] = options.role;
  if (options.disable || options.enable) body["active"] = options.enable;
  return body;
}

Result<void> run(const UserOptions& options) {
  ADIT_TRY(const auto calls, open_access(options.connection));
  if (options.action == UserAction::kList) {
    ADIT_TRY(const auto users, calls->call(Method::kGet, kUsers));
    print_list(users, options.json,
               {{"EMAIL", "email"},
                {"NAME", "name"},
                {"ROLE", "role"},
                {"ACTIVE", "active", Cell::kFlag},
                {"ID", "id"},
                {"CREATED", "createdAt", Cell::kTime}});
    return {};
  }
  if (options.action == UserAction::kCreate) {
    auto body = fields_of(options);
    body["email"] = options.user;
    if (options.name.empty()) body["name"] = options.user;
    ADIT_TRY(const auto user, calls->call(Method::kPost, kUsers, body));
    print_password(user, options.json);
    return {};
  }
  ADIT_TRY(const auto id, find_user(*calls, options.user));
  const auto path = kUsers + "/" + id;
  switch (options.action) {
    case UserAction::kChange: {
      const auto body = fields_of(options);
      if (body.empty()) return invalid("Say what to change: --name, --email, --role, --disable or --enable.");
      ADIT_TRY(const auto user, calls->call(Method::kPut, path, body));
      if (options.json) std::cout << user << '\n';
      return {};
    }
    case UserAction::kResetPassword: {
      ADIT_TRY(const auto answer, calls->call(Method::kPost, path + "/reset-password"));
      print_password(answer, options.json);
      return {};
    }
    case UserAction::kDelete:
      ADIT_CHECK(calls->call(Method::kDelete, path));
      return {};
    case UserAction::kList:
    case UserAction::kCreate:
      break;
  }
  std::unreachable();
}

}  // namespace

ExitCode run_command(const UserOptions& options) { return ended(run(options), options.connection); }

}  // namespace adit
