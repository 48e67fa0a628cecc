#include "http/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>

#include <array>
#include <ctime>
#include <utility>

#include "base/digest.h"
#include "base/file.h"
#include "http/openssl_types.h"

namespace adit::http {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPemBytesMax = 1 << 20;
constexpr std::size_t kChainMax = 20;

Error unusable(std::string_view what, const fs::path& path, std::string why) {
  return {ErrorKind::kInvalid, "The TLS " + std::string(what) + " can't be used: " + std::move(why),
          path.string()};
}

Result<std::string> read_pem(std::string_view what, const fs::path& path) {
  auto content = read_file(path, kPemBytesMax);
  if (content) return content;
  const auto& error = content.error();
  return Error{ErrorKind::kInvalid, "The TLS " + std::string(what) + "'s file can't be read.",
               error.internal_detail + (error.kind == ErrorKind::kNotFound ? ": there is no such file" : "")};
}

SslBio bio_of(const std::string& text) {
  return SslBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Gives no pass phrase, and tells that one was asked for.
int note_that_encrypted(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

std::chrono::sys_seconds time_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::string address_text(const ASN1_OCTET_STRING& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(&bytes) == 4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, ASN1_STRING_get0_data(&bytes), text.data(), text.size());
  return text.data();
}

std::vector<std::string> names_of(X509& certificate) {
  std::vector<std::string> names;
  const SslNames all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) {
      const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
      names.emplace_back(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      names.push_back(address_text(*name->d.iPAddress));
    }
  }
  return names;
}

std::string sha256_of(X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
  return to_hex({digest.data(), size});
}

bool is_made_here(X509& certificate) {
  std::array<char, 64> name{};
  auto* subject = X509_get_subject_name(&certificate);
  X509_NAME_get_text_by_NID(subject, NID_commonName, name.data(), static_cast<int>(name.size()));
  return name.data() == kSelfSignedName && X509_NAME_cmp(subject, X509_get_issuer_name(&certificate)) == 0;
}

}  // namespace

std::string openssl_failure() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

Result<std::vector<SslCertificate>> read_certificates(const fs::path& path) {
  ADIT_TRY(const auto pem, read_pem("certificate", path));
  const auto bio = bio_of(pem);
  std::vector<SslCertificate> chain;
  while (chain.size() < kChainMax) {
    SslCertificate next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    chain.push_back(std::move(next));
  }
  // The end of the file is an error as well: that no other certificate begins there.
  const auto reason = ERR_GET_REASON(ERR_peek_last_error());
  const auto failure = openssl_failure();
  if (chain.empty()) return unusable("certificate", path, "the file holds no certificate in PEM.");
  if (reason != PEM_R_NO_START_LINE && chain.size() < kChainMax) {
    return unusable(
        "certificate", path,
        "certificate " + std::to_string(chain.size() + 1) + " of the file is damaged (" + failure + ").");
  }
  return chain;
}

Result<SslKey> read_key(const fs::path& path) {
  ADIT_TRY(const auto pem, read_pem("key", path));
  const auto bio = bio_of(pem);
  bool encrypted = false;
  SslKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, note_that_encrypted, &encrypted));
  ERR_clear_error();
  if (key) return key;
  if (encrypted) {
    return unusable(
        "key", path,
        "it is encrypted. Write it without a pass phrase, for this server's user only: openssl pkey "
        "-in KEY -out PLAIN_KEY.");
  }
  return unusable("key", path, "the file holds no private key in PEM.");
}

CertificateFacts facts_of(X509& certificate) {
  return {.valid_from = time_of(X509_get0_notBefore(&certificate)),
          .valid_until = time_of(X509_get0_notAfter(&certificate)),
          .names = names_of(certificate),
          .sha256 = sha256_of(certificate),
          .made_here = is_made_here(certificate)};
}

Result<TlsIdentity> TlsIdentity::load(const TlsFiles& files) {
  auto material = std::make_shared<TlsMaterial>();
  ADIT_TRY(material->chain, read_certificates(files.certificate));
  ADIT_TRY(material->key, read_key(files.key));
  auto& own = *material->chain.front();
  const bool fits = X509_check_private_key(&own, material->key.get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return unusable("key", files.key,
                    "it does not belong to the certificate. In the certificate's file the server's own comes "
                    "first, those of its issuers behind it.");
  }
  return TlsIdentity(facts_of(own), std::move(material));
}

std::string date_text(std::chrono::sys_seconds time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

Result<void> check_validity(const CertificateFacts& facts, Timestamp now) {
  if (now >= facts.valid_until) {
    return invalid("The TLS certificate has expired: it was valid until " + date_text(facts.valid_until) +
                   ".");
  }
  if (now < facts.valid_from) {
    return invalid("The TLS certificate is not valid yet, but from " + date_text(facts.valid_from) +
                   " on. Is this machine's clock right?");
  }
  return {};
}

}  // namespace adit::http
