// What every catalog keeps of OAuth.
#include "catalog/catalog_contract.h"

namespace adit {
namespace {

class OauthContract : public CatalogContract {
 protected:
  void SetUp() override {
    CatalogContract::SetUp();
    client_.id = ClientId::random();
    client_.team = team_.id;
    client_.application = app_.id;
    client_.name = "Extractor";
    client_.redirect_uris = {"https://a.example/cb", "com.example.app:/cb"};
    client_.grant_types = {GrantType::kClientCredentials, GrantType::kRefreshToken};
    client_.scopes = {Scope::kDataPush, Scope::kRead};
    client_.creator = user_.id;
    client_.created = at(1);
    client_.secret = sha256("secret");
    ASSERT_TRUE(catalog().insert_client(client_, app_).ok());
  }
  OauthToken token(const std::string& text, TokenKind kind = TokenKind::kAccess,
                   std::optional<ConsentId> consent = {}) const {
    OauthToken token;
    token.digest = sha256(text);
    token.kind = kind;
    token.team = team_.id;
    token.client = client_.id;
    token.consent = consent;
    if (consent) token.user = user_.id;
    token.limits.scopes = ScopeSet{Scope::kRead};
    token.created = at(10);
    token.expires = at(1000);
    return token;
  }
  OauthConsent consent() const {
    return {ConsentId::random(), team_.id, client_.id, user_.id, {Scope::kRead}, at(10), at(9000)};
  }
  bool knows(const std::string& text) { return catalog().find_token(sha256(text))->has_value(); }
  std::uint64_t version() { return *catalog().access_version(); }

  const Application app_{ApplicationId::random(), team_.id, "Extractor", user_.id, true, at(0)};
  OauthClient client_;
};

TEST_P(OauthContract, KeepsAClientWithItsApplication) {
  reopen();
  const auto found = *catalog().find_client(client_.id);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->application, app_.id);
  EXPECT_EQ(found->redirect_uris, client_.redirect_uris);
  EXPECT_EQ(found->grant_types, client_.grant_types);
  EXPECT_EQ(found->scopes, client_.scopes);
  EXPECT_EQ(found->secret, client_.secret);
  EXPECT_EQ(found->old_secret, std::nullopt);
  EXPECT_TRUE(catalog().find_application(team_.id, app_.id)->has_value());
  auto other = client_;
  other.id = ClientId::random();
  other.application = ApplicationId::random();
  EXPECT_EQ(catalog().insert_client(other, std::nullopt).error().kind, ErrorKind::kNotFound);
}

TEST_P(OauthContract, ChangesAClientAndSaysThatSomethingChanged) {
  auto next = client_;
  next.name = "Other";
  next.active = false;
  next.secret = sha256("next");
  next.old_secret = client_.secret;
  next.old_secret_ends = at(50);
  const auto before = version();
  EXPECT_TRUE(*catalog().update_client(next));
  EXPECT_GT(version(), before);
  const auto found = **catalog().find_client(client_.id);
  EXPECT_EQ(found.name, "Other");
  EXPECT_FALSE(found.active);
  EXPECT_EQ(found.old_secret, client_.secret);
  EXPECT_EQ(found.old_secret_ends, at(50));
  next.id = ClientId::random();
  EXPECT_FALSE(*catalog().update_client(next));
}

TEST_P(OauthContract, FindsATokenWithItsClient) {
  ASSERT_TRUE(catalog().insert_token(token("one")).ok());
  const auto found = **catalog().find_token(sha256("one"));
  EXPECT_EQ(found.application, app_.id);
  EXPECT_TRUE(found.client_active);
  EXPECT_EQ(found.limits.scopes, ScopeSet{Scope::kRead});
  EXPECT_EQ(found.expires, at(1000));
  EXPECT_EQ(found.consent, std::nullopt);
  EXPECT_FALSE(knows("two"));
}

TEST_P(OauthContract, AnExchangeHappensOnce) {
  const auto allowed = consent();
  const auto code = token("code", TokenKind::kCode, allowed.id);
  ASSERT_TRUE(catalog().insert_consent(allowed, code).ok());
  EXPECT_TRUE(*catalog().exchange_token(code, {token("access", TokenKind::kAccess, allowed.id),
                                               token("refresh", TokenKind::kRefresh, allowed.id)}));
  EXPECT_TRUE(knows("access"));
  EXPECT_TRUE((*catalog().find_token(sha256("code")))->spent);
  EXPECT_EQ((*catalog().find_token(sha256("refresh")))->consent_expires, at(9000));
  const auto before = version();
  EXPECT_FALSE(*catalog().exchange_token(code, {token("stolen", TokenKind::kAccess, allowed.id)}));
  EXPECT_GT(version(), before);
  for (const auto* text : {"code", "access", "refresh", "stolen"}) EXPECT_FALSE(knows(text)) << text;
  EXPECT_TRUE(catalog().list_consents(team_.id, user_.id)->empty());
}

TEST_P(OauthContract, AConsentEndsWithAllItsTokens) {
  const auto allowed = consent();
  ASSERT_TRUE(catalog().insert_consent(allowed, token("code", TokenKind::kCode, allowed.id)).ok());
  ASSERT_TRUE(catalog().insert_token(token("own")).ok());
  const auto listed = *catalog().list_consents(team_.id, user_.id);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].client_name, "Extractor");
  EXPECT_FALSE(*catalog().delete_consent(team_.id, UserId::random(), allowed.id));
  EXPECT_TRUE(*catalog().delete_consent(team_.id, user_.id, allowed.id));
  EXPECT_FALSE(knows("code"));
  EXPECT_TRUE(knows("own"));
}

