// Users, applications and groups over the API, and one's own account.
#include <chrono>
#include <thread>
#include <vector>

#include "support/callers.h"
#include "support/guesses.h"
#include "support/second_team.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class Administration : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    start_server({});
    server_of_suite().terminate();
    other_team_ = add_second_team(server_of_suite().data(), "acme");
    server_of_suite().start();
  }
  void SetUp() override {
    ServerTest::SetUp();
    callers_ = std::make_unique<Callers>(server().http());
  }
  HttpResponse put(const std::string& target, const json::value& body) {
    return put_as(pool().http(), target, body);
  }
  static HttpResponse put_as(Http& http, const std::string& target, const json::value& body) {
    return http.send({"PUT", target, {{"Content-Type", "application/json"}}, json::serialize(body)});
  }
  HttpResponse post(const std::string& target, const json::value& body) {
    return pool().http().post_json(target, body);
  }
  Http as(const std::string& authorization) {
    auto http = server().http();
    http.set_authorization(authorization);
    return http;
  }

  static SecondTeam other_team_;
  std::unique_ptr<Callers> callers_;
  const std::string api_ = "/adit/api/v1";
};

SecondTeam Administration::other_team_;

TEST_F(Administration, OfUsersMakesChangesAndDeletesThem) {
  const auto made =
      post(api_ + "/users", {{"name", "Ada"}, {"email", "ada@example.org"}, {"role", "ANALYST"}});
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.header("cache-control"), "no-store");
  const auto id = std::string(made.json().at("id").as_string());
  const auto password = std::string(made.json().at("oneTimePassword").as_string());
  EXPECT_EQ(password.size(), 20U);
  const auto path = api_ + "/users/" + id;
  const auto got = pool().http().get(path);
  EXPECT_EQ(field(got.json(), "role"), "ANALYST");
  EXPECT_EQ(field(got.json(), "active"), true);
  EXPECT_EQ(got.body.find("assword"), std::string::npos);
  EXPECT_EQ(server().log().find(password), std::string::npos) << "the log shows a password";
  expect_error_body(post(api_ + "/users", {{"name", "Other"}, {"email", "ADA@example.org"}}), 409);
  const auto changed = put(path, {{"role", "ADMIN"}, {"name", "Ada L."}});
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(field(changed.json(), "email"), "ada@example.org");
  EXPECT_EQ(field(changed.json(), "role"), "ADMIN");
  EXPECT_EQ(pool().http().del(path).status, 204);
  expect_error_body(pool().http().get(path), 404);
  expect_error_body(put(path, {{"name", "x"}}), 404);
}

TEST_F(Administration, RefusesUsersThatMakeNoSense) {
  for (const auto& [attribute, asked] : std::vector<std::pair<std::string, json::object>>{
           {"name", {{"email", "a@b"}}},
           {"email", {{"name", "x"}}},
           {"email", {{"name", "x"}, {"email", "nobody"}}},
           {"email", {{"name", "x"}, {"email", "a b@c"}}},
           {"email", {{"name", "x"}, {"email", std::string(250, 'a') + "@b.org"}}},
           {"role", {{"name", "x"}, {"email", "a@b"}, {"role", "GOD"}}}}) {
    SCOPED_TRACE(json::serialize(asked));
    expect_field_error(post(api_ + "/users", asked), attribute);
  }
}

TEST_F(Administration, NeverLosesItsLastAdministrator) {
  const auto me = std::string(pool().http().get(api_ + "/me").json().at("id").as_string());
  expect_error_body(put(api_ + "/users/" + me, {{"role", "MEMBER"}}), 409);
  expect_error_body(put(api_ + "/users/" + me, {{"active", false}}), 409);
  expect_error_body(pool().http().del(api_ + "/users/" + me), 409);
  EXPECT_EQ(pool().http().get(api_ + "/users").status, 200);
}

