// Logins: users in a browser, by e-mail address and password.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/passwords.h"
#include "base/clock.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "model/oauth.h"

namespace adit {

/// A session is a random text in a cookie, of which the catalog keeps a digest: any process knows it, and it
/// ends with its user, with the user's password, and after an hour. Thread-safe.
class Logins {
 public:
  Logins(Catalog& catalog, Passwords& passwords, const Clock& clock)
      : catalog_(catalog), passwords_(passwords), clock_(clock) {}

  /// The text of a new session. kUnauthorized takes as long whether there is such a user or not and does not
  /// tell; kConflict: the password is for one time only, so the user must choose another one first;
  /// kUnavailable: it was not looked at, see Passwords.
  Result<std::string> log_in(TeamId team, const std::string& email, std::string_view password);
  /// The active user of a session, in this team; nothing: there is none.
  Result<std::optional<User>> find(TeamId team, std::string_view session);
  Result<void> log_out(std::string_view session);

 private:
  Catalog& catalog_;
  Passwords& passwords_;
  const Clock& clock_;
};

/// What a form must hold that a page with this session cookie sent: other sites can't read the cookie, so
/// they can't know it.
std::string form_token(std::string_view session);

}  // namespace adit
