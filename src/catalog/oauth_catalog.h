// OAuth's clients, consents and tokens, as the catalog keeps them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/oauth.h"
#include "model/team.h"

namespace adit {

/// So many of each; more are kConflict.
struct OauthBounds {
  static constexpr std::int64_t kClientsMax = 1'000;          ///< of a team
  static constexpr std::int64_t kConsentsOfUserMax = 1'000;   ///< that have not expired
  static constexpr std::int64_t kForgottenAtOnce = 100;       ///< expired tokens, as new ones are entered
  static constexpr std::int64_t kLoginsOfUserMax = 20;        ///< then the user's oldest ends
  static constexpr std::int64_t kTokensOfClientMax = 10'000;  ///< that acts for itself; then its oldest end
  static constexpr std::int64_t kTokensOfConsentMax = 1'000;  ///< spent ones included; then its oldest end
};

/// So long a token is remembered after its end: until then it is told to have expired, later to be unknown.
inline constexpr std::chrono::milliseconds kTokenTraces{3'600'000};

/// For calls, threads and errors see Catalog. What takes a right away raises access_version().
class OauthCatalog {
 public:
  virtual ~OauthCatalog() = default;

  // Clients.
  /// With the application `made` for it, if there was none. kNotFound: its application is not the team's.
  virtual Result<void> insert_client(const OauthClient& client, const std::optional<Application>& made) = 0;
  virtual Result<std::optional<OauthClient>> find_client(ClientId client) = 0;
  virtual Result<std::vector<OauthClient>> list_clients(TeamId team) = 0;  ///< oldest first
  /// Writes all but ids, application, kind, creator and creation. False: there is no such client.
  virtual Result<bool> update_client(const OauthClient& client) = 0;
  /// With its consents and tokens, without its application. False: there was none.
  virtual Result<bool> delete_client(TeamId team, ClientId client) = 0;
  /// Removes its consents and tokens; the number of both.
  virtual Result<std::uint64_t> revoke_client(TeamId team, ClientId client) = 0;

  // Consents.
  virtual Result<void> insert_consent(const OauthConsent& consent, const OauthToken& code) = 0;
  virtual Result<std::vector<OauthConsent>> list_consents(TeamId team, UserId user) = 0;  ///< oldest first
  /// With its tokens. False: the user has none of that id.
  virtual Result<bool> delete_consent(TeamId team, UserId user, ConsentId consent) = 0;

  // Tokens.
  /// Relaxed: a token that a power cut takes is asked for again.
  virtual Result<void> insert_token(const OauthToken& token) = 0;
  /// With those of its scopes that its client still has.
  virtual Result<std::optional<OauthToken>> find_token(const Sha256Digest& digest) = 0;
  /// Marks a code or a refresh token as spent and enters what was given for it. False: it was spent or
  /// revoked before; then the consent and all its tokens are removed.
  virtual Result<bool> exchange_token(const OauthToken& spent, const std::vector<OauthToken>& given) = 0;
  /// Removes an access token; of a refresh token its consent and the tokens of that.
  virtual Result<void> delete_token(const OauthToken& token) = 0;
  /// Removes what has been over since `before`, at most `limit` of each kind of thing; how many.
  virtual Result<std::uint64_t> forget_tokens(Timestamp before, std::uint64_t limit) = 0;

  // Sessions in the browser.
  virtual Result<void> insert_login(const Login& login) = 0;
  virtual Result<std::optional<Login>> find_login(const Sha256Digest& digest) = 0;
  virtual Result<void> delete_login(const Sha256Digest& digest) = 0;
};

}  // namespace adit
