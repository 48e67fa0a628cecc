// CertificateKeeper: which certificate the server shows, from its start to its end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "http/certificate.h"
#include "http/server.h"

namespace adit {

/// Where the certificate comes from.
struct CertificateSource {
  http::TlsFiles files;
  bool given = false;  ///< by the settings; else the files are the data folder's, and kept self-signed
  std::optional<std::vector<std::string>> names{};  ///< of the self-signed one; absent: those it has
};

/// Lifecycle: `begin (reload | look)*`. One thread. Every change and every failure after the start is a line
/// of the log; a certificate that can't be used never replaces one that can.
class CertificateKeeper {
 public:
  /// `clock` and `metrics` outlive this.
  CertificateKeeper(CertificateSource source, const Clock& clock, Metrics& metrics)
      : source_(std::move(source)), clock_(clock), metrics_(metrics) {}

  /// The certificate to start with. kInvalid when it can't be used or is not valid at present.
  Result<http::TlsIdentity> begin();
  /// Reads the files again and lets the server use what they hold.
  void reload(http::Server& server);
  /// To be called now and then: makes the self-signed one anew before it expires, warns of a given one that
  /// is about to, and says in the metrics how long it lasts.
  void look(http::Server& server);

 private:
  Result<http::TlsIdentity> read();
  /// The pair that the server makes itself, made or renewed where it has to be.
  Result<http::TlsIdentity> keep_own();
  Result<http::TlsIdentity> load();
  void note(const http::CertificateFacts& facts);
  void tell_remaining();

  const CertificateSource source_;
  const Clock& clock_;
  Metrics& metrics_;
  std::optional<http::CertificateFacts> shown_;
  Timestamp warned_{};
};

}  // namespace adit
