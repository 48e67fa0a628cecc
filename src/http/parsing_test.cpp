// The parts that need no socket: targets, routes, header values, heads.
#include <gtest/gtest.h>

#include "http/header_value.h"
#include "http/input_buffer.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "http/router.h"
#include "http/target.h"

namespace adit::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Target, DecodesSegmentsAndQuery) {
  const auto target = parse_target("//a//b%20c/?x=1&y=a+b%2B&flag&&=v");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->path, "//a//b%20c/");
  EXPECT_EQ(target->segments, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(target->query, (Pairs{{"x", "1"}, {"y", "a b+"}, {"flag", ""}, {"", "v"}}));
}

TEST(Target, KeepsDotSegmentsAndEncodedSlashesAsNames) {
  const auto target = parse_target("/a/../%2e%2e/b%2fc/+");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->segments, (std::vector<std::string>{"a", "..", "..", "b/c", "+"}));
}

TEST(Target, UnderstandsAbsoluteForm) {
  EXPECT_EQ(parse_target("HTTP://host:1/a?b=c")->segments, std::vector<std::string>{"a"});
  EXPECT_EQ(parse_target("http://host")->path, "/");
  EXPECT_EQ(parse_target("http://host?a=b")->query.size(), 1u);
}

TEST(Target, RefusesBrokenEscapesNulAndFragments) {
  for (const std::string_view text : {"/%", "/%2", "/%2x", "/%00", "/a?%zz", "/a?b=%00", "a/b", "/a#b"}) {
    EXPECT_FALSE(parse_target(text).ok()) << text;
  }
}

Response nothing(const Request&) { return Response::empty(200); }

Route route(Method method, std::string pattern) {
  return {method, std::move(pattern), BodyKind::kNone, {}, nothing, {}};
}

TEST(Router, LiteralsWinOverNamesAndNamesAreStillReached) {
  const auto router = Router::create(
      {route(Method::kGet, "/a/{x}/c"), route(Method::kGet, "/a/b/d"), route(Method::kGet, "/a/{y}")});
  ASSERT_TRUE(router.ok());
  const std::vector<std::string> literal{"a", "b", "d"};
  const std::vector<std::string> named{"a", "b", "c"};
  const std::vector<std::string> other{"a", "z"};
  EXPECT_EQ(router->match(Method::kGet, literal).route->pattern, "/a/b/d");
  EXPECT_EQ(router->match(Method::kGet, named).parameters, (Pairs{{"x", "b"}}));
  EXPECT_EQ(router->match(Method::kGet, other).parameters, (Pairs{{"y", "z"}}));
}

TEST(Router, TellsUnknownPathsFromUnknownMethods) {
  const auto router = Router::create({route(Method::kPost, "/a"), route(Method::kDelete, "/a")});
  ASSERT_TRUE(router.ok());
  const std::vector<std::string> known{"a"};
  const std::vector<std::string> unknown{"a", "b"};
  EXPECT_EQ(router->match(Method::kGet, known).allow, "POST, DELETE, OPTIONS");
  EXPECT_EQ(router->match(Method::kGet, unknown).allow, "");
  EXPECT_EQ(router->match(Method::kGet, {}).route, nullptr);
}

TEST(Router, RefusesRoutesThatCanNotWork) {
  EXPECT_FALSE(Router::create({route(Method::kGet, "a")}).ok());
  EXPECT_FALSE(Router::create({{Method::kPost, "/a", BodyKind::kStream, {}, nothing, {}}}).ok());
}

TEST(HeaderValue, ReadsTokensAndQuotedStrings) {
  const auto value = parse_header_value(R"(Form-Data; NAME=a ; filename="C:\x \"y\".csv";; empty=)");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->value, "form-data");
  EXPECT_EQ(value->parameter("name"), "a");
  EXPECT_EQ(value->parameter("filename"), R"(C:\x "y".csv)");
  EXPECT_EQ(value->parameter("empty"), "");
  EXPECT_FALSE(parse_header_value(R"(a; b="c)"));
  EXPECT_FALSE(parse_header_value(R"(a; b="c"d)"));
  EXPECT_FALSE(parse_header_value("a; =c"));
}

TEST(ResponseHead, KeepsLineBreaksOutOfFieldsAndFramingToItself) {
  Response response = Response::json(200, "12345");
  response.headers.emplace_back("X-A", "b\r\nX-Evil: c");
  response.headers.emplace_back("content-length", "99");
  const auto head = response_head(response, "ref", Persistence::kClose);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(head.contains("X-A: b  X-Evil: c\r\n"));
  EXPECT_TRUE(head.contains("Content-Length: 5\r\n"));
  EXPECT_FALSE(head.contains("99"));
  EXPECT_TRUE(head.ends_with("Connection: close\r\n\r\n"));
}

TEST(InputBuffer, GivesBytesBackInOrder) {
  InputBuffer input;
  const auto room = input.room(8);
  std::copy_n("abcdefgh", 8, room.begin());
  input.added(8);
  char taken[5];
  ASSERT_EQ(input.take(taken), 5u);
  input.put_back(std::span<const char>(taken).subspan(3));
  EXPECT_EQ(std::string(input.bytes().begin(), input.bytes().end()), "defgh");
  input.put_back(std::string("01234567890123456789"));
  EXPECT_EQ(std::string(input.bytes().begin(), input.bytes().end()), "01234567890123456789defgh");
}

TEST(InputBuffer, GivesLargeMemoryBackWhenItIsEmpty) {
  InputBuffer input;
  for (const std::size_t size : {InputBuffer::kIdleBytesMax, 512 * 1024UL}) {
    input.put_back(std::string(size, 'x'));
    input.consume(size - 1);
    EXPECT_EQ(input.room(1).size(), size - 1) << "what is in use stays";
    input.consume(1);
    EXPECT_LE(input.room(1).size(), InputBuffer::kIdleBytesMax);
  }
}

/// Feeds `text` in pieces of `piece` bytes, as a connection would; the body that came out.
std::string parse_in_pieces(RequestParser& parser, std::string_view text, std::size_t piece) {
  std::string pending;
  std::string body;
  while (!parser.done() && (!text.empty() || !pending.empty())) {
    pending += text.substr(0, piece);
    text.remove_prefix(std::min(piece, text.size()));
    const auto fed = parser.feed(std::span(pending.data(), pending.size()));
    if (fed.failure) return "failure: " + fed.failure->message;
    if (fed.consumed == 0 && text.empty()) return "stuck";
    body += pending.substr(0, fed.body);
    pending.erase(0, fed.consumed);
  }
  return body + "|" + pending + std::string(text);
}

TEST(RequestParser, GivesTheSameBodyWhereverItIsSplit) {
  const std::string text =
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\nhello\r\n1\r\n \r\n00A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    RequestParser parser(1000, 1000);
    EXPECT_EQ(parse_in_pieces(parser, text, piece), "hello 0123456789|") << piece;
    EXPECT_EQ(parser.head().headers.fields().size(), 2u);
  }
}

TEST(RequestParser, LeavesTheNextRequestAlone) {
  RequestParser parser(1000, 1000);
  const std::string text = "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n";
  EXPECT_EQ(parse_in_pieces(parser, text, text.size()), "abc|GET / HTTP/1.1\r\n");
}

}  // namespace
}  // namespace adit::http
