#include "api/oauth_pages.h"

#include <utility>

#include "base/digest.h"

namespace adit {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:10vh auto;padding:0 1rem;color:#1c2430}"
    "h1{font-size:1.25rem}label{display:block;margin:.75rem 0}"
    "input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.4rem}"
    "button{font:inherit;padding:.4rem 1rem;margin:.5rem .5rem 0 0}"
    ".wrong{color:#a40000}.quiet{color:#5b6470;overflow-wrap:anywhere}";

/// Nothing is loaded, run or framed; only the one style is applied, by its hash.
std::string content_security_policy() {
  const auto digest = sha256(kStyle);
  return "default-src 'none'; style-src 'sha256-" +
         to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}) +
         "'; base-uri 'none'; frame-ancestors 'none'";
}

http::Response page(int status, std::string_view title, const std::string& content) {
  static const std::string kPolicy = content_security_policy();
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Security-Policy", kPolicy},
                      {"X-Frame-Options", "DENY"},
                      {"Cross-Origin-Resource-Policy", "same-origin"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-store"}};
  response.body =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>" +
      escape_html(title) + "</title><style>" + std::string(kStyle) + "</style></head><body>\n" + content +
      "</body></html>\n";
  return response;
}

std::string form_head(const FormPage& form) {
  return "<form method=\"post\" action=\"" + escape_html(form.action) +
         "\">\n<input type=\"hidden\" name=\"form_token\" value=\"" + escape_html(form.form_token) + "\">\n";
}

/// Continues "It will be able".
std::string_view in_words(Scope scope) {
  switch (scope) {
    case Scope::kDataPools:
      return "to do whatever you may do with data pools: push, read, query, change and delete";
    case Scope::kDataPush:
      return "to push data into the data pools that you may push into";
    case Scope::kRead:
      return "to read the tables and settings of the data pools that you may view";
    case Scope::kQuery:
      return "to read and query the data pools that you may view";
    case Scope::kContinuousDataPush:
      return "to push data continuously into the data pools where you may";
    case Scope::kAuditLogRead:
      return "to read the audit log, if you may";
    case Scope::kUserGroupInfoRead:
      return "to list users, groups and applications, if you may";
    case Scope::kPermissionsRead:
      return "to list what everybody was granted, if you may";
    case Scope::kMetricsRead:
      return "to read the server's metrics, if you may";
  }
  std::unreachable();
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

http::Response login_page(const FormPage& form, const FailedLogIn& failed, int status) {
  const std::string on_email = failed.email.empty() ? " autofocus" : "";
  const std::string on_password = failed.email.empty() ? "" : " autofocus";
  auto content = "<h1>Log in to adit</h1>\n<p><b>" + escape_html(form.client_name) +
                 "</b> asks to act for you. Log in to see what it asks for.</p>\n";
  if (!failed.why.empty())
    content += "<p class=\"wrong\" role=\"alert\">" + escape_html(failed.why) + "</p>\n";
  content += form_head(form) + "<label>E-mail address <input type=\"email\" name=\"email\" value=\"" +
             escape_html(failed.email) + "\" autocomplete=\"username\" required" + on_email +
             "></label>\n"
             "<label>Password <input type=\"password\" name=\"password\" autocomplete=\"current-password\" "
             "required" +
             on_password +
             "></label>\n"
             "<button name=\"action\" value=\"log_in\">Log in</button>\n</form>\n";
  return page(status, "Log in to adit", content);
}

http::Response consent_page(const FormPage& form, const User& user, ScopeSet scopes,
                            std::string_view redirect_uri) {
  auto content = "<h1>Let <b>" + escape_html(form.client_name) + "</b> act for you?</h1>\n<p>You are " +
                 escape_html(user.name) + " (" + escape_html(user.email) + "). It will be able</p>\n<ul>\n";
  for (const auto scope : all_scopes()) {
    if (scopes.has(scope)) content += "<li>" + std::string(in_words(scope)) + "</li>\n";
  }
  content += "</ul>\n<p class=\"quiet\">Afterwards you go on to " + escape_html(redirect_uri) +
             ". You can take this back at any time.</p>\n" + form_head(form) +
             "<button name=\"action\" value=\"allow\">Allow</button>\n"
             "<button name=\"action\" value=\"deny\">Deny</button>\n"
             "<button name=\"action\" value=\"log_out\">Log in as somebody else</button>\n</form>\n";
  return page(200, "Allow access to adit", content);
}

http::Response error_page(int status, std::string_view message) {
  return page(status, "adit",
              "<h1>This does not work</h1>\n<p class=\"wrong\" role=\"alert\">" + escape_html(message) +
                  "</p>\n<p>Go back to the application that sent you here and tell whoever keeps it.</p>\n");
}

}  // namespace adit
