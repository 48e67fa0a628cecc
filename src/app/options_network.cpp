// The settings of `adit serve` on where it is reached, under which name and with which certificate.
#include <algorithm>
#include <utility>

#include "app/option_binding.h"
#include "app/option_definitions.h"
#include "app/option_values.h"
#include "client/url.h"
#include "http/certificate.h"

namespace adit {
namespace {

using std::chrono::seconds;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

Result<std::optional<std::string>> parse_tls_listen(std::string_view text) {
  if (text == "off") return std::optional<std::string>();
  ADIT_TRY(auto address, parse_listen(text));
  return std::optional(std::move(address));
}

Result<std::string> parse_public_url(std::string_view text) {
  if (text.empty()) return std::string();
  if (!text.starts_with("http://") && !text.starts_with("https://")) {
    return invalid("`" + std::string(text) + "` has no scheme; write it like https://adit.example");
  }
  ADIT_TRY(const auto url, client::parse_base_url(text));
  return url.to_string();
}

/// A flag that is given several times comes as lines.
Result<std::vector<http::IpNetwork>> parse_networks(std::string_view text) {
  std::string list(text);
  std::ranges::replace(list, '\n', ',');
  std::vector<http::IpNetwork> networks;
  for (const auto& part : split_list(list)) {
    ADIT_TRY(const auto network, http::IpNetwork::parse(part));
    networks.push_back(network);
  }
  return networks;
}

Result<std::optional<seconds>> parse_hsts(std::string_view text) {
  constexpr std::uint64_t kTenYears = 10ULL * 365 * 24 * 60 * 60;
  if (text == "off") return std::optional<seconds>();
  ADIT_TRY(const auto age, parse_count(text, 0, kTenYears));
  return std::optional(seconds(age));
}

/// One of the two files of a certificate; each needs the other.
CLI::Option* add_tls_file(CLI::App& app, const OptionText& text, std::filesystem::path& target) {
  return add_text(app, text, Scope::kSetting, [&target](std::string path) { target = std::move(path); });
}

void define_certificate(CLI::App& app, ServeOptions& options) {
  auto* certificate = add_tls_file(
      app,
      {"--tls-cert", "FILE", "",
       "Certificate for HTTPS in PEM, with those of its issuers behind it; SIGHUP reads it again"},
      options.tls_certificate);
  auto* key = add_tls_file(app, {"--tls-key", "FILE", "", "Key of --tls-cert in PEM, not encrypted"},
                           options.tls_key);
  certificate->needs(key);
  key->needs(certificate);
  add_text(
      app,
      {"--tls-name", "A,B", joined(http::standard_names()),
       "Host names and addresses that the self-signed certificate is for, which is made without --tls-cert; "
       "other names make it anew"},
      Scope::kSetting, [&options](const std::string& text) { options.tls_names = split_list(text); })
      ->multi_option_policy(CLI::MultiOptionPolicy::Join)
      ->delimiter(',');
  add_value(app,
            {"--hsts", "SECONDS|off", "off",
             "How long browsers that came by HTTPS come by nothing else (Strict-Transport-Security)"},
            Scope::kSetting, options.hsts_age, parse_hsts);
}

void define_proxies(CLI::App& app, ServeOptions& options) {
  add_value(app,
            {"--public-url", "URL", "",
             "What clients call this server, as https://adit.example[/path]: links begin with it"},
            Scope::kSetting, options.public_url, parse_public_url);
  add_value(app,
            {"--trusted-proxy", "A,B", "",
             "Addresses and networks (10.0.0.0/8, ::1) of proxies: what X-Forwarded-For, -Proto, -Host and "
             "Forwarded say is believed of them only"},
            Scope::kSetting, options.trusted_proxies, parse_networks)
      ->multi_option_policy(CLI::MultiOptionPolicy::Join)
      ->delimiter(',');
}

}  // namespace

void define_network(CLI::App& app, ServeOptions& options) {
  add_value(app, {"--listen", "HOST:PORT", options.listen, "Address for HTTP; port 0 takes any free one"},
            Scope::kSetting, options.listen, parse_listen);
  add_value(app,
            {"--tls-listen", "HOST:PORT|off", *options.tls_listen, "Address for HTTPS; off turns it off"},
            Scope::kSetting, options.tls_listen, parse_tls_listen);
  define_certificate(app, options);
  define_proxies(app, options);
}

}  // namespace adit
