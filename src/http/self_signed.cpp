#include <openssl/ec.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/file.h"
#include "base/random.h"
#include "http/ip_network.h"
#include "http/openssl_types.h"

namespace adit::http {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::days kTimeValid{3652};
constexpr std::size_t kSerialBytes = 16;

Error openssl_error(const std::string& what) {
  return internal("certificate: " + what + ": " + openssl_failure());
}

bool is_dns_name(const std::string& name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*";
  return !name.empty() && name.size() <= 253 && name.find_first_not_of(kAllowed) == std::string::npos;
}

Result<std::string> alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    const bool ip = IpAddress::parse(name).has_value();
    if (!ip && !is_dns_name(name)) return invalid("'" + name + "' is neither a DNS name nor an IP address.");
    text += text.empty() ? "" : ",";
    text += (ip ? "IP:" : "DNS:") + name;
  }
  if (text.empty()) return invalid("A certificate needs at least one name.");
  return text;
}

bool add_extension(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const SslExtension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  std::array<std::uint8_t, kSerialBytes> bytes{};
  fill_random(bytes);
  bytes[0] &= 0x7f;  // positive, as RFC 5280 asks
  const SslNumber number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate) {
  X509_NAME* const name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(kSelfSignedName.data());
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, static_cast<int>(kSelfSignedName.size()),
                                    -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

/// Valid from a day ago on, for clients whose clocks are behind.
bool set_validity(X509* certificate, Timestamp now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto from = std::chrono::system_clock::to_time_t(seconds - std::chrono::days(1));
  const auto until = std::chrono::system_clock::to_time_t(seconds + kTimeValid);
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), until) != nullptr;
}

Result<SslCertificate> make_certificate(EVP_PKEY* key, const std::string& names, Timestamp now) {
  SslCertificate certificate(X509_new());
  X509* const x509 = certificate.get();
  const bool made = x509 != nullptr && X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
                    set_validity(x509, now) && set_subject(x509) && X509_set_pubkey(x509, key) == 1 &&
                    add_extension(x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(x509, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
                    add_extension(x509, NID_ext_key_usage, "serverAuth") &&
                    add_extension(x509, NID_subject_key_identifier, "hash") &&
                    add_extension(x509, NID_subject_alt_name, names) &&
                    X509_sign(x509, key, EVP_sha256()) != 0;
  if (!made) return openssl_error("make");
  return certificate;
}

/// The PEM that `write` puts into a memory BIO.
template <class Write>
Result<std::string> pem_of(Write write) {
  const SslBio bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return openssl_error("write PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

/// The key that is there, else a new one.
Result<SslKey> keep_key(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return read_key(path);
  SslKey key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error("generate key");
  ADIT_TRY(const auto pem, pem_of([&](BIO* bio) {
             return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
           }));
  ADIT_CHECK(replace_file(path, pem, 0600));
  return key;
}

/// In one spelling and order, to be compared.
std::vector<std::string> normalized(std::vector<std::string> names) {
  for (auto& name : names) {
    if (const auto address = IpAddress::parse(name)) name = address->to_string();
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

struct Present {
  std::optional<CertificateFacts> facts;  ///< of a certificate that is there
  bool fits = false;                      ///< it belongs to the key
};

Result<Present> look_at(const TlsFiles& files, EVP_PKEY* key) {
  std::error_code ignored;
  if (!fs::exists(files.certificate, ignored)) return Present{};
  ADIT_TRY(const auto chain, read_certificates(files.certificate));
  const bool fits = key != nullptr && X509_check_private_key(chain.front().get(), key) == 1;
  return Present{facts_of(*chain.front()), fits};
}

Made what_to_make(const Present& present, const std::optional<std::vector<std::string>>& names,
                  Timestamp now) {
  if (!present.facts) return Made::kFirst;
  if (!present.facts->made_here) return Made::kNothing;
  if (!present.fits) return Made::kForKey;
  if (names && normalized(*names) != normalized(present.facts->names)) return Made::kForNames;
  return now + kRenewalTime >= present.facts->valid_until ? Made::kBeforeExpiry : Made::kNothing;
}

}  // namespace

std::vector<std::string> standard_names() { return {"localhost", "127.0.0.1", "::1"}; }

Result<Made> keep_self_signed(const TlsFiles& files, const std::optional<std::vector<std::string>>& names,
                              Timestamp now) {
  // A certificate that somebody else made may be without its key here; then it is not ours to make one.
  ADIT_TRY(const auto before, look_at(files, nullptr));
  if (before.facts && !before.facts->made_here) return Made::kNothing;
  const auto wanted = names ? *names : before.facts ? before.facts->names : standard_names();
  ADIT_TRY(const auto alternatives, alternative_names(wanted));
  ADIT_TRY(const auto key, keep_key(files.key));
  ADIT_TRY(const auto present, look_at(files, key.get()));
  const auto made = what_to_make(present, names, now);
  if (made == Made::kNothing) return made;
  ADIT_TRY(const auto certificate, make_certificate(key.get(), alternatives, now));
  ADIT_TRY(const auto pem, pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }));
  ADIT_CHECK(replace_file(files.certificate, pem, 0644));
  return made;
}

}  // namespace adit::http