TEST_F(Administration, EndsAtTheTeam) {
  auto theirs = as("Bearer " + other_team_.key);
  const auto user = callers_->user();
  const auto application = callers_->application();
  const auto group = callers_->group_of({user});
  for (const auto& path : {"/users/" + user.id, "/applications/" + application.id, "/groups/" + group.id}) {
    SCOPED_TRACE(path);
    expect_error_body(theirs.get(api_ + path), 404);
    expect_error_body(theirs.del(api_ + path), 404);
    expect_error_body(put_as(theirs, api_ + path, {{"name", "taken"}}), 404);
  }
  expect_error_body(theirs.send({"PUT", api_ + "/grants/users/" + user.id + "/VIEW_ALL_DATA_POOLS"}), 404);
  expect_error_body(theirs.send({"PUT", api_ + "/pools/" + other_team_.pool + "/grants/users/" + user.id +
                                            "/VIEW_DATA_POOL"}),
                    404);
  for (const auto* list : {"/users", "/applications", "/groups", "/grants", "/keys"}) {
    EXPECT_EQ(theirs.get(api_ + list).body.find(user.id), std::string::npos) << list;
    EXPECT_EQ(theirs.get(api_ + list).body.find(application.id), std::string::npos) << list;
  }
}

TEST_F(Administration, OfGroupsGivesAndTakesWhatTheyHave) {
  const auto user = callers_->user();
  const auto group = callers_->group_of({user});
  callers_->grant(group, "VIEW_DATA_POOL", pool().pool());
  auto http = as(user.authorization);
  const auto tables = "/integration/api/pools/" + pool().pool() + "/tables";
  EXPECT_EQ(http.get(tables).status, 200);
  const auto member = api_ + "/groups/" + group.id + "/members/" + user.id;
  EXPECT_EQ(field(pool().http().get(api_ + "/groups/" + group.id).json(), "members"), json::array{user.id});
  EXPECT_EQ(pool().http().del(member).status, 204);
  expect_error_body(http.get(tables), 403);
  EXPECT_EQ(pool().http().send({"PUT", member}).status, 204);
  EXPECT_EQ(http.get(tables).status, 200);
  EXPECT_EQ(pool().http().del(api_ + "/groups/" + group.id).status, 204);
  expect_error_body(http.get(tables), 403);
}

TEST_F(Administration, OfGrantsRefusesWhatCannotBeGranted) {
  const auto user = callers_->user();
  const auto on_pool = api_ + "/pools/" + pool().pool() + "/grants/";
  expect_field_error(pool().http().send({"PUT", on_pool + "users/" + user.id + "/VIEW_ALL_DATA_POOLS"}),
                     "permission");
  expect_field_error(pool().http().send({"PUT", api_ + "/grants/users/" + user.id + "/DATA_PUSH_API"}),
                     "permission");
  expect_field_error(pool().http().send({"PUT", on_pool + "users/" + user.id + "/EVERYTHING"}), "permission");
  expect_error_body(pool().http().send({"PUT", on_pool + "robots/" + user.id + "/DATA_PUSH_API"}), 404);
  expect_error_body(pool().http().send({"PUT", on_pool + "users/nobody/DATA_PUSH_API"}), 404);
  expect_error_body(pool().http().del(on_pool + "users/" + user.id + "/DATA_PUSH_API"), 404);
  callers_->grant(user, "DATA_PUSH_API", pool().pool());
  callers_->grant(user, "DATA_PUSH_API", pool().pool());
  const auto grants = pool().http().get(api_ + "/pools/" + pool().pool() + "/grants").array();
  ASSERT_EQ(grants.size(), 2U) << "and the creator's";
}

TEST_F(Administration, WhoManagesAPoolSaysWhoMayWhatInIt) {
  const auto manager = callers_->user();
  const auto pusher = callers_->application();
  callers_->grant(manager, "MANAGE_DATA_POOL", pool().pool());
  auto http = as(manager.authorization);
  const auto path = api_ + "/pools/" + pool().pool() + "/grants/applications/" + pusher.id + "/DATA_PUSH_API";
  EXPECT_EQ(http.send({"PUT", path}).status, 204);
  EXPECT_EQ(as(pusher.authorization).get(pool().jobs_path()).status, 200);
  EXPECT_EQ(http.del(path).status, 204);
  expect_error_body(as(pusher.authorization).get(pool().jobs_path()), 403);
  expect_error_body(http.send({"PUT", api_ + "/grants/applications/" + pusher.id + "/VIEW_ALL_DATA_POOLS"}),
                    403);
}

