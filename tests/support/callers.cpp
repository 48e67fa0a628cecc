#include "support/callers.h"

#include <stdexcept>

namespace adit::test {
namespace {

namespace json = boost::json;

/// Emails and groups' names are a team's, whose server several tests share.
std::string next_name(const std::string& what) {
  static int count = 0;
  return what + std::to_string(++count);
}

void expect(const HttpResponse& response, int status) {
  if (response.status == status) return;
  throw std::runtime_error("expected " + std::to_string(status) + ", got " + std::to_string(response.status) +
                           " " + response.body);
}

std::string grant_path(const Caller& caller, const std::string& permission, const std::string& pool) {
  const auto base = pool.empty() ? "/adit/api/v1/grants/" : "/adit/api/v1/pools/" + pool + "/grants/";
  return base + caller.kind + "/" + caller.id + "/" + permission;
}

}  // namespace

json::object Callers::made(const HttpResponse& response) {
  expect(response, 200);
  return response.json().as_object();
}

HttpResponse Callers::put(const std::string& target, const json::value& body) {
  return http_.send({"PUT", target, {{"Content-Type", "application/json"}}, json::serialize(body)});
}

Caller Callers::user(const std::string& role) {
  const auto name = next_name("user");
  const auto user = made(http_.post_json("/adit/api/v1/users",
                                         {{"name", name}, {"email", name + "@example.org"}, {"role", role}}));
  Caller caller{"users", std::string(user.at("id").as_string())};
  caller.authorization = key_of(caller, {});
  return caller;
}

Caller Callers::application() {
  const auto application = made(http_.post_json("/adit/api/v1/applications", {{"name", "an application"}}));
  Caller caller{"applications", std::string(application.at("id").as_string())};
  caller.authorization = key_of(caller, {});
  return caller;
}

std::string Callers::key_of(const Caller& caller, json::object more) {
  more["name"] = "a key";
  more[caller.kind == "users" ? "userId" : "applicationId"] = caller.id;
  const auto key = made(http_.post_json("/adit/api/v1/keys", more));
  return (caller.kind == "users" ? "Bearer " : "AppKey ") + std::string(key.at("key").as_string());
}

Caller Callers::group_of(const std::vector<Caller>& users) {
  const auto group = made(http_.post_json("/adit/api/v1/groups", {{"name", next_name("group")}}));
  Caller caller{"groups", std::string(group.at("id").as_string())};
  for (const auto& user : users) {
    expect(http_.send({"PUT", "/adit/api/v1/groups/" + caller.id + "/members/" + user.id}), 204);
  }
  return caller;
}

void Callers::grant(const Caller& to, const std::string& permission, const std::string& pool) {
  expect(http_.send({"PUT", grant_path(to, permission, pool)}), 204);
}

void Callers::revoke(const Caller& from, const std::string& permission, const std::string& pool) {
  expect(http_.del(grant_path(from, permission, pool)), 204);
}

void Callers::set_active(const Caller& caller, bool active) {
  expect(put("/adit/api/v1/" + caller.kind + "/" + caller.id, {{"active", active}}), 200);
}

std::string Callers::reset_password(const Caller& user) {
  const auto reset = made(http_.post("/adit/api/v1/users/" + user.id + "/reset-password"));
  return std::string(reset.at("oneTimePassword").as_string());
}

std::string Callers::choose_password(const Caller& user, const std::string& password) {
  const auto one_time = reset_password(user);
  auto own = http_.another();
  own.set_authorization(user.authorization);
  const json::object body{{"currentPassword", one_time}, {"password", password}};
  expect(own.send({"PUT", "/adit/api/v1/me/password", {}, json::serialize(body)}), 204);
  return std::string(made(own.get("/adit/api/v1/me")).at("email").as_string());
}

void let_application_work(Http& administrator, const json::value& made_key) {
  const std::string id(made_key.at("ownerId").as_string());
  expect(administrator.send({"PUT", grant_path({"applications", id}, "MANAGE_ALL_DATA_POOLS", "")}), 204);
}

}  // namespace adit::test
