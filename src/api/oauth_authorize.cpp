// OAuth's authorization endpoint (RFC 6749 §3.1): a user logs in, sees what a client asks for, and decides.
#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "access/failed_attempts.h"
#include "access/logins.h"
#include "access/oauth_authorization.h"
#include "access/oauth_text.h"
#include "api/oauth_endpoints.h"
#include "api/oauth_form.h"
#include "api/oauth_pages.h"
#include "base/digest.h"
#include "base/log.h"
#include "http/header_value.h"

namespace adit {
namespace {

using http::Request;
using http::Response;

/// An authorization request that may be answered at the client's redirect URI.
struct Asked {
  AuthorizationRequest parameters;
  std::optional<std::string> state;
  OauthClient client;
  std::string issuer;
};

bool is_secure(const AccessServices& services, const Request& request) {
  return request.secure || services.public_url.starts_with("https://");
}

/// A browser takes a name with __Host- from this very host over TLS only.
std::string_view cookie_name(bool secure) { return secure ? "__Host-adit-login" : "adit-login"; }

std::string session_cookie(const AccessServices& services, const Request& request, std::string_view session) {
  const bool secure = is_secure(services, request);
  return std::string(cookie_name(secure)) + "=" + std::string(session) +
         "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(OauthTimes::kLogin.count()) +
         (secure ? "; Secure" : "");
}

/// The session that the browser sent; empty: none of the form that is given out here.
std::string session_of(const AccessServices& services, const Request& request) {
  const auto name = std::string(cookie_name(is_secure(services, request))) + "=";
  for (const auto& [field, value] : request.headers.fields()) {
    if (!http::equal_ignoring_case(field, "Cookie")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const auto pair = http::trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (pair.starts_with(name) && is_secret(SecretKind::kLogin, pair.substr(name.size()))) {
        return std::string(pair.substr(name.size()));
      }
    }
  }
  return {};
}

/// Back to this page, with the same request.
std::string own_url(const Request& request) {
  std::string url = "/oauth2/authorize";
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    url += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  return url;
}

Response see_other(const std::string& url) {
  return {303,
          {{"Location", url},
           {"Cache-Control", "no-store"},
           {"Referrer-Policy", "no-referrer"},
           {"Cross-Origin-Resource-Policy", "same-origin"}},
          {}};
}

/// To the client's redirect URI, which was found to be one of its own, with what else RFC 6749 and RFC 9207
/// want there.
Response back_to_client(const Asked& asked, const std::vector<std::pair<std::string, std::string>>& answer) {
  auto url = *asked.parameters.redirect_uri;
  char separator = url.find('?') == std::string::npos ? '?' : '&';
  const auto add = [&](const std::string& name, const std::string& value) {
    url += separator + name + "=" + percent_encode(value);
    separator = '&';
  };
  for (const auto& [name, value] : answer) add(name, value);
  if (asked.state) add("state", *asked.state);
  add("iss", asked.issuer);
  return see_other(url);
}

Response error_to_client(const Asked& asked, const OauthError& error) {
  if (error.cause) {
    log::error("an authorization request failed", {{"detail", error.cause->internal_detail}});
  }
  return back_to_client(
      asked, {{"error", std::string(to_string(error.fault))}, {"error_description", error.description}});
}

/// Reads the request up to its client and redirect URI; what is wrong with those is for the user's eyes.
Result<Asked> read_asked(const AccessServices& services, const Request& request) {
  ADIT_TRY(const auto query, OauthParameters::of_query(request));
  Asked asked;
  asked.parameters = {query.find("response_type"),  query.find("client_id"),
                      query.find("redirect_uri"),   query.find("scope"),
                      query.find("code_challenge"), query.find("code_challenge_method")};
  asked.state = query.find("state");
  ADIT_TRY(asked.client, client_of(services.catalog, asked.parameters));
  ADIT_TRY(asked.issuer, issuer_of(services, request));
  return asked;
}

Response page_of(const Error& error) {
  const bool own_fault = error.kind != ErrorKind::kInvalid && error.kind != ErrorKind::kNotFound;
  auto response = error_page(own_fault ? 503 : 400, error.public_message);
  response.internal_detail = error.internal_detail;
  return response;
}

/// The log-in form. It comes with a session that nobody is logged in to, so that the form can be told from
/// one that another site made.
Response ask_to_log_in(const AccessServices& services, const Request& request, const Asked& asked,
                       const FailedLogIn& failed = {}, int status = 200) {
  auto session = session_of(services, request);
  const bool fresh = session.empty();
  if (fresh) session = make_secret(SecretKind::kLogin);
  auto response = login_page({asked.client.name, own_url(request), form_token(session)}, failed, status);
  if (fresh) response.headers.emplace_back("Set-Cookie", session_cookie(services, request, session));
  return response;
}

/// Who guesses passwords is slowed, by the account and by the address that they come from.
std::vector<std::string> sources_of(const Request& request, const Asked& asked, const std::string& email) {
  auto folded = email;
  std::ranges::transform(folded, folded.begin(), [](unsigned char c) { return std::tolower(c); });
  // A digest, since whoever fails also chooses how long the text is.
  return {"log-in " + asked.client.team.to_string() + " " + to_hex(sha256(folded)),
          FailedAttempts::source_of_address(request.peer)};
}

Response log_in(const AccessServices& services, const Request& request, const Asked& asked,
                const OauthParameters& form) {
  const auto email = form.find("email").value_or("");
  auto attempt = services.attempts->begin(sources_of(request, asked, email));
  if (!attempt) {
    const auto seconds = std::to_string(attempt.error().count());
    auto response =
        ask_to_log_in(services, request, asked,
                      {"Too many log-ins failed. Wait " + seconds + " s, then try again.", email}, 429);
    response.headers.emplace_back("Retry-After", seconds);
    return response;
  }
  const auto session = services.logins->log_in(asked.client.team, email, form.find("password").value_or(""));
  const bool wrong = !session && session.error().kind == ErrorKind::kUnauthorized;
  if (!wrong) attempt->forgive();
  if (!session) {
    log::info("a log-in failed", {{"peer", request.peer}, {"reference", request.reference}});
    const int status = wrong ? 403 : session.error().kind == ErrorKind::kConflict ? 409 : 503;
    auto response = ask_to_log_in(services, request, asked, {session.error().public_message, email}, status);
    response.internal_detail = session.error().internal_detail;
    return response;
  }
  auto response = see_other(own_url(request));
  response.headers.emplace_back("Set-Cookie", session_cookie(services, request, *session));
  return response;
}

Response log_out(const AccessServices& services, const Request& request, const std::string& session) {
  if (const auto gone = services.logins->log_out(session); !gone) return page_of(gone.error());
  auto response = see_other(own_url(request));
  response.headers.emplace_back("Set-Cookie",
                                session_cookie(services, request, make_secret(SecretKind::kLogin)));
  return response;
}

Response decide(const AccessServices& services, const Request& request, const Asked& asked,
                const OauthParameters& form) {
  const auto scopes = check_authorization(asked.client, asked.parameters);
  if (!scopes) return error_to_client(asked, scopes.error());
  const auto session = session_of(services, request);
  const auto action = form.find("action").value_or("");
  if (action == "log_in") return log_in(services, request, asked, form);
  if (action == "log_out") return log_out(services, request, session);
  const auto user = services.logins->find(asked.client.team, session);
  if (!user) return page_of(user.error());
  if (!*user)
    return ask_to_log_in(services, request, asked, {"Your session is over. Log in again.", {}}, 403);
  if (action == "deny") {
    return error_to_client(asked, {OauthFault::kAccessDenied, "The user said no."});
  }
  if (action != "allow") return error_page(400, "The form says neither allow nor deny.");
  const auto code =
      allow(services.catalog, asked.client, asked.parameters, *scopes, (*user)->id, services.clock.now());
  if (!code) return error_to_client(asked, code.error());
  log::info("a user let a client act for them", {{"client", asked.client.id}, {"user", (*user)->id}});
  return back_to_client(asked, {{"code", *code}});
}

}  // namespace

Result<Response> show_authorization(const AccessServices& services, const Request& request) {
  const auto asked = read_asked(services, request);
  if (!asked) return page_of(asked.error());
  const auto scopes = check_authorization(asked->client, asked->parameters);
  if (!scopes) return error_to_client(*asked, scopes.error());
  const auto session = session_of(services, request);
  const auto user = services.logins->find(asked->client.team, session);
  if (!user) return page_of(user.error());
  if (!*user) return ask_to_log_in(services, request, *asked);
  return consent_page({asked->client.name, own_url(request), form_token(session)}, **user, *scopes,
                      *asked->parameters.redirect_uri);
}

Result<Response> take_authorization_form(const AccessServices& services, const Request& request) {
  const auto asked = read_asked(services, request);
  if (!asked) return page_of(asked.error());
  const auto form = OauthParameters::of_body(request);
  if (!form) return page_of(form.error());
  const auto session = session_of(services, request);
  const auto token = form->find("form_token").value_or("");
  if (session.empty() || !equal_in_constant_time(token, form_token(session))) {
    return error_page(
        403,
        "The form was not sent by the page of this server that you saw, or your browser keeps no "
        "cookies.");
  }
  return decide(services, request, *asked, *form);
}

}  // namespace adit
