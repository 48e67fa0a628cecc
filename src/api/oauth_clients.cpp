// OAuth's clients: an administrator makes, changes and ends them.
#include <boost/json.hpp>
#include <utility>

#include "access/oauth_text.h"
#include "access/oauth_tokens.h"
#include "api/access_endpoints.h"
#include "api/access_fields.h"
#include "base/log.h"

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;
using http::Request;
using http::Response;

constexpr std::size_t kRedirectUrisMax = 50;

json::object client_json(const OauthClient& client) {
  json::array uris;
  for (const auto& uri : client.redirect_uris) uris.emplace_back(uri);
  return json::object{{"id", client.id.to_string()},
                      {"name", client.name},
                      {"confidential", client.confidential},
                      {"applicationId", client.application.to_string()},
                      {"redirectUris", std::move(uris)},
                      {"grantTypes", words_of(client.grant_types, all_grant_types())},
                      {"scopes", words_of(client.scopes, all_scopes())},
                      {"active", client.active},
                      {"creatorId", client.creator.to_string()},
                      {"createdAt", to_epoch_ms(client.created)},
                      {"oldSecretExpiresAt", time_json(client.old_secret_ends)}};
}

Error no_such_client(const std::string& id) {
  return not_found("There is no OAuth client " + id + " in your team.");
}

Result<OauthClient> client_in_path(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto id, id_in_path(request, "clientId"));
  ADIT_TRY(auto client, services.catalog.find_client(ClientId(id)));
  if (!client || client->team != caller(request).team) return no_such_client(id.to_string());
  return *std::move(client);
}

void read_grant_types(FieldReader& reader, OauthClient& client) {
  if (reader.array("grantTypes") == nullptr) return;
  client.grant_types = {};
  for (const auto& word : reader.strings("grantTypes")) {
    const auto type = parse_grant_type(word);
    if (!type) {
      reader.fail("grantTypes", "must name client_credentials, authorization_code and refresh_token only");
    } else {
      client.grant_types.add(*type);
    }
  }
}

void read_redirect_uris(FieldReader& reader, OauthClient& client) {
  if (reader.array("redirectUris") == nullptr) return;
  client.redirect_uris = reader.strings("redirectUris");
  if (client.redirect_uris.size() > kRedirectUrisMax) {
    reader.fail("redirectUris", "may hold " + std::to_string(kRedirectUrisMax) + " URIs at most");
    return;
  }
  for (const auto& uri : client.redirect_uris) {
    const auto wrong = wrong_with_redirect_uri(uri, client.confidential);
    if (!wrong.empty()) reader.fail("redirectUris", "\"" + uri.substr(0, 100) + "\" " + wrong);
  }
}

/// That the parts make sense together.
void check_whole(FieldReader& reader, const OauthClient& client) {
  const auto types = client.grant_types;
  if (types.empty()) reader.fail("grantTypes", "must name at least one grant type");
  if (client.scopes.empty()) reader.fail("scopes", "must name at least one scope");
  if (types.has(GrantType::kClientCredentials) && !client.confidential) {
    reader.fail("grantTypes", "a public client has no secret, so it can't have client_credentials");
  }
  if (types.has(GrantType::kAuthorizationCode) && client.redirect_uris.empty()) {
    reader.fail("redirectUris", "authorization_code needs at least one redirect URI");
  }
  if (types.has(GrantType::kRefreshToken) && !types.has(GrantType::kAuthorizationCode)) {
    reader.fail("grantTypes", "refresh_token goes with authorization_code only");
  }
}

void read_client(FieldReader& reader, OauthClient& client, std::vector<FieldError>& errors) {
  read_redirect_uris(reader, client);
  read_grant_types(reader, client);
  client.scopes = read_scopes(reader).value_or(client.scopes);
  if (errors.empty()) check_whole(reader, client);
}

Result<Response> list_clients(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto clients, services.catalog.list_clients(caller(request).team));
  return list_answer(clients, client_json);
}

Result<Response> get_client(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto client, client_in_path(services, request));
  return json_answer(client_json(client));
}

