// OAuth as its clients and its users' browsers speak it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "support/http_client.h"

namespace adit::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// application/x-www-form-urlencoded.
std::string form_encode(const Fields& fields);
/// The value of a parameter in the query of a URL, decoded; empty where there is none.
std::string query_value(const std::string& url, const std::string& name);
/// The code_challenge of a code_verifier.
std::string challenge_of(const std::string& verifier);

/// A client as the administrator made it.
struct OauthClientData {
  std::string id;
  std::string secret;
  std::string application;

  std::string basic() const;
};

/// Throws std::runtime_error when the server does not answer as it should.
OauthClientData make_client(Http& administrator, boost::json::object asked);

/// POST of a form without an Authorization header, or with this one.
HttpResponse post_form(Http& http, const std::string& target, const Fields& fields,
                       const std::string& authorization = "");

/// A browser that keeps cookies and follows nothing. Not thread-safe.
class Browser {
 public:
  explicit Browser(Http http) : http_(std::move(http)) { http_.set_authorization(std::nullopt); }

  HttpResponse get(const std::string& target);
  /// Sends the form of the page last seen, to where it says, with these fields besides its hidden ones.
  HttpResponse submit(Fields fields);
  /// Sends a form as another site would: without the hidden field.
  HttpResponse submit_without_token(const std::string& target, const Fields& fields);
  HttpResponse log_in(const std::string& target, const std::string& email, const std::string& password);

  std::string cookie;  ///< as it is sent: name=value
  std::string page;    ///< the last one

 private:
  HttpResponse send(HttpRequest request);

  Http http_;
};

}  // namespace adit::test
