// TlsIdentity: the certificate that a server shows, with its key; and the self-signed one that is made where
// nobody gives another.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace adit::http {

struct TlsFiles {
  std::filesystem::path certificate;  ///< PEM: the server's own certificate, then those between it and a root
  std::filesystem::path key;          ///< PEM, not encrypted
};

/// What the server's own certificate says.
struct CertificateFacts {
  std::chrono::sys_seconds valid_from;
  std::chrono::sys_seconds valid_until;
  std::vector<std::string> names;  ///< DNS names and IP addresses (subjectAltName), in its order
  std::string sha256;              ///< of its DER form, in hexadecimal
  bool made_here = false;          ///< by keep_self_signed()
};

struct TlsMaterial;

/// A certificate and its key, read and found to belong together. A value; all threads may read it.
class TlsIdentity {
 public:
  /// kInvalid, with what is wrong and how to mend it in the message and the file in the detail, when a file
  /// can't be read or holds something else, when the key is encrypted, and when the two don't belong
  /// together. Dates are not looked at: see check_validity().
  static Result<TlsIdentity> load(const TlsFiles& files);

  const CertificateFacts& facts() const { return facts_; }
  const TlsMaterial& material() const { return *material_; }

 private:
  TlsIdentity(CertificateFacts facts, std::shared_ptr<const TlsMaterial> material)
      : facts_(std::move(facts)), material_(std::move(material)) {}

  CertificateFacts facts_;
  std::shared_ptr<const TlsMaterial> material_;
};

/// kInvalid when the certificate has expired or is not valid yet.
Result<void> check_validity(const CertificateFacts& facts, Timestamp now);
/// `2027-03-01T12:00:00Z`
std::string date_text(std::chrono::sys_seconds time);

/// Why keep_self_signed() made a certificate.
enum class Made {
  kNothing,       ///< the one that is there is good, or is not one of ours
  kFirst,         ///< there was none
  kForNames,      ///< it was for other names
  kBeforeExpiry,  ///< its last `kRenewalTime` had begun
  kForKey,        ///< the key had been replaced
};

/// How long before its end a self-signed certificate is made anew.
inline constexpr std::chrono::days kRenewalTime{30};

/// Sees to it that the files hold a self-signed ECDSA P-256 certificate for `names` (DNS names and IP
/// addresses; absent: those it has, `standard_names` for the first), valid for ten years. A key that is there
/// is kept and used again, so a renewal replaces one file, in one step; a new key gets mode 0600. A
/// certificate that was not made here is left as it is. kInvalid for a name that is none.
Result<Made> keep_self_signed(const TlsFiles& files, const std::optional<std::vector<std::string>>& names,
                              Timestamp now);

/// localhost and its addresses.
std::vector<std::string> standard_names();

}  // namespace adit::http
