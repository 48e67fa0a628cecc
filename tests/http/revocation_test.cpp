// What is taken away ends with the answer to that call, and within a second where another process did it;
// what has expired says so.
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "catalog/catalog.h"
#include "support/callers.h"
#include "support/catalog_file.h"
#include "support/command_line.h"
#include "support/oauth.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

/// Asks one thing again and again, until it is refused.
class Asking {
 public:
  Asking(Http http, std::string target)
      : http_(std::move(http)), target_(std::move(target)), thread_([this] { work(); }) {}
  ~Asking() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  void wait_until_let_in() const {
    wait_for([&] { return let_in_ >= 3; });
  }
  /// When the last request began that was let in; comes back after the first that was not.
  steady_clock::time_point last_let_in() {
    wait_for([&] { return refusal_ != 0; });
    stopped_ = true;
    thread_.join();
    return last_;
  }
  int refusal() const { return refusal_; }

 private:
  template <class Condition>
  static void wait_for(Condition condition) {
    const auto deadline = steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (steady_clock::now() > deadline) throw std::runtime_error("it goes on for a minute");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void work() {
    while (!stopped_ && refusal_ == 0) {
      const auto began = steady_clock::now();
      const int status = http_.get(target_).status;
      if (status == 401 || status == 403) {
        refusal_ = status;
      } else {
        last_ = began;
        ++let_in_;
      }
    }
  }

  Http http_;
  const std::string target_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> let_in_{0};
  std::atomic<int> refusal_{0};
  steady_clock::time_point last_{};
  std::thread thread_;
};

class Revocation : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    callers_ = std::make_unique<Callers>(server().http());
    admin_ = std::make_unique<Http>(server().http());
  }
  Http as(const std::string& authorization) {
    auto http = server().http();
    http.set_authorization(authorization);
    return http;
  }
  /// The pool's jobs: for who may push into it.
  std::string jobs() { return pool().jobs_path(); }

  Caller pusher(const Caller& caller) {
    callers_->grant(caller, "DATA_PUSH_API", pool().pool());
    return caller;
  }
  std::string id_of_key(const std::string& authorization) {
    return std::string(as(authorization).get("/adit/api/v1/me").json().at("keyId").as_string());
  }
  int change(const std::string& target, const json::object& body) {
    return admin_->send({"PUT", target, {}, json::serialize(body)}).status;
  }
  OauthClientData client() {
    auto made = make_client(*admin_, {{"name", "Loader"}, {"scopes", {"integration.data-pools"}}});
    callers_->grant({"applications", made.application}, "DATA_PUSH_API", pool().pool());
    return made;
  }
  std::string token(const OauthClientData& client) {
    auto http = server().http();
    const auto issued =
        post_form(http, "/oauth2/token", {{"grant_type", "client_credentials"}}, client.basic());
    return std::string(issued.json().at("access_token").as_string());
  }
  /// Whoever comes with this header is let in until `take_away` returns, and no request after it.
  void expect_end(const std::string& authorization, int status, const std::function<void()>& take_away) {
    Asking asking(as(authorization), jobs());
    asking.wait_until_let_in();
    take_away();
    const auto answered = steady_clock::now();
    EXPECT_LE(asking.last_let_in(), answered) << "a request after the answer was let in";
    EXPECT_EQ(asking.refusal(), status);
  }

  std::unique_ptr<Callers> callers_;
  std::unique_ptr<Http> admin_;
  const std::string api_ = "/adit/api/v1";
};

TEST_F(Revocation, OfAKeyEndsWithItsAnswer) {
  const auto one = pusher(callers_->user());
  const auto id = id_of_key(one.authorization);
  expect_end(one.authorization, 401, [&] { EXPECT_EQ(admin_->del(api_ + "/keys/" + id).status, 204); });
  const auto two = pusher(callers_->application());
  const auto other = id_of_key(two.authorization);
  expect_end(two.authorization, 401, [&] {
    EXPECT_EQ(admin_->post_json(api_ + "/keys/" + other + "/rotate", {{"overlapSeconds", 0}}).status, 200);
  });
}

TEST_F(Revocation, OfAUserOrAnApplicationEndsWithItsAnswer) {
  const auto disabled = pusher(callers_->user());
  expect_end(disabled.authorization, 401, [&] { callers_->set_active(disabled, false); });
  const auto deleted = pusher(callers_->user());
  expect_end(deleted.authorization, 401,
             [&] { EXPECT_EQ(admin_->del(api_ + "/users/" + deleted.id).status, 204); });
  const auto demoted = callers_->user("ADMIN");
  expect_end(demoted.authorization, 403,
             [&] { EXPECT_EQ(change(api_ + "/users/" + demoted.id, {{"role", "MEMBER"}}), 200); });
  const auto application = pusher(callers_->application());
  expect_end(application.authorization, 401, [&] { callers_->set_active(application, false); });
}

TEST_F(Revocation, OfAPermissionEndsWithItsAnswer) {
  const auto user = pusher(callers_->user());
  expect_end(user.authorization, 403, [&] { callers_->revoke(user, "DATA_PUSH_API", pool().pool()); });
  const auto member = callers_->user();
  const auto group = pusher(callers_->group_of({member}));
  expect_end(member.authorization, 403, [&] {
    EXPECT_EQ(admin_->del(api_ + "/groups/" + group.id + "/members/" + member.id).status, 204);
  });
}

