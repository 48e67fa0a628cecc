// Callers: users and applications of a server's team, made over its API by its administrator.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "support/http_client.h"

namespace adit::test {

/// Somebody who calls: what stands in the path of a grant, and in the Authorization header.
struct Caller {
  std::string kind;  ///< `users` or `applications`
  std::string id;
  std::string authorization{};  ///< with a key without restrictions
};

/// Every function throws std::runtime_error when the server does not answer as it should. Not thread-safe.
class Callers {
 public:
  explicit Callers(Http administrator) : http_(std::move(administrator)) {}

  Caller user(const std::string& role = "MEMBER");
  Caller application();
  /// The Authorization of another key of theirs; `more` is put into its request.
  std::string key_of(const Caller& caller, boost::json::object more);
  /// Puts users into a new group; what is granted to it is theirs. The result has no key.
  Caller group_of(const std::vector<Caller>& users);

  /// In the team, or on a pool.
  void grant(const Caller& to, const std::string& permission, const std::string& pool = "");
  void revoke(const Caller& from, const std::string& permission, const std::string& pool = "");
  void set_active(const Caller& caller, bool active);
  /// Resets a user's password, as an administrator does; the one-time password.
  std::string reset_password(const Caller& user);
  /// The user's own choice in place of the one-time password that an administrator gives; the e-mail address
  /// to log in with.
  std::string choose_password(const Caller& user, const std::string& password);

 private:
  boost::json::object made(const HttpResponse& response);
  HttpResponse put(const std::string& target, const boost::json::value& body);

  Http http_;
};

/// Grants everything on data to the application of a key that was just made.
void let_application_work(Http& administrator, const boost::json::value& made_key);

}  // namespace adit::test
