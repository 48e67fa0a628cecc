#include "access/oauth_tokens.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "access/authenticator.h"
#include "access/authorization.h"
#include "access/keys.h"
#include "access/oauth_authorization.h"
#include "access/oauth_text.h"
#include "base/set_clock.h"

namespace adit {
namespace {

class OauthFlows : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("adit-oauth-" + Uuid::random().to_string());
    std::filesystem::create_directories(folder_);
    catalog_ = *open_sqlite_catalog(folder_ / "catalog.db");
    const auto key = issue_key({team_.id, subject_of(user_.id), user_.id, "first"}, clock_.now());
    ASSERT_TRUE(catalog_->found_team(team_, user_, key.key));
    client_.id = ClientId::random();
    client_.team = team_.id;
    client_.application = app_.id;
    client_.name = "Client";
    client_.creator = user_.id;
    client_.redirect_uris = {kUri};
    client_.scopes = {Scope::kDataPush, Scope::kRead};
    client_.grant_types = {GrantType::kClientCredentials, GrantType::kAuthorizationCode,
                           GrantType::kRefreshToken};
    secret_ = regenerate_secret(client_, std::chrono::seconds(0), clock_.now());
    ASSERT_TRUE(catalog_->insert_client(client_, app_));
    // Another process has an authenticator of its own.
    authenticator_ = std::make_unique<Authenticator>(*catalog_, clock_);
  }
  void TearDown() override {
    catalog_.reset();
    std::filesystem::remove_all(folder_);
  }

  OauthTokens tokens() { return {*catalog_, clock_}; }
  OauthResult<IssuedTokens> issue(TokenRequest request) { return tokens().issue(client_, request); }
  IssuedTokens own_token(const std::string& scope = "integration.data-pools:data_push") {
    auto issued = issue({.grant_type = "client_credentials", .scope = scope});
    EXPECT_TRUE(issued) << issued.error().description;
    return *std::move(issued);
  }
  std::string code() {
    AuthorizationRequest asked;
    asked.redirect_uri = kUri;
    asked.code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    return *allow(*catalog_, client_, asked, {Scope::kRead}, user_.id, clock_.now());
  }
  TokenRequest with_code(const std::string& code) const {
    return {
        .grant_type = "authorization_code", .code = code, .redirect_uri = kUri, .code_verifier = kVerifier};
  }
  static TokenRequest with_refresh(const std::string& token) {
    return {.grant_type = "refresh_token", .refresh_token = token};
  }
  Result<Principal> who(const std::string& token) { return authenticator_->authenticate("Bearer " + token); }
  std::string refusal(const std::string& token) {
    const auto principal = who(token);
    return principal ? "" : principal.error().public_message;
  }
  void pass(std::chrono::milliseconds time) { clock_.advance(time); }

