#include "upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "base/file.h"
#include "support/raw_connection.h"

namespace adit::bench {
namespace {

constexpr std::size_t kBlockBytes = 256 * 1024;
/// Small blocks for a paced upload, so that the pace is even.
constexpr std::size_t kPacedBlockBytes = 32 * 1024;
constexpr std::chrono::seconds kAnswerTimeout{120};

void send_file(test::RawConnection& connection, const UploadRequest& request, Instant begin) {
  const FileHandle file(::open(request.file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw std::system_error(errno, std::generic_category(), request.file.string());
  std::vector<char> block(request.bytes_per_second ? kPacedBlockBytes : kBlockBytes);
  double sent = 0;
  while (true) {
    const auto got = ::read(file.get(), block.data(), block.size());
    if (got < 0) throw std::system_error(errno, std::generic_category(), request.file.string());
    if (got == 0) return;
    connection.send({block.data(), static_cast<std::size_t>(got)});
    sent += static_cast<double>(got);
    if (!request.bytes_per_second) continue;
    const std::chrono::duration<double> due(sent / *request.bytes_per_second);
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<SteadyClock::duration>(due));
  }
}

}  // namespace

UploadTimes upload(const UploadRequest& request) {
  test::RawConnection connection(request.address);
  connection.set_timeout(kAnswerTimeout);
  UploadTimes times;
  times.first_byte = SteadyClock::now();
  connection.send(request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\n" +
                  request.headers +
                  "Content-Length: " + std::to_string(std::filesystem::file_size(request.file)) + "\r\n\r\n");
  send_file(connection, request, times.first_byte);
  times.last_byte = SteadyClock::now();
  const auto response = connection.read_response(request.method);
  times.answered = SteadyClock::now();
  if (response.status < 200 || response.status > 299) {
    throw std::runtime_error("upload of " + request.file.filename().string() + ": status " +
                             std::to_string(response.status) + ", " + response.body);
  }
  return times;
}

}  // namespace adit::bench
