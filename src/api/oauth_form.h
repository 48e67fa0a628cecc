// The parameters of OAuth's requests, from the forms and queries that clients send them in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/oauth_tokens.h"
#include "api/api.h"
#include "base/result.h"
#include "http/message.h"

namespace adit {

/// Names and values; of a name that comes twice, find() sees the first, so the readers refuse it.
class OauthParameters {
 public:
  /// Of the body: application/x-www-form-urlencoded or multipart/form-data; an empty one has none. kInvalid
  /// for another type, a broken body, and a name that comes twice (RFC 6749 §3.2).
  static Result<OauthParameters> of_body(const http::Request& request);
  /// Of the query. kInvalid for a name that comes twice.
  static Result<OauthParameters> of_query(const http::Request& request);

  /// Nothing where the value is empty, which counts as absent (RFC 6749 §3.1).
  std::optional<std::string> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  static Result<OauthParameters> checked(std::vector<std::pair<std::string, std::string>> fields);

  std::vector<std::pair<std::string, std::string>> fields_;
};

/// How the client of a token request says who it is: HTTP Basic or the form; not both, and never the query.
OauthResult<ClientCredentials> read_client_credentials(const http::Request& request,
                                                       const OauthParameters& body);
/// Refuses a query in which a secret stands: it is in logs and histories already.
OauthResult<bool> refuse_secrets_in_query(const OauthParameters& query);

/// `{"error", "error_description"}` of RFC 6749 §5.2; what is no fault of the request as any route's error.
http::Response oauth_error_response(const http::Request& request, const OauthError& error);

/// The URL under which clients know this server, without a slash at the end: what was set, else as the
/// request says. kInvalid if its Host can't be one.
Result<std::string> issuer_of(const AccessServices& services, const http::Request& request);

}  // namespace adit
