// MultipartParser. Input: a Content-Type, a line's end, the body.
#include <algorithm>
#include <string>

#include "fuzz/fuzz_target.h"
#include "http/multipart.h"

namespace {

using namespace adit;
using namespace adit::http;

constexpr std::size_t kPartsMax = 5;

/// Writes down what it is told, and that it is told in order.
class Recorder final : public BodySink {
 public:
  Result<void> begin_part(const PartHead& head) override {
    fuzz::require(!open_, "a part begins after the one before has ended");
    fuzz::require(head.name.has_value(), "a part has a name");
    open_ = true;
    told += "\n[" + *head.name + "|" + head.filename.value_or("-") + "]";
    return {};
  }
  Result<void> write(std::string_view bytes) override {
    fuzz::require(open_, "bytes belong to a part");
    told += bytes;
    return {};
  }
  Result<void> end_part() override {
    fuzz::require(open_, "a part ends once");
    open_ = false;
    told += "[end]";
    return {};
  }
  Response finish() override { return Response::empty(200); }

  std::string told;

 private:
  bool open_ = false;
};

std::string parse(std::string_view body, const std::string& boundary, std::size_t piece) {
  Recorder recorder;
  MultipartParser parser(boundary, kPartsMax, recorder);
  while (!body.empty()) {
    if (const auto fed = parser.feed(body.substr(0, piece)); !fed)
      return recorder.told + "\nerror: " + fed.error().public_message;
    body.remove_prefix(std::min(piece, body.size()));
  }
  const auto ended = parser.end();
  return recorder.told + (ended ? "\ncomplete" : "\nerror: " + ended.error().public_message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto body = fuzz::text_of(data, size);
  const auto boundary = multipart_boundary(fuzz::take_line(body));
  if (!boundary || !*boundary) return 0;
  const auto whole = parse(body, **boundary, std::max<std::size_t>(body.size(), 1));
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U}) {
    fuzz::require(parse(body, **boundary, piece) == whole, "it does not matter where a body is split");
  }
  return 0;
}
