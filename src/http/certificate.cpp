#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "base/file.h"
#include "base/random.h"
#include "http/server.h"

namespace adit::http {
namespace {

namespace fs = std::filesystem;

constexpr long kDaysValid = 3652;
constexpr std::size_t kSerialBytes = 16;

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using BigNumber = std::unique_ptr<BIGNUM, Free<BN_free>>;

Error openssl_error(const std::string& what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return internal("certificate: " + what + ": " + text.data());
}

bool is_ip_address(const std::string& name) {
  in6_addr address{};
  return ::inet_pton(AF_INET, name.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

bool is_dns_name(const std::string& name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*";
  return !name.empty() && name.size() <= 253 && name.find_first_not_of(kAllowed) == std::string::npos;
}

Result<std::string> alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    const bool ip = is_ip_address(name);
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
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  std::array<std::uint8_t, kSerialBytes> bytes{};
  fill_random(bytes);
  bytes[0] &= 0x7f;  // positive, as RFC 5280 asks
  const BigNumber number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate) {
  static constexpr std::string_view kCommonName = "adit, self-signed";
  X509_NAME* const name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(kCommonName.data());
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, static_cast<int>(kCommonName.size()), -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

Result<Certificate> make_certificate(EVP_PKEY* key, const std::string& names) {
  constexpr long kSecondsOfDay = 24L * 60 * 60;
  Certificate certificate(X509_new());
  X509* const x509 = certificate.get();
  const bool made = x509 != nullptr && X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
                    X509_gmtime_adj(X509_getm_notBefore(x509), -kSecondsOfDay) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(x509), kDaysValid * kSecondsOfDay) != nullptr &&
                    set_subject(x509) && X509_set_pubkey(x509, key) == 1 &&
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
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return openssl_error("write PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace

Result<void> ensure_self_signed_certificate(const fs::path& certificate, const fs::path& key,
                                            const std::vector<std::string>& names) {
  std::error_code ignored;
  if (fs::exists(certificate, ignored) && fs::exists(key, ignored)) return {};
  ADIT_TRY(const auto alternatives, alternative_names(names));
  const Key pair(EVP_EC_gen("P-256"));
  if (!pair) return openssl_error("generate key");
  ADIT_TRY(const auto made, make_certificate(pair.get(), alternatives));
  ADIT_TRY(const auto key_pem, pem_of([&](BIO* bio) {
             return PEM_write_bio_PKCS8PrivateKey(bio, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
           }));
  ADIT_TRY(const auto certificate_pem, pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); }));
  // The certificate goes last: while it is missing, an interrupted start makes both anew.
  ADIT_CHECK(replace_file(key, key_pem, 0600));
  return replace_file(certificate, certificate_pem, 0644);
}

}  // namespace adit::http
