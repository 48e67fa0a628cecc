#include "support/answer_record.h"

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

namespace adit::test {
namespace {

constexpr std::size_t kBodyBytesMax = 256 * 1024;

/// Bodies may be no text.
std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

struct File {
  explicit File(const char* path) {
    const std::filesystem::path file(path);
    std::filesystem::create_directories(file.parent_path());
    stream.open(file, std::ios::trunc);
  }

  std::mutex lock;
  std::ofstream stream;
};

}  // namespace

void record_answer(const HttpRequest& request, const HttpResponse& response) {
  static const char* const path = std::getenv("RECORD_ANSWERS_IN");
  if (path == nullptr || response.body.size() > kBodyBytesMax) return;
  static File file(path);
  boost::json::object headers;
  for (const auto& [name, value] : response.headers) headers[name] = value;
  const boost::json::object line{{"method", request.method},
                                 {"target", request.target},
                                 {"status", response.status},
                                 {"headers", std::move(headers)},
                                 {"body", hex(response.body)}};
  const std::scoped_lock held(file.lock);
  file.stream << boost::json::serialize(line) << std::endl;
}

}  // namespace adit::test
