#include "http/multipart.h"

#include <gtest/gtest.h>

#include <vector>

#include "http/body_feeder.h"

namespace adit::http {
namespace {

/// Writes down what it is told: `[name|filename:bytes]` for each part.
class Recorder final : public BodySink {
 public:
  Result<void> begin_part(const PartHead& head) override {
    text += "[" + head.name.value_or("-") + "|" + head.filename.value_or("-") + ":";
    return {};
  }
  Result<void> write(std::string_view bytes) override {
    text += bytes;
    return {};
  }
  Result<void> end_part() override {
    text += "]";
    return {};
  }
  Response finish() override { return Response::empty(200); }

  std::string text;
};

std::string parse(std::string_view body, std::size_t piece, const std::string& boundary = "B",
                  std::size_t parts = 10) {
  Recorder recorder;
  MultipartParser parser(boundary, parts, recorder);
  while (!body.empty()) {
    if (const auto fed = parser.feed(body.substr(0, piece)); !fed) return fed.error().public_message;
    body.remove_prefix(std::min(piece, body.size()));
  }
  const auto ended = parser.end();
  return ended ? recorder.text : ended.error().public_message;
}

const std::string kHead = "Content-Disposition: form-data; name=\"f\"; filename=\"x.csv\"\r\n";

TEST(Multipart, GivesTheSamePartsWhereverTheBodyIsSplit) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--B\r\n" + kHead + "\r\nrows\r\n--B--\r\n", "[f|x.csv:rows]"},
      {"ignored\r\n--B \t\r\n" + kHead + "Content-Type: text/csv\r\n\r\n\r\n--B\r\n" + kHead +
           "\r\nb\r\n--B--tail\r\n--B",
       "[f|x.csv:][f|x.csv:b]"},
      {"--B\r\n" + kHead + "\r\n\r\n\r\n-\r\n--\r\r\n--A\r\n--B--", "[f|x.csv:\r\n\r\n-\r\n--\r\r\n--A]"},
      {"--B\r\ncontent-disposition: FORM-DATA; name=a\r\n\r\n\r\r\r\n\r\n--B--", "[a|-:\r\r\r\n]"},
      {"--B--", ""},
      {"\r\n--B--\r\n", ""},
  };
  for (const auto& [body, expected] : cases) {
    for (std::size_t piece = 1; piece <= body.size(); ++piece) {
      EXPECT_EQ(parse(body, piece), expected) << "pieces of " << piece << " of " << body;
    }
  }
}

TEST(Multipart, EveryShorterBodyEndsBeforeItsBoundary) {
  const std::string body = "--B\r\n" + kHead + "\r\nrows\r\n--B--";
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_TRUE(parse(body.substr(0, size), 3).contains("before its closing boundary")) << size;
  }
}

TEST(Multipart, RefusesWhatItCanNotRead) {
  EXPECT_TRUE(parse("--B\r\nno colon\r\n\r\n", 1).contains("without a name and a colon"));
  EXPECT_TRUE(parse("--B\r\nA: b\r\n\r\n", 1).contains("no Content-Disposition"));
  EXPECT_TRUE(parse("--B\r\n\r\n", 1).contains("no Content-Disposition"));
  EXPECT_TRUE(parse("--B\r\nContent-Disposition: attachment; name=a\r\n\r\n", 1).contains("not form-data"));
  EXPECT_TRUE(parse("--B\r\nContent-Disposition: form-data\r\n\r\n", 1).contains("no name"));
  EXPECT_TRUE(parse("--Bad\r\n" + kHead, 1).contains("followed by other text"));
  EXPECT_TRUE(parse("--B" + std::string(500, ' '), 7).contains("followed by other text"));
}

TEST(Multipart, BoundsHeadsAndParts) {
  for (const std::size_t piece : {1UL, 1000UL, 100'000UL}) {
    EXPECT_TRUE(parse("--B\r\nX: " + std::string(40'000, 'x'), piece).contains("over 16 KiB")) << piece;
  }
  std::string body;
  for (int i = 0; i < 3; ++i) body += "--B\r\n" + kHead + "\r\nx\r\n";
  EXPECT_TRUE(parse(body, 5, "B", 2).contains("more than 2 parts"));
}

TEST(Multipart, FindsTheBoundaryInAContentType) {
  EXPECT_EQ(*multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(*multipart_boundary("Multipart/Form-Data; charset=x; Boundary=\"a b:c\""), "a b:c");
  EXPECT_EQ(*multipart_boundary("text/csv; boundary=abc"), std::nullopt);
  EXPECT_EQ(*multipart_boundary(""), std::nullopt);
  for (const std::string boundary : {"", "\"\"", "\"a \"", "\"a", "\"a\tb\""}) {
    EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=" + boundary).ok()) << boundary;
  }
  EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'x')).ok());
}

}  // namespace
}  // namespace adit::http
