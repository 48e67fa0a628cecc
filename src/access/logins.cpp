#include "access/logins.h"

#include "access/oauth_text.h"
#include "access/oauth_tokens.h"
#include "base/digest.h"

namespace adit {

Result<std::string> Logins::log_in(TeamId team, const std::string& email, std::string_view password) {
  ADIT_TRY(const auto user, catalog_.find_user_by_email(team, email));
  std::optional<Password> kept;
  if (user) {
    ADIT_TRY(kept, catalog_.find_password(user->id));
  }
  const bool has_password = kept && !kept->hash.empty();
  ADIT_TRY(const bool right,
           passwords_.verify(has_password ? kept->hash : Passwords::nobodys_hash(), password));
  if (!right || !has_password || !user->active) {
    return Error{ErrorKind::kUnauthorized, "The e-mail address or the password is wrong."};
  }
  if (kept->one_time) {
    return conflict(
        "This password is good for choosing another one only. Do that first (PUT /adit/api/v1/me/password), "
        "then log in with the new one.");
  }
  auto session = make_secret(SecretKind::kLogin);
  ADIT_CHECK(catalog_.insert_login({sha256(session), team, user->id, clock_.now() + OauthTimes::kLogin}));
  return session;
}

Result<std::optional<User>> Logins::find(TeamId team, std::string_view session) {
  if (!is_secret(SecretKind::kLogin, session)) return std::optional<User>();
  ADIT_TRY(const auto login, catalog_.find_login(sha256(session)));
  if (!login || login->team != team || login->expires <= clock_.now()) return std::optional<User>();
  ADIT_TRY(auto user, catalog_.find_user(login->user));
  if (!user || !user->active) return std::optional<User>();
  return user;
}

Result<void> Logins::log_out(std::string_view session) { return catalog_.delete_login(sha256(session)); }

std::string form_token(std::string_view session) {
  const auto digest = sha256("form of " + std::string(session));
  return to_base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace adit
