#include "serving/nginx.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/raw_connection.h"

namespace adit::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/nginx";

/// A port of 127.0.0.1 that nobody listens on at the moment.
std::string free_address() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found = ::bind(descriptor, generic, size) == 0 && ::getsockname(descriptor, generic, &size) == 0;
  ::close(descriptor);
  if (!found) throw std::runtime_error("no free port");
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Replaces what has to be there, so that the test notices when the file says it in another way.
void replace(std::string& text, const std::string& old, const std::string& by) {
  const auto at = text.find(old);
  if (at == std::string::npos) throw std::runtime_error("packaging/proxy/nginx.conf has no \"" + old + "\"");
  text.replace(at, old.size(), by);
}

bool accepts(const std::string& address) {
  try {
    const RawConnection connection(address);
    return true;
  } catch (const TransportError&) {
    return false;
  }
}

}  // namespace

bool Nginx::installed() { return ::access(kProgram, X_OK) == 0; }

Nginx::Nginx(const std::string& upstream, const std::filesystem::path& tls_folder)
    : address_(free_address()), tls_address_(free_address()) {
  write_configuration(upstream, tls_folder);
  const auto log = folder_.path() / "output.log";
  process_ = std::make_unique<ChildProcess>(ChildProcess::Options{
      .arguments = {kProgram, "-p", folder_.path().string(), "-c", (folder_.path() / "main.conf").string()},
      .environment = {},
      .output = log});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!accepts(tls_address_)) {
    if (!process_->running() || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("nginx does not serve: " + content(log) +
                               content(folder_.path() / "error.log"));
    }
  }
}

/// A single process (`master_process off`) has no worker that a kill could leave behind.
void Nginx::write_configuration(const std::string& upstream, const std::filesystem::path& tls_folder) const {
  auto site = content(ADIT_PACKAGING "/proxy/nginx.conf");
  replace(site, "server 127.0.0.1:8080;", "server " + upstream + ";");
  replace(site, "listen 443 ssl;", "listen " + tls_address_ + " ssl; listen " + address_ + ";");
  replace(site, "/etc/ssl/adit/certificate.pem", (tls_folder / "certificate.pem").string());
  replace(site, "/etc/ssl/adit/key.pem", (tls_folder / "key.pem").string());
  std::ofstream(folder_.path() / "site.conf") << site;
  std::ofstream main(folder_.path() / "main.conf");
  main << "daemon off;\nmaster_process off;\npid pid;\nerror_log error.log;\nevents { worker_connections 64; "
          "}\n"
       << "http {\n  access_log off;\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    main << "  " << kind << "_temp_path " << kind << ";\n";
  }
  main << "  include site.conf;\n}\n";
  if (!main.flush()) throw std::runtime_error("main.conf can't be written");
}

}  // namespace adit::test