TEST_F(Administration, OnesOwnPasswordIsChangedByWhoKnowsIt) {
  const auto made = post(api_ + "/users", {{"name", "Bob"}, {"email", "bob-own@example.org"}}).json();
  const auto one_time = std::string(made.at("oneTimePassword").as_string());
  auto http = as(callers_->key_of({"users", std::string(made.at("id").as_string())}, {}));
  const auto path = api_ + "/me/password";
  expect_field_error(put_as(http, path, {{"currentPassword", "wrong"}, {"password", "a new password"}}),
                     "currentPassword");
  expect_field_error(put_as(http, path, {{"currentPassword", one_time}, {"password", "short"}}), "password");
  expect_field_error(put_as(http, path, {{"currentPassword", one_time}, {"password", one_time}}), "password");
  expect_field_error(put_as(http, path, {{"password", "a new password"}}), "currentPassword");
  EXPECT_EQ(put_as(http, path, {{"currentPassword", one_time}, {"password", "a new password"}}).status, 204);
  expect_field_error(put_as(http, path, {{"currentPassword", one_time}, {"password", "another password"}}),
                     "currentPassword");
  const auto reset =
      pool().http().post(api_ + "/users/" + std::string(made.at("id").as_string()) + "/reset-password");
  ASSERT_EQ(reset.status, 200) << reset.body;
  const auto again = std::string(reset.json().at("oneTimePassword").as_string());
  EXPECT_EQ(put_as(http, path, {{"currentPassword", again}, {"password", "a third password"}}).status, 204);
  EXPECT_EQ(server().log().find("a third password"), std::string::npos);
}

TEST_F(Administration, OnesOwnNameIsOnesOwnAndTheRoleIsNot) {
  const auto user = callers_->user();
  auto http = as(user.authorization);
  const auto changed = put_as(http, api_ + "/me", {{"name", "New Name"}, {"role", "ADMIN"}});
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(field(changed.json(), "name"), "New Name");
  EXPECT_EQ(field(changed.json(), "role"), "MEMBER");
  EXPECT_EQ(field(http.get("/api/cloud").json(), "name"), "New Name");
  expect_error_body(put_as(http, api_ + "/users/" + user.id, {{"role", "ADMIN"}}), 403);
}

TEST_F(Administration, GuessesOfOnesOwnPasswordAreSlowedForThatUserOnly) {
  const auto path = api_ + "/me/password";
  const auto guess = [&](Http& http, const std::string& current) {
    return put_as(http, path, {{"currentPassword", current}, {"password", "a new password"}});
  };
  auto guesser = as(callers_->user().authorization);
  int guesses = 0;
  auto last = guess(guesser, "guess");
  while (last.status == 400 && ++guesses < 100) last = guess(guesser, "guess");
  expect_error_body(last, 429);
  EXPECT_GE(guesses, 20);
  EXPECT_GE(std::stoi(last.header("retry-after").value_or("0")), 1);
  EXPECT_EQ(guesser.get("/api/cloud").status, 200) << "the key goes on working";
  const auto other = callers_->user();
  const auto reset = pool().http().post(api_ + "/users/" + other.id + "/reset-password");
  auto knows = as(other.authorization);
  EXPECT_EQ(guess(knows, std::string(reset.json().at("oneTimePassword").as_string())).status, 204);
}

TEST_F(Administration, FiftyGuessesAtOnceAreNoMoreThanOneAfterAnother) {
  const auto user = callers_->user();
  const auto reset = pool().http().post(api_ + "/users/" + user.id + "/reset-password");
  const auto one_time = std::string(reset.json().at("oneTimePassword").as_string());
  const auto try_with = [&](const std::string& current) {
    auto http = as(user.authorization);
    return put_as(http, api_ + "/me/password", {{"currentPassword", current}, {"password", "a new password"}})
        .status;
  };
  const auto memory = server().resident_bytes_peak();
  expect_guesses_at_once_are_held(try_with, 400);
  EXPECT_LT(server().resident_bytes_peak(), memory + (512U << 20)) << "each takes 64 MiB";
  // What was not looked at counts as no failure; the user waits for a second or two at most.
  int status = try_with(one_time);
  for (int i = 0; i < 600 && (status == 429 || status == 503); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    status = try_with(one_time);
  }
  EXPECT_EQ(status, 204);
}

TEST_F(Administration, StartsWithAOneTimePasswordInAFileForItsOwner) {
  namespace fs = std::filesystem;
  const auto file = server().data() / "admin.password";
  EXPECT_EQ(fs::status(file).permissions() & fs::perms::all, fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::file_size(file), 21U);
}

}  // namespace
}  // namespace adit::test
