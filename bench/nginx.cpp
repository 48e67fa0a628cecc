#include "nginx.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "base/file.h"
#include "support/raw_connection.h"

namespace adit::bench {
namespace {

constexpr const char* kProgram = "/usr/sbin/nginx";

/// A port of 127.0.0.1 that nobody listens on at the moment.
std::uint16_t free_port() {
  const FileHandle socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0) {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

/// A single process (`master_process off`) has no worker that a kill could leave behind, and it works in the
/// folder of whoever runs the bench, root or not.
void write_configuration(const std::filesystem::path& folder, const std::string& address) {
  std::ofstream file(folder / "nginx.conf");
  const auto path = [&folder](const char* name) { return (folder / name).string() + ";\n"; };
  file << "daemon off;\nmaster_process off;\npid " << path("pid") << "error_log " << path("error.log")
       << "events { worker_connections 64; }\nhttp {\n  access_log off;\n  client_max_body_size 0;\n"
       << "  client_body_temp_path " << path("body") << "  proxy_temp_path " << path("proxy")
       << "  fastcgi_temp_path " << path("fastcgi") << "  uwsgi_temp_path " << path("uwsgi")
       << "  scgi_temp_path " << path("scgi") << "  server {\n    listen " << address << ";\n    root "
       << path("files") << "    location / { dav_methods PUT; }\n  }\n}\n";
  if (!file.flush()) throw std::runtime_error("nginx.conf can't be written");
}

bool accepts(const std::string& address) {
  try {
    const test::RawConnection connection(address);
    return true;
  } catch (const test::TransportError&) {
    return false;
  }
}

}  // namespace

Nginx::Nginx(const std::filesystem::path& folder)
    : folder_(std::filesystem::absolute(folder)), address_("127.0.0.1:" + std::to_string(free_port())) {
  if (!std::filesystem::exists(kProgram)) {
    throw std::runtime_error("nginx is not installed: run tools/setup bench");
  }
  std::filesystem::create_directories(folder_ / "files");
  write_configuration(folder_, address_);
  test::ChildProcess::Options options;
  options.arguments = {kProgram,
                       "-p",
                       folder_.string(),
                       "-c",
                       (folder_ / "nginx.conf").string(),
                       "-e",
                       (folder_ / "error.log").string()};
  options.output = folder_ / "output";
  process_ = std::make_unique<test::ChildProcess>(options);
  for (int tries = 0; !accepts(address_); ++tries) {
    if (tries == 200 || !process_->running()) {
      throw std::runtime_error("nginx did not start; see " + (folder_ / "error.log").string());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

Nginx::~Nginx() {
  process_->signal(SIGTERM);
  process_->wait(std::chrono::seconds{10});
}

}  // namespace adit::bench
