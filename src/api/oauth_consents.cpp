// What a user allowed OAuth clients: to look at, and to take back.
#include <boost/json.hpp>

#include "api/access_endpoints.h"
#include "api/access_fields.h"
#include "base/log.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::Method;
using http::Request;
using http::Response;

json::object consent_json(const OauthConsent& consent) {
  return json::object{{"id", consent.id.to_string()},
                      {"clientId", consent.client.to_string()},
                      {"clientName", consent.client_name},
                      {"scopes", words_of(consent.scopes, all_scopes())},
                      {"createdAt", to_epoch_ms(consent.created)},
                      {"expiresAt", to_epoch_ms(consent.expires)}};
}

Result<Response> list_consents(const AccessServices& services, const Request& request) {
  const auto& principal = caller(request);
  ADIT_TRY(const auto consents, services.catalog.list_consents(principal.team, principal.user));
  return list_answer(consents, consent_json);
}

Result<Response> revoke_consent(const AccessServices& services, const Request& request) {
  const auto& principal = caller(request);
  ADIT_TRY(const auto id, id_in_path(request, "consentId"));
  ADIT_TRY(const bool found, services.catalog.delete_consent(principal.team, principal.user, ConsentId(id)));
  services.authenticator.changed();
  if (!found) return not_found("You have not allowed anything under " + id.to_string() + ".");
  log::info("a user took back what a client may do for them", {{"user", principal.user}});
  return Response::empty(204);
}

}  // namespace

void add_consent_endpoints(std::vector<AccessEndpoint>& endpoints) {
  const std::string all = "/adit/api/v1/me/consents";
  const auto needs = Needs::kOwnAccount;
  endpoints.push_back({{"listConsents", Method::kGet, all, needs}, list_consents});
  endpoints.push_back({{"revokeConsent", Method::kDelete, all + "/{consentId}", needs}, revoke_consent});
}

}  // namespace adit
