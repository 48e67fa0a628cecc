// A file as the body of one HTTP request, streamed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "measure.h"

namespace adit::bench {

struct UploadRequest {
  std::string address;  ///< HOST:PORT
  std::string method = "POST";
  std::string target;
  std::string headers;  ///< whole lines, each with its CR LF, besides Host and Content-Length
  std::filesystem::path file;
  std::optional<double> bytes_per_second;  ///< absent: as fast as the peer takes them
};

struct UploadTimes {
  Instant first_byte;  ///< before the head is handed to the socket
  Instant last_byte;   ///< after the last byte of the body was
  Instant answered;
};

/// Sends on a connection of its own. Throws std::runtime_error unless the answer's status is 2xx.
UploadTimes upload(const UploadRequest& request);

}  // namespace adit::bench
