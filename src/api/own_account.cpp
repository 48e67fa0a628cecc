// What a caller does with their own account: look at it, change name, email address and password.
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "api/access_endpoints.h"
#include "api/access_fields.h"
#include "api/errors.h"
#include "api/user_fields.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

Result<User> own_user(const AccessServices& services, const Request& request) {
  ADIT_TRY(auto user, services.catalog.find_user(caller(request).user));
  if (!user) return internal("a caller's user is not in the catalog");
  return *std::move(user);
}

Result<Response> describe(const AccessServices& services, const Request& request) {
  const auto& principal = caller(request);
  json::object body;
  if (principal.is_application()) {
    body = json::object{{"id", principal.subject.id.to_string()}, {"name", principal.holder->name}};
  } else {
    ADIT_TRY(const auto user, own_user(services, request));
    body = user_json(user);
  }
  body["kind"] = to_string(principal.subject.kind);
  body["teamId"] = principal.team.to_string();
  if (principal.token) {
    body["clientId"] = principal.token->client.to_string();
  } else {
    body["keyId"] = principal.key.to_string();
  }
  body["permissions"] = words_of(permissions_in_team(principal), team_permissions());
  return json_answer(body);
}

Result<Response> change(const AccessServices& services, const Request& request) {
  ADIT_TRY(auto user, own_user(services, request));
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  user.name = read_name(reader, errors, user.name);
  user.email = read_email(reader, user.email);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_TRY(const bool found, services.catalog.update_user(user));
  services.authenticator.changed();
  if (!found) return internal("a caller's user is not in the catalog");
  return json_answer(user_json(user));
}

struct NewPassword {
  std::string current;
  std::string next;
};

Result<NewPassword> read_new_password(const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  auto current = reader.string("currentPassword");
  auto next = reader.string("password");
  if (!current && errors.empty()) reader.fail("currentPassword", "is required");
  if (!next && errors.empty()) reader.fail("password", "is required");
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_CHECK(Passwords::check(*next));
  return NewPassword{*std::move(current), *std::move(next)};
}

/// Whoever has a user's key does not therefore have the user: the password in use is asked for.
Result<Response> change_password(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto asked, read_new_password(request));
  const auto& principal = caller(request);
  ADIT_TRY(const auto kept, services.catalog.find_password(principal.user));
  if (!kept || kept->hash.empty()) {
    return conflict("The user has no password yet. An administrator of the team gives one.");
  }
  std::optional<FailedAttempts::Attempt> attempt;
  if (services.attempts != nullptr) {
    auto begun = services.attempts->begin({"user " + principal.user.to_string()});
    if (!begun) {
      return rate_limited(request, "Wrong passwords were sent for this user. Try again later.",
                          begun.error());
    }
    attempt.emplace(*std::move(begun));
  }
  const auto right = services.passwords.verify(kept->hash, asked.current);
  if (attempt && (!right || *right)) attempt->forgive();
  if (!right) return right.error();
  if (!*right) return invalid_field("currentPassword", "is not the user's password");
  if (asked.current == asked.next)
    return invalid_field("password", "must be another one than the current password");
  ADIT_TRY(auto hash, services.passwords.hash(asked.next));
  ADIT_CHECK(services.catalog.set_password(principal.team, principal.user, {std::move(hash), false}));
  services.authenticator.changed();
  return Response::empty(204);
}

}  // namespace

void add_own_account_endpoints(std::vector<AccessEndpoint>& endpoints) {
  const std::string me = "/adit/api/v1/me";
  const auto needs = Needs::kOwnAccount;
  endpoints.push_back({{"describeAccount", Method::kGet, me, Needs::kCredentials}, describe});
  endpoints.push_back({{"changeAccount", Method::kPut, me, needs, BodyKind::kBuffer}, change});
  endpoints.push_back(
      {{"changePassword", Method::kPut, me + "/password", needs, BodyKind::kBuffer}, change_password});
}

}  // namespace adit
