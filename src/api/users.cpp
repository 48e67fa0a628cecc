// The users of a team, for its administrators.
#include <boost/json.hpp>
#include <utility>

#include "api/access_endpoints.h"
#include "api/access_fields.h"
#include "api/user_fields.h"

namespace adit {

namespace json = boost::json;

json::object user_json(const User& user) {
  return json::object{{"id", user.id.to_string()}, {"name", user.name},
                      {"email", user.email},       {"role", to_string(user.role)},
                      {"active", user.active},     {"createdAt", to_epoch_ms(user.created)}};
}

std::string read_email(FieldReader& reader, const std::optional<std::string>& absent) {
  constexpr std::size_t kBytesMax = 254;  // RFC 5321 §4.5.3.1.3, less the angle brackets
  auto email = reader.string("email");
  if (!email && absent) return *absent;
  const auto text = email.value_or("");
  const auto at = text.find('@');
  bool good = text.size() <= kBytesMax && at != std::string::npos && at > 0 && at + 1 < text.size();
  for (const unsigned char c : text) good = good && c > 0x20 && c != 0x7f;
  if (!good) reader.fail("email", "must be an email address of at most 254 bytes");
  return text;
}

namespace {

using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

Error no_such_user(const std::string& id) { return not_found("There is no user " + id + " in your team."); }

Result<User> user_in_path(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "userId"));
  ADIT_TRY(auto user, services.catalog.find_user(UserId(id)));
  if (!user || user->team != caller(request).team) return no_such_user(id.to_string());
  return *std::move(user);
}

void read_role(FieldReader& reader, User& user) {
  const auto word = reader.string("role");
  if (!word) return;
  const auto role = parse_role(*word);
  if (!role) reader.fail("role", "must be MEMBER, ANALYST or ADMIN");
  user.role = role.value_or(user.role);
}

Result<Response> list_users(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto users, services.catalog.list_users(caller(request).team));
  return list_answer(users, user_json);
}

Result<Response> get_user(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto user, user_in_path(services, request));
  return json_answer(user_json(user));
}

Result<Response> create_user(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  User user;
  user.id = UserId::random();
  user.team = caller(request).team;
  user.created = services.clock.now();
  user.name = read_name(reader, errors);
  user.email = read_email(reader, {});
  read_role(reader, user);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  const auto password = Passwords::make_one_time();
  ADIT_TRY(auto hash, services.passwords.hash(password));
  ADIT_CHECK(services.catalog.insert_user(user, {std::move(hash), true}));
  services.authenticator.changed();
  auto answer = user_json(user);
  answer["oneTimePassword"] = password;
  return secret_answer(answer);
}

Result<Response> update_user(const AccessServices& services, const Request& request) {
  ADIT_TRY(auto user, user_in_path(services, request));
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  user.name = read_name(reader, errors, user.name);
  user.email = read_email(reader, user.email);
  read_role(reader, user);
  user.active = reader.boolean("active").value_or(user.active);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_TRY(const bool found, services.catalog.update_user(user));
  services.authenticator.changed();
  if (!found) return no_such_user(user.id.to_string());
  return json_answer(user_json(user));
}

Result<Response> delete_user(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto user, user_in_path(services, request));
  ADIT_TRY(const bool found, services.catalog.delete_user(user.team, user.id));
  services.authenticator.changed();
  if (!found) return no_such_user(user.id.to_string());
  return Response::empty(204);
}

Result<Response> reset_password(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto user, user_in_path(services, request));
  const auto password = Passwords::make_one_time();
  ADIT_TRY(auto hash, services.passwords.hash(password));
  ADIT_TRY(const bool found, services.catalog.set_password(user.team, user.id, {std::move(hash), true}));
  services.authenticator.changed();
  if (!found) return no_such_user(user.id.to_string());
  return secret_answer(json::object{{"id", user.id.to_string()}, {"oneTimePassword", password}});
}

}  // namespace

void add_user_endpoints(std::vector<AccessEndpoint>& endpoints) {
  const std::string users = "/adit/api/v1/users";
  const auto user = users + "/{userId}";
  const auto needs = Needs::kAdministerTeam;
  endpoints.push_back({{"listUsers", Method::kGet, users, Needs::kViewMembers}, list_users});
  endpoints.push_back({{"getUser", Method::kGet, user, Needs::kViewMembers}, get_user});
  endpoints.push_back({{"createUser", Method::kPost, users, needs, BodyKind::kBuffer}, create_user});
  endpoints.push_back({{"updateUser", Method::kPut, user, needs, BodyKind::kBuffer}, update_user});
  endpoints.push_back({{"deleteUser", Method::kDelete, user, needs}, delete_user});
  endpoints.push_back({{"resetPassword", Method::kPost, user + "/reset-password", needs}, reset_password});
}

}  // namespace adit
