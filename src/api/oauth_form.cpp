#include "api/oauth_form.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <memory>

#include "api/errors.h"
#include "base/digest.h"
#include "http/header_value.h"
#include "http/multipart.h"
#include "http/target.h"

namespace adit {
namespace {

using F = OauthFault;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kFieldsMax = 100;

Result<Fields> read_urlencoded(std::string_view body) {
  Fields fields;
  while (!body.empty()) {
    const auto end = std::min(body.find('&'), body.size());
    const auto field = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (field.empty()) continue;
    const auto equals = std::min(field.find('='), field.size());
    ADIT_TRY(auto name, http::percent_decode(field.substr(0, equals), http::PlusSign::kIsSpace));
    ADIT_TRY(auto value, http::percent_decode(field.substr(std::min(equals + 1, field.size())),
                                              http::PlusSign::kIsSpace));
    fields.emplace_back(std::move(name), std::move(value));
    if (fields.size() > kFieldsMax) return invalid("The form has more than 100 fields.");
  }
  return fields;
}

/// Gathers the parts of a multipart form.
class FormSink final : public http::BodySink {
 public:
  Result<void> begin_part(const http::PartHead& head) override {
    fields.emplace_back(head.name.value_or(""), "");
    return {};
  }
  Result<void> write(std::string_view bytes) override {
    fields.back().second += bytes;
    return {};
  }
  Result<void> end_part() override { return {}; }
  http::Response finish() override { return http::Response::empty(204); }

  Fields fields;
};

Result<Fields> read_multipart(const std::string& boundary, std::string_view body) {
  FormSink sink;
  http::MultipartParser parser(boundary, kFieldsMax, sink);
  ADIT_CHECK(parser.feed(body));
  ADIT_CHECK(parser.end());
  return std::move(sink.fields);
}

struct Basic {
  std::string id;
  std::string secret;
};

/// RFC 7617, with both halves form-encoded (RFC 6749 §2.3.1).
std::optional<Basic> read_basic(std::string_view header) {
  constexpr std::string_view kScheme = "basic ";
  header = http::trimmed(header);
  if (!http::equal_ignoring_case(header.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto decoded = from_base64(http::trimmed(header.substr(kScheme.size())));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  auto id = http::percent_decode(std::string_view(*decoded).substr(0, colon), http::PlusSign::kIsSpace);
  auto secret = http::percent_decode(std::string_view(*decoded).substr(colon + 1), http::PlusSign::kIsSpace);
  if (!id || !secret) return std::nullopt;
  return Basic{*std::move(id), *std::move(secret)};
}

}  // namespace

Result<OauthParameters> OauthParameters::checked(Fields fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    for (std::size_t j = i + 1; j < fields.size(); ++j) {
      if (fields[i].first == fields[j].first) return invalid("A parameter is there twice.");
    }
  }
  OauthParameters parameters;
  parameters.fields_ = std::move(fields);
  return parameters;
}

Result<OauthParameters> OauthParameters::of_query(const http::Request& request) {
  if (request.query.size() > kFieldsMax) return invalid("The query has more than 100 parameters.");
  return checked(request.query);
}

Result<OauthParameters> OauthParameters::of_body(const http::Request& request) {
  if (request.body.empty()) return OauthParameters();
  const auto type = request.headers.find("Content-Type").value_or("application/x-www-form-urlencoded");
  ADIT_TRY(const auto boundary, http::multipart_boundary(type));
  if (boundary) {
    ADIT_TRY(auto fields, read_multipart(*boundary, request.body));
    return checked(std::move(fields));
  }
  const auto parsed = http::parse_header_value(type);
  if (!parsed || parsed->value != "application/x-www-form-urlencoded") {
    return invalid("The body must be a form: application/x-www-form-urlencoded or multipart/form-data.");
  }
  ADIT_TRY(auto fields, read_urlencoded(request.body));
  return checked(std::move(fields));
}

std::optional<std::string> OauthParameters::find(std::string_view name) const {
  const auto found = std::ranges::find(fields_, name, [](const auto& field) { return field.first; });
  if (found == fields_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

OauthResult<bool> refuse_secrets_in_query(const OauthParameters& query) {
  for (const auto* name :
       {"client_secret", "code", "code_verifier", "refresh_token", "token", "password", "access_token"}) {
    if (!query.find(name)) continue;
    return OauthError(F::kInvalidRequest, std::string(name) +
                                              " stands in the URL, where logs keep it: it is not taken from "
                                              "there. Send it in the body, and have the secret changed.");
  }
  return true;
}

OauthResult<ClientCredentials> read_client_credentials(const http::Request& request,
                                                       const OauthParameters& body) {
  const auto id = body.find("client_id");
  const auto secret = body.find("client_secret");
  const auto header = request.headers.find("Authorization");
  if (!header) {
    if (!id) {
      return OauthError(F::kInvalidClient,
                        "The client is missing. Send its id and secret by HTTP Basic, or as client_id and "
                        "client_secret in the form.");
    }
    return ClientCredentials{*id, secret};
  }
  auto basic = read_basic(*header);
  if (!basic) {
    return OauthError(F::kInvalidClient,
                      "The Authorization header must be Basic with the client's id and secret.");
  }
  if (secret) {
    return OauthError(F::kInvalidRequest, "The client's secret comes both by HTTP Basic and in the form.");
  }
  if (id && *id != basic->id) {
    return OauthError(F::kInvalidRequest,
                      "The client_id in the form is another one than that of HTTP Basic.");
  }
  ClientCredentials credentials{std::move(basic->id)};
  // A public client may go by Basic without a password.
  if (!basic->secret.empty()) credentials.secret = std::move(basic->secret);
  return credentials;
}

http::Response oauth_error_response(const http::Request& request, const OauthError& error) {
  if (error.cause) return error_response(request, *error.cause);
  const int status = error.fault == F::kInvalidClient ? 401 : 400;
  auto response = http::Response::json(
      status, boost::json::serialize(boost::json::object{{"error", to_string(error.fault)},
                                                         {"error_description", error.description},
                                                         {"reference", request.reference}}));
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"adit\"");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Pragma", "no-cache");
  return response;
}

Result<std::string> issuer_of(const AccessServices& services, const http::Request& request) {
  if (!services.public_url.empty()) return std::string(services.public_url);
  const std::string_view host = request.host;
  const bool good = !host.empty() && host.size() <= 255 && std::ranges::all_of(host, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
  if (!good) return invalid("The Host header is no host name with or without a port.");
  return (request.secure ? "https://" : "http://") + std::string(host);
}

}  // namespace adit