TEST_P(OauthContract, NothingOutlivesItsOwner) {
  const auto allowed = consent();
  ASSERT_TRUE(catalog().insert_consent(allowed, token("code", TokenKind::kCode, allowed.id)).ok());
  ASSERT_TRUE(catalog().insert_token(token("own")).ok());
  EXPECT_EQ(*catalog().revoke_client(team_.id, client_.id), 3U);
  EXPECT_FALSE(knows("own"));
  ASSERT_TRUE(catalog().insert_token(token("own")).ok());
  EXPECT_TRUE(*catalog().delete_application(team_.id, app_.id));
  EXPECT_FALSE(knows("own"));
  EXPECT_FALSE(catalog().find_client(client_.id)->has_value());
}

TEST_P(OauthContract, ForgetsWhatIsOver) {
  const auto allowed = consent();
  ASSERT_TRUE(catalog().insert_consent(allowed, token("code", TokenKind::kCode, allowed.id)).ok());
  ASSERT_TRUE(catalog().insert_login({sha256("login"), team_.id, user_.id, at(20)}).ok());
  EXPECT_EQ(*catalog().forget_tokens(at(500), 10), 1U) << "the log-in";
  EXPECT_TRUE(knows("code"));
  EXPECT_EQ(*catalog().forget_tokens(at(1001), 10), 2U) << "the code, and so the consent";
  EXPECT_TRUE(catalog().list_consents(team_.id, user_.id)->empty());
}

TEST_P(OauthContract, LoginsAreFewAndEndWithThePassword) {
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(catalog().insert_login({sha256(std::to_string(i)), team_.id, user_.id, at(100 + i)}).ok());
  }
  EXPECT_FALSE(catalog().find_login(sha256("4"))->has_value());
  EXPECT_TRUE(catalog().find_login(sha256("5"))->has_value());
  ASSERT_TRUE(catalog().set_password(team_.id, user_.id, {"hash", false}).ok());
  EXPECT_FALSE(catalog().find_login(sha256("24"))->has_value());
}

TEST_P(OauthContract, WhatAUserAllowedEndsWithThePassword) {
  const auto allowed = consent();
  ASSERT_TRUE(catalog().insert_consent(allowed, token("code", TokenKind::kCode, allowed.id)).ok());
  ASSERT_TRUE(catalog().insert_token(token("of the client")).ok());
  EXPECT_FALSE(*catalog().set_password(TeamId::random(), user_.id, {"hash", false}));
  EXPECT_TRUE(knows("code")) << "the password of another team's user was not changed";
  const auto before = version();
  ASSERT_TRUE(*catalog().set_password(team_.id, user_.id, {"hash", false}));
  EXPECT_GT(version(), before);
  EXPECT_FALSE(knows("code"));
  EXPECT_TRUE(knows("of the client"));
  EXPECT_TRUE(catalog().list_consents(team_.id, user_.id)->empty());
}

TEST_P(OauthContract, TokensOfAConsentAreBounded) {
  const auto allowed = consent();
  ASSERT_TRUE(catalog().insert_consent(allowed, token("code", TokenKind::kCode, allowed.id)).ok());
  ASSERT_TRUE(catalog().insert_token(token("of the client")).ok());
  auto last = token("code", TokenKind::kCode, allowed.id);
  const auto before = version();
  for (int i = 0; i < OauthBounds::kTokensOfConsentMax; ++i) {
    auto next = token("refresh " + std::to_string(i), TokenKind::kRefresh, allowed.id);
    next.created = at(11 + i);
    ASSERT_TRUE(*catalog().exchange_token(last, {next}));
    last = next;
  }
  EXPECT_GT(version(), before);
  EXPECT_FALSE(knows("code"));
  EXPECT_FALSE(knows("refresh 8"));
  EXPECT_TRUE(knows("refresh 9"));
  EXPECT_TRUE(knows("refresh " + std::to_string(OauthBounds::kTokensOfConsentMax - 1)));
  EXPECT_TRUE(knows("of the client"));
}

INSTANTIATE_TEST_SUITE_P(All, OauthContract,
                         testing::Values(CatalogBackend{"Sqlite",
                                                        [](const fs::path& folder) {
                                                          fs::create_directories(folder);
                                                          return open_sqlite_catalog(folder / "catalog.db");
                                                        }}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace adit
