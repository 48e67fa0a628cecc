// What OpenSSL's objects are owned by.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/certificate.h"

namespace adit::http {

template <auto kFree>
struct OpensslFree {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using SslKey = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using SslCertificate = std::unique_ptr<X509, OpensslFree<X509_free>>;
using SslExtension = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>>;
using SslNames = std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>>;
using SslBio = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using SslNumber = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;

/// Behind a TlsIdentity.
struct TlsMaterial {
  std::vector<SslCertificate> chain;  ///< the server's own first; never empty
  SslKey key;
};

/// The subject of certificates that are made here: how they are told from others.
inline constexpr std::string_view kSelfSignedName = "adit, self-signed";

/// What OpenSSL says of its last failure; its queue of errors is empty afterwards.
std::string openssl_failure();

Result<std::vector<SslCertificate>> read_certificates(const std::filesystem::path& path);
Result<SslKey> read_key(const std::filesystem::path& path);
CertificateFacts facts_of(X509& certificate);

}  // namespace adit::http