  const std::string kUri = "https://a.example/cb";
  const std::string kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  SetClock clock_;
  std::filesystem::path folder_;
  const Team team_{TeamId::random(), "Team", "team"};
  const User user_{UserId::random(), team_.id, "Ada", "ada@example.org", Role::kAdministrator};
  const Application app_{ApplicationId::random(), team_.id, "Client", user_.id, true};
  OauthClient client_;
  std::string secret_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(OauthFlows, AClientForItselfIsItsApplication) {
  const auto principal = who(own_token().access_token);
  ASSERT_TRUE(principal) << principal.error().public_message;
  EXPECT_EQ(principal->subject, subject_of(app_.id));
  EXPECT_EQ(principal->limits->scopes, ScopeSet{Scope::kDataPush});
  EXPECT_TRUE(authorize(*principal, Needs::kCredentials));
}

TEST_F(OauthFlows, AScopeAndThePermissionAreNeeded) {
  const auto pool = PoolId::random();
  ASSERT_TRUE(catalog_->insert_pool({pool, team_.id, "Pool", "", user_.id.uuid(), clock_.now()}, {}));
  const auto may = [&](const std::string& scope, Needs needs) {
    const auto principal = who(own_token(scope).access_token);
    return authorize(*principal, needs, pool).ok();
  };
  const std::string push = "integration.data-pools:data_push";
  const std::string read = "integration.data-pools:read";
  EXPECT_FALSE(may(push, Needs::kPushData)) << "a scope without the permission";
  ASSERT_TRUE(catalog_->insert_grant({team_.id, subject_of(app_.id), pool, Permission::kDataPushApi}));
  authenticator_->changed();
  EXPECT_TRUE(may(push, Needs::kPushData));
  EXPECT_FALSE(may(read, Needs::kPushData)) << "the permission without a scope";
  EXPECT_FALSE(may(read, Needs::kViewPool));
  ASSERT_TRUE(catalog_->insert_grant({team_.id, subject_of(app_.id), pool, Permission::kViewDataPool}));
  authenticator_->changed();
  EXPECT_TRUE(may(read, Needs::kViewPool));
  EXPECT_FALSE(may(push, Needs::kViewPool));
  EXPECT_FALSE(may(read, Needs::kAdministerTeam));
}

TEST_F(OauthFlows, ATokenEndsAfterFifteenMinutesAndSaysSo) {
  const auto token = own_token().access_token;
  const auto principal = who(token);
  pass(std::chrono::milliseconds(899'999));
  EXPECT_EQ(refusal(token), "");
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(refusal(token), "The access token expired");
  EXPECT_TRUE(authenticator_->ask_again(*principal)) << "a request that began in time goes on";
}

TEST_F(OauthFlows, AnotherProcessNoticesARevocationWithinASecond) {
  const auto token = own_token().access_token;
  EXPECT_EQ(refusal(token), "");
  ASSERT_TRUE(*tokens().revoke(client_, token));
  pass(std::chrono::milliseconds(999));
  EXPECT_NE(refusal(token), "");
}

TEST_F(OauthFlows, WhatIsDisabledOpensNothing) {
  const auto own = own_token().access_token;
  const auto for_user = issue(with_code(code()))->access_token;
  auto client = client_;
  client.active = false;
  ASSERT_TRUE(*catalog_->update_client(client));
  authenticator_->changed();
  EXPECT_EQ(refusal(own), "The client of this access token is disabled");
  EXPECT_FALSE(tokens().authenticate({client_.id.to_string(), secret_}));
  client.active = true;
  ASSERT_TRUE(*catalog_->update_client(client));
  auto application = app_;
  application.active = false;
  ASSERT_TRUE(*catalog_->update_application(application));
  authenticator_->changed();
  EXPECT_NE(refusal(own), "");
  EXPECT_NE(refusal(for_user), "");
  EXPECT_FALSE(tokens().authenticate({client_.id.to_string(), secret_}));
}

TEST_F(OauthFlows, ACodeGivesTokensOnce) {
  const auto text = code();
  const auto issued = issue(with_code(text));
  ASSERT_TRUE(issued) << issued.error().description;
  const auto principal = who(issued->access_token);
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->subject, subject_of(user_.id));
  EXPECT_EQ(issued->scopes, ScopeSet{Scope::kRead});
  EXPECT_EQ(issue(with_code(text)).error().fault, OauthFault::kInvalidGrant);
  authenticator_->changed();
  EXPECT_NE(refusal(issued->access_token), "") << "what came of the code is revoked";
  EXPECT_EQ(issue(with_refresh(*issued->refresh_token)).error().fault, OauthFault::kInvalidGrant);
}

TEST_F(OauthFlows, ACodeIsBoundToItsRequest) {
  const auto text = code();
  auto request = with_code(text);
  request.redirect_uri = "https://a.example/other";
  EXPECT_EQ(issue(request).error().fault, OauthFault::kInvalidGrant);
  request = with_code(text);
  request.code_verifier = std::string(43, 'x');
  EXPECT_EQ(issue(request).error().fault, OauthFault::kInvalidGrant);
  request.code_verifier.reset();
  EXPECT_EQ(issue(request).error().fault, OauthFault::kInvalidRequest);
  auto other = client_;
  other.id = ClientId::random();
  EXPECT_EQ(tokens().issue(other, with_code(text)).error().fault, OauthFault::kInvalidGrant);
  pass(std::chrono::milliseconds(60'000));
  EXPECT_EQ(issue(with_code(text)).error().description, "The code expired.");
}

TEST_F(OauthFlows, AVerifierThatNobodyAnnouncedIsRefused) {
  AuthorizationRequest asked;
  asked.redirect_uri = kUri;
  const auto text = *allow(*catalog_, client_, asked, {Scope::kRead}, user_.id, clock_.now());
  EXPECT_EQ(issue(with_code(text)).error().fault, OauthFault::kInvalidGrant);
}

TEST_F(OauthFlows, ARefreshTokenIsReplacedAtEachUse) {
  const auto first = issue(with_code(code()));
  const auto second = issue(with_refresh(*first->refresh_token));
  ASSERT_TRUE(second) << second.error().description;
  EXPECT_NE(second->refresh_token, first->refresh_token);
  EXPECT_EQ(refusal(first->access_token), "") << "it lives to its end";
  EXPECT_EQ(issue(with_refresh(*first->refresh_token)).error().fault, OauthFault::kInvalidGrant);
  authenticator_->changed();
  for (const auto& token : {first->access_token, second->access_token}) EXPECT_NE(refusal(token), "");
  EXPECT_EQ(issue(with_refresh(*second->refresh_token)).error().fault, OauthFault::kInvalidGrant);
  EXPECT_TRUE(catalog_->list_consents(team_.id, user_.id)->empty());
}

TEST_F(OauthFlows, ARefreshGivesNoMoreThanWasAllowed) {
  auto issued = issue(with_code(code()));
  auto request = with_refresh(*issued->refresh_token);
  request.scope = "integration.data-pools:data_push";
  EXPECT_EQ(issue(request).error().fault, OauthFault::kInvalidScope);
  client_.scopes = {Scope::kDataPush};
  ASSERT_TRUE(*catalog_->update_client(client_));
  EXPECT_EQ(issue(with_refresh(*issued->refresh_token)).error().fault, OauthFault::kInvalidScope);
}

TEST_F(OauthFlows, HoweverOftenItIsRefreshedAConsentEnds) {
  auto issued = issue(with_code(code()));
  for (int i = 0; i < 4; ++i) {
    pass(std::chrono::days(20));
    issued = issue(with_refresh(*issued->refresh_token));
    ASSERT_TRUE(issued) << i << issued.error().description;
  }
  pass(std::chrono::days(10));
  EXPECT_EQ(issue(with_refresh(*issued->refresh_token)).error().description, "The refresh token expired.");
}

TEST_F(OauthFlows, SecretsOverlapAsLongAsWasSaid) {
  const auto next = regenerate_secret(client_, std::chrono::seconds(60), clock_.now());
  ASSERT_TRUE(*catalog_->update_client(client_));
  const auto id = client_.id.to_string();
  EXPECT_TRUE(tokens().authenticate({id, secret_}));
  EXPECT_TRUE(tokens().authenticate({id, next}));
  pass(std::chrono::seconds(60));
  EXPECT_FALSE(tokens().authenticate({id, secret_}));
  EXPECT_TRUE(tokens().authenticate({id, next}));
  EXPECT_FALSE(tokens().authenticate({id, std::nullopt}));
  EXPECT_FALSE(tokens().authenticate({id, ""}));
  EXPECT_FALSE(tokens().authenticate({ClientId::random().to_string(), next}));
}

TEST_F(OauthFlows, APublicClientMustProveThatItAsked) {
  client_.confidential = false;
  AuthorizationRequest asked{
      .response_type = "code", .client_id = client_.id.to_string(), .redirect_uri = kUri};
  const auto fault = [&] { return check_authorization(client_, asked).error().fault; };
  EXPECT_EQ(fault(), OauthFault::kInvalidRequest);
  asked.code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  EXPECT_EQ(fault(), OauthFault::kInvalidRequest) << "without a method it is plain";
  asked.code_challenge_method = "plain";
  EXPECT_EQ(fault(), OauthFault::kInvalidRequest);
  asked.code_challenge_method = "S256";
  EXPECT_TRUE(check_authorization(client_, asked));
  EXPECT_EQ(issue({.grant_type = "client_credentials"}).error().fault, OauthFault::kUnauthorizedClient);
}

}  // namespace
}  // namespace adit
