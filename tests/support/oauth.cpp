#include "support/oauth.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

#include "support/test_data.h"

namespace adit::test {
namespace {

std::string encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.') {
      encoded += static_cast<char>(c);
    } else {
      encoded += {'%', kHex[c >> 4U], kHex[c & 15U]};
    }
  }
  return encoded;
}

std::string decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto begin = text.find(before);
  if (begin == std::string::npos) throw std::runtime_error("no " + before + " in " + text);
  const auto from = begin + before.size();
  return text.substr(from, text.find(after, from) - from);
}

std::string unescape(std::string text) {
  for (const auto& [escaped, plain] :
       Fields{{"&quot;", "\""}, {"&#39;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}}) {
    for (auto at = text.find(escaped); at != std::string::npos; at = text.find(escaped, at + plain.size())) {
      text.replace(at, escaped.size(), plain);
    }
  }
  return text;
}

}  // namespace

std::string form_encode(const Fields& fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    body += (body.empty() ? "" : "&") + encode(name) + "=" + encode(value);
  }
  return body;
}

std::string query_value(const std::string& url, const std::string& name) {
  for (auto at = url.find('?'); at != std::string::npos; at = url.find('&', at + 1)) {
    if (url.compare(at + 1, name.size() + 1, name + "=") != 0) continue;
    const auto from = at + name.size() + 2;
    return decode(std::string_view(url).substr(from, url.find('&', from) - from));
  }
  return {};
}

std::string challenge_of(const std::string& verifier) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size(), digest.data());
  auto text = base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  while (text.back() == '=') text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::string OauthClientData::basic() const { return "Basic " + base64(id + ":" + secret); }

OauthClientData make_client(Http& administrator, boost::json::object asked) {
  const auto response = administrator.post_json("/adit/api/v1/oauth/clients", asked);
  if (response.status != 200) throw std::runtime_error("no client: " + response.body);
  const auto made = response.json().as_object();
  OauthClientData client{std::string(made.at("id").as_string()), "",
                         std::string(made.at("applicationId").as_string())};
  if (made.contains("secret")) client.secret = made.at("secret").as_string();
  return client;
}

HttpResponse post_form(Http& http, const std::string& target, const Fields& fields,
                       const std::string& authorization) {
  http.set_authorization(authorization.empty() ? std::nullopt : std::optional(authorization));
  return http.send(
      {"POST", target, {{"Content-Type", "application/x-www-form-urlencoded"}}, form_encode(fields)});
}

HttpResponse Browser::send(HttpRequest request) {
  if (!cookie.empty()) request.headers.emplace_back("Cookie", "other=1; " + cookie);
  auto response = http_.send(std::move(request));
  if (const auto set = response.header("set-cookie")) cookie = set->substr(0, set->find(';'));
  if (!response.body.empty()) page = response.body;
  return response;
}

HttpResponse Browser::get(const std::string& target) { return send({"GET", target}); }

HttpResponse Browser::submit(Fields fields) {
  const auto target = unescape(between(page, "action=\"", "\""));
  fields.emplace_back("form_token", between(page, "name=\"form_token\" value=\"", "\""));
  return submit_without_token(target, fields);
}

HttpResponse Browser::submit_without_token(const std::string& target, const Fields& fields) {
  return send({"POST", target, {{"Content-Type", "application/x-www-form-urlencoded"}}, form_encode(fields)});
}

HttpResponse Browser::log_in(const std::string& target, const std::string& email,
                             const std::string& password) {
  get(target);
  return submit({{"action", "log_in"}, {"email", email}, {"password", password}});
}

}  // namespace adit::test
