// OAuth's pages as a user sees them: logged in, asked, and sent back to the application.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "browser/web_driver.h"
#include "support/callers.h"
#include "support/oauth.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

const std::string kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const std::string kPassword = "correct horse battery staple";
const std::string kScope = "integration.data-pools:read";

/// An application of the user's own machine asks: adit itself stands at its redirect URI, where it has no
/// page.
class OauthPages : public ServerTest {
 protected:
  void SetUp() override {
    if (!WebDriver::installed()) GTEST_SKIP() << "Chromium is not installed: tools/setup test";
    ServerTest::SetUp();
    callers_ = std::make_unique<Callers>(server().http());
    user_ = callers_->user();
    callers_->grant(user_, "VIEW_DATA_POOL", pool().pool());
    email_ = callers_->choose_password(user_, kPassword);
    client_ = make_client(pool().http(), {{"name", "Desk <b>top</b>"},
                                          {"confidential", false},
                                          {"scopes", {kScope}},
                                          {"redirectUris", {redirect_uri()}}});
    browser_ = std::make_unique<WebDriver>();
  }
  void TearDown() override {
    if (!browser_) return;
    if (HasFailure()) keep_screenshot("failed");
    browser_.reset();
    ServerTest::TearDown();
  }
  std::string redirect_uri() { return "http://" + server().address() + "/back"; }
  std::string link(const std::string& base) {
    return base + "/oauth2/authorize?" +
           form_encode({{"response_type", "code"},
                        {"client_id", client_.id},
                        {"redirect_uri", redirect_uri()},
                        {"scope", kScope},
                        {"state", "1"},
                        {"code_challenge", challenge_of(kVerifier)},
                        {"code_challenge_method", "S256"}});
  }
  std::string link() { return link("http://" + server().address()); }
  void log_in(const std::string& password) {
    browser_->type("input[name=email]", email_);
    log_in_again(password);
  }
  /// The page has kept the e-mail address of the last try.
  void log_in_again(const std::string& password) {
    browser_->type("input[name=password]", password);
    browser_->click("button[value=log_in]");
  }
  /// Into the folder that SCREENSHOTS_IN names, for people.
  void keep_screenshot(const std::string& name) {
    const auto* folder = std::getenv("SCREENSHOTS_IN");
    if (folder == nullptr) return;
    std::ofstream(std::filesystem::path(folder) / (name + ".png"), std::ios::binary)
        << browser_->screenshot();
  }
  /// The page has its style, and the browser had nothing to refuse in it.
  void expect_sound_page(const std::string& title) {
    EXPECT_EQ(browser_->title(), title);
    EXPECT_EQ(browser_->style("body", "max-width"), "416px") << "the style is not applied";
    for (const auto& line : browser_->complaints()) {
      // Browsers ask for it by themselves, and adit has none.
      if (line.find("/favicon.ico") == std::string::npos) ADD_FAILURE() << line;
    }
  }

  Caller user_;
  std::string email_;
  OauthClientData client_;
  std::unique_ptr<Callers> callers_;
  std::unique_ptr<WebDriver> browser_;
};

TEST_F(OauthPages, AUserLogsInAllowsAndTheClientActsForThem) {
  browser_->open(link());
  expect_sound_page("Log in to adit");
  keep_screenshot("log_in");
  log_in("not the password");
  EXPECT_EQ(browser_->text("[role=alert]"), "The e-mail address or the password is wrong.");
  keep_screenshot("wrong_password");
  browser_->complaints();  // that the answer was no 200
  log_in_again(kPassword);
  expect_sound_page("Allow access to adit");
  EXPECT_EQ(browser_->text("h1"), "Let Desk <b>top</b> act for you?");
  EXPECT_NE(browser_->text("li").find("read the tables"), std::string::npos);
  keep_screenshot("consent");
  browser_->click("button[value=allow]");
  const auto back = browser_->url();
  ASSERT_EQ(back.find(redirect_uri() + "?"), 0U) << back;
  EXPECT_EQ(query_value(back, "state"), "1");
  auto http = server().http();
  const auto issued = post_form(http, "/oauth2/token",
                                {{"grant_type", "authorization_code"},
                                 {"code", query_value(back, "code")},
                                 {"client_id", client_.id},
                                 {"redirect_uri", redirect_uri()},
                                 {"code_verifier", kVerifier}});
  ASSERT_EQ(issued.status, 200) << issued.body;
  http.set_authorization("Bearer " + std::string(issued.json().at("access_token").as_string()));
  EXPECT_EQ(http.get("/integration/api/pools/" + pool().pool() + "/tables").status, 200);
}

TEST_F(OauthPages, DenyingSendsBackWithoutACode) {
  browser_->open(link());
  log_in(kPassword);
  browser_->click("button[value=deny]");
  const auto back = browser_->url();
  ASSERT_EQ(back.find(redirect_uri() + "?"), 0U) << back;
  EXPECT_EQ(query_value(back, "error"), "access_denied");
  EXPECT_EQ(query_value(back, "code"), "");
}

TEST_F(OauthPages, ASessionOverTlsHoldsUntilTheUserLogsOut) {
  const auto secure = link("https://" + server().tls_address());
  browser_->open(secure);
  log_in(kPassword);
  EXPECT_EQ(browser_->cookies(), std::vector<std::string>{"__Host-adit-login"});
  browser_->open(secure);
  EXPECT_EQ(browser_->title(), "Allow access to adit");
  browser_->click("button[value=log_out]");
  EXPECT_EQ(browser_->title(), "Log in to adit");
  browser_->open(secure);
  EXPECT_EQ(browser_->title(), "Log in to adit");
}

TEST_F(OauthPages, ARequestThatIsWrongIsExplained) {
  auto wrong = link();
  wrong.replace(wrong.find(client_.id), client_.id.size(), "00000000-0000-4000-8000-000000000000");
  browser_->open(wrong);
  EXPECT_EQ(browser_->text("h1"), "This does not work");
  EXPECT_EQ(browser_->url(), wrong) << "nobody is sent anywhere";
  keep_screenshot("error");
}

}  // namespace
}  // namespace adit::test