/// An application of the client's name is made for it where the request names none.
Result<Response> create_client(const AccessServices& services, const Request& request) {
  const auto& principal = caller(request);
  const auto now = services.clock.now();
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  OauthClient client;
  client.id = ClientId::random();
  client.team = principal.team;
  client.creator = principal.user;
  client.created = now;
  client.name = read_name(reader, errors);
  client.confidential = reader.boolean("confidential").value_or(true);
  client.grant_types = client.confidential
                           ? GrantTypeSet{GrantType::kClientCredentials}
                           : GrantTypeSet{GrantType::kAuthorizationCode, GrantType::kRefreshToken};
  read_client(reader, client, errors);
  std::optional<Application> made;
  if (const auto application = reader.string("applicationId")) {
    const auto id = ApplicationId::parse(*application);
    if (!id) reader.fail("applicationId", "is no application of your team");
    if (id) client.application = *id;
  } else {
    made = Application{ApplicationId::random(), client.team, client.name, principal.user, true, now};
    client.application = made->id;
  }
  if (!errors.empty()) return invalid_fields(std::move(errors));
  std::optional<std::string> secret;
  if (client.confidential) secret = regenerate_secret(client, std::chrono::seconds(0), now);
  ADIT_CHECK(services.catalog.insert_client(client, made));
  log::info("OAuth client created", {{"client", client.id}});
  auto answer = client_json(client);
  if (secret) answer["secret"] = *secret;
  return secret_answer(answer);
}

Result<Response> update_client(const AccessServices& services, const Request& request) {
  ADIT_TRY(auto client, client_in_path(services, request));
  ADIT_TRY(const auto body, parse_json_object(request.body));
  std::vector<FieldError> errors;
  FieldReader reader(body, errors);
  client.name = read_name(reader, errors, client.name);
  client.active = reader.boolean("active").value_or(client.active);
  const auto confidential = reader.boolean("confidential");
  if (confidential && *confidential != client.confidential) {
    reader.fail("confidential", "can't be changed; make another client");
  }
  read_client(reader, client, errors);
  if (!errors.empty()) return invalid_fields(std::move(errors));
  ADIT_TRY(const bool found, services.catalog.update_client(client));
  services.authenticator.changed();
  if (!found) return no_such_client(client.id.to_string());
  return json_answer(client_json(client));
}

Result<Response> delete_client(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto client, client_in_path(services, request));
  ADIT_TRY(const bool found, services.catalog.delete_client(client.team, client.id));
  services.authenticator.changed();
  if (!found) return no_such_client(client.id.to_string());
  return Response::empty(204);
}

Result<Response> regenerate(const AccessServices& services, const Request& request) {
  ADIT_TRY(auto client, client_in_path(services, request));
  if (!client.confidential) return conflict("A public client has no secret.");
  ADIT_TRY(const auto overlap, read_overlap(request));
  const auto secret = regenerate_secret(client, overlap, services.clock.now());
  ADIT_TRY(const bool found, services.catalog.update_client(client));
  services.authenticator.changed();
  if (!found) return no_such_client(client.id.to_string());
  log::info("OAuth client has another secret", {{"client", client.id}});
  auto answer = client_json(client);
  answer["secret"] = secret;
  return secret_answer(answer);
}

Result<Response> revoke_tokens(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto client, client_in_path(services, request));
  ADIT_TRY(const auto revoked, services.catalog.revoke_client(client.team, client.id));
  services.authenticator.changed();
  log::info("tokens of an OAuth client revoked", {{"client", client.id}, {"count", revoked}});
  return Response::empty(204);
}

}  // namespace

void add_client_endpoints(std::vector<AccessEndpoint>& endpoints) {
  const std::string all = "/adit/api/v1/oauth/clients";
  const auto one = all + "/{clientId}";
  const auto needs = Needs::kAdministerTeam;
  endpoints.push_back({{"listClients", Method::kGet, all, needs}, list_clients});
  endpoints.push_back({{"getClient", Method::kGet, one, needs}, get_client});
  endpoints.push_back({{"createClient", Method::kPost, all, needs, BodyKind::kBuffer}, create_client});
  endpoints.push_back({{"updateClient", Method::kPut, one, needs, BodyKind::kBuffer}, update_client});
  endpoints.push_back({{"deleteClient", Method::kDelete, one, needs}, delete_client});
  endpoints.push_back(
      {{"regenerateSecret", Method::kPost, one + "/secret", needs, BodyKind::kBuffer}, regenerate});
  endpoints.push_back({{"revokeClientTokens", Method::kPost, one + "/revoke", needs}, revoke_tokens});
}

}  // namespace adit
