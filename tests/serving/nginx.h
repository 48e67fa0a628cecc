// Nginx: the real one, with packaging/proxy/nginx.conf in front of a server.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "support/process.h"
#include "support/temp_folder.h"

namespace adit::test {

/// The packaged configuration as it stands, but for addresses, the paths of the certificate, and a second
/// port without TLS. Ended by destruction. Not thread-safe.
class Nginx {
 public:
  static bool installed();

  /// In front of `upstream`, HOST:PORT, with the certificate and key of `tls_folder`. Throws
  /// std::runtime_error with its log when it does not accept connections within 20 s.
  Nginx(const std::string& upstream, const std::filesystem::path& tls_folder);

  const std::string& tls_address() const { return tls_address_; }
  const std::string& address() const { return address_; }

 private:
  void write_configuration(const std::string& upstream, const std::filesystem::path& tls_folder) const;

  TempFolder folder_;
  std::string address_;
  std::string tls_address_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace adit::test