TEST_F(Revocation, OfATokenEndsWithItsAnswer) {
  const auto loader = client();
  const auto first = token(loader);
  expect_end("Bearer " + first, 401, [&] {
    auto http = server().http();
    EXPECT_EQ(post_form(http, "/oauth2/revoke", {{"token", first}}, loader.basic()).status, 200);
  });
  const auto one = api_ + "/oauth/clients/" + loader.id;
  expect_end("Bearer " + token(loader), 401, [&] { EXPECT_EQ(admin_->post(one + "/revoke").status, 204); });
  expect_end("Bearer " + token(loader), 401, [&] { EXPECT_EQ(change(one, {{"active", false}}), 200); });
  EXPECT_EQ(change(one, {{"active", true}}), 200);
  expect_end("Bearer " + token(loader), 401, [&] { EXPECT_EQ(admin_->del(one).status, 204); });
}

TEST_F(Revocation, ByTheCommandLineEndsWithTheCommandToo) {
  const auto run = [&](const std::vector<std::string>& arguments) {
    EXPECT_EQ(call(server(), arguments).status, ExitStatus::exited(0));
  };
  const auto user = pusher(callers_->user());
  const auto key = callers_->key_of(user, {});
  expect_end(key, 401, [&] { run({"key", "delete", id_of_key(key)}); });
  expect_end(user.authorization, 401, [&] { run({"user", "change", user.id, "--disable"}); });
  const auto loader = client();
  expect_end("Bearer " + token(loader), 401, [&] { run({"client", "revoke", loader.id}); });
  // What works on the folder only is refused while the server has it.
  const auto refused =
      call(server(), {"team", "create", "Acme", "--domain", "acme", "--email", "a@b.example"});
  EXPECT_NE(refused.status, ExitStatus::exited(0));
}

TEST_F(Revocation, ByAnotherProcessEndsWithinASecond) {
  const auto team = *TeamId::parse(std::string(admin_->get("/api/cloud/team").json().at("id").as_string()));
  const auto other = open_sqlite_catalog(server().data() / "catalog.db");
  ASSERT_TRUE(other) << other.error().internal_detail;
  auto& catalog = **other;
  const auto expect_end_soon = [&](const std::string& authorization, int status,
                                   const std::function<void()>& take_away) {
    Asking asking(as(authorization), jobs());
    asking.wait_until_let_in();
    take_away();
    const auto changed = steady_clock::now();
    // One caller, who asks one thing at a time: whatever begins later looks into the catalog again.
    EXPECT_LE(asking.last_let_in(), changed + std::chrono::seconds(1));
    EXPECT_EQ(asking.refusal(), status);
  };
  const auto one = pusher(callers_->user());
  const auto key = *KeyId::parse(id_of_key(one.authorization));
  expect_end_soon(one.authorization, 401, [&] { EXPECT_TRUE(*catalog.delete_key(team, key)); });
  const auto two = pusher(callers_->application());
  expect_end_soon(two.authorization, 403, [&] {
    EXPECT_TRUE(*catalog.delete_grant({team, subject_of(*ApplicationId::parse(two.id)),
                                       *PoolId::parse(pool().pool()), Permission::kDataPushApi}));
  });
  const auto loader = client();
  expect_end_soon("Bearer " + token(loader), 401,
                  [&] { EXPECT_TRUE(catalog.revoke_client(team, *ClientId::parse(loader.id))); });
}

TEST_F(Revocation, WhatHasExpiredSaysSoInTheWordsOfItsScheme) {
  const auto loader = client();
  const auto old_token = token(loader);
  const auto user = pusher(callers_->user());
  const auto application = pusher(callers_->application());
  const auto user_key = id_of_key(user.authorization);
  const auto application_key = id_of_key(application.authorization);
  for (const auto& header : {"Bearer " + old_token, user.authorization, application.authorization}) {
    EXPECT_EQ(as(header).get(jobs()).status, 200);
  }
  // A quarter of an hour, and what a key lives, in no time.
  server().terminate();
  change_catalog(server().data(),
                 "UPDATE oauth_tokens SET expires = created + 1; UPDATE api_keys SET expires = "
                 "created + 1 WHERE id IN ('" +
                     user_key + "', '" + application_key + "')");
  server().start();
  const auto challenge = [&](const std::string& authorization) {
    const auto response = as(authorization).get(jobs());
    expect_error_body(response, 401);
    EXPECT_NE(response.body.find("expired"), std::string::npos) << response.body;
    return response.header("www-authenticate").value_or("");
  };
  // RFC 6750 §3.1.
  EXPECT_EQ(challenge("Bearer " + old_token),
            "Bearer realm=\"adit\", error=\"invalid_token\", error_description=\"The access token expired\"");
  EXPECT_EQ(challenge(user.authorization),
            "Bearer realm=\"adit\", error=\"invalid_token\", error_description=\"The key has expired.\"");
  EXPECT_EQ(challenge(application.authorization), "Bearer realm=\"adit\", AppKey realm=\"adit\"");
  EXPECT_EQ(as("Bearer " + token(loader)).get(jobs()).status, 200) << "another token is to be had";
}

}  // namespace
}  // namespace adit::test
