// Compressed bodies, digests and cross-origin fields, without a socket.
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "http/body_digest.h"
#include "http/body_feeder.h"
#include "http/content_encoding.h"
#include "http/cors.h"

namespace adit::http {
namespace {

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(::deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& bytes, int window_log = 0) {
  ZSTD_CCtx* context = ::ZSTD_createCCtx();
  if (window_log > 0) ::ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  // A size that is not known beforehand keeps the frame from being cut to what it needs.
  ::ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  std::string out(::ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  while (input.pos < input.size) ::ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue);
  EXPECT_EQ(::ZSTD_compressStream2(context, &output, &input, ZSTD_e_end), 0u);
  ::ZSTD_freeCCtx(context);
  out.resize(output.pos);
  return out;
}

std::string sample() {
  std::string bytes;
  for (int i = 0; i < 60'000; ++i) bytes += std::to_string(i * 7919 % 10'007) + ",";
  return bytes;
}

/// Fed in pieces of `step` bytes; the decoded bytes, or "!" and the message.
std::string inflated(ContentEncoding encoding, const std::string& bytes, std::size_t step) {
  const auto inflater = Inflater::create(encoding);
  std::string out;
  const auto append = [&](std::string_view piece) -> Result<void> {
    out += piece;
    return {};
  };
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    if (const auto fed = inflater->feed(std::string_view(bytes).substr(at, step), append); !fed)
      return "!" + fed.error().public_message;
  }
  if (const auto ended = inflater->end(); !ended) return "!" + ended.error().public_message;
  return out;
}

Headers headers_of(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

TEST(ContentEncoding, KnowsGzipZstdAndNothingElse) {
  const auto of = [](const std::string& value) {
    return content_encoding_of(headers_of({{"content-encoding", value}}));
  };
  EXPECT_EQ(content_encoding_of(Headers()), ContentEncoding::kIdentity);
  EXPECT_EQ(of("identity"), ContentEncoding::kIdentity);
  EXPECT_EQ(of("GZIP"), ContentEncoding::kGzip);
  EXPECT_EQ(of("x-gzip"), ContentEncoding::kGzip);
  EXPECT_EQ(of(" zstd "), ContentEncoding::kZstd);
  for (const auto* other : {"br", "deflate", "compress", "gzip, zstd", "gzip,gzip"})
    EXPECT_FALSE(of(other)) << other;
  EXPECT_FALSE(content_encoding_of(headers_of({{"Content-Encoding", "gzip"}, {"Content-Encoding", "gzip"}})));
}

TEST(Inflater, GivesTheSameBytesHoweverTheyArrive) {
  const auto bytes = sample();
  for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, std::size_t{10'000'000}}) {
    EXPECT_TRUE(inflated(ContentEncoding::kGzip, gzip(bytes), step) == bytes) << step;
    EXPECT_TRUE(inflated(ContentEncoding::kZstd, zstd(bytes), step) == bytes) << step;
  }
}

TEST(Inflater, SeveralMembersOrFramesAreOneBody) {
  EXPECT_EQ(inflated(ContentEncoding::kGzip, gzip("one,") + gzip("two"), 3), "one,two");
  EXPECT_EQ(inflated(ContentEncoding::kZstd, zstd("one,") + zstd("two"), 3), "one,two");
  EXPECT_EQ(inflated(ContentEncoding::kGzip, gzip(""), 5), "");
  EXPECT_EQ(inflated(ContentEncoding::kZstd, zstd(""), 5), "");
}

TEST(Inflater, WhatIsCutOffDamagedOrFollowedByOtherBytesIsRefused) {
  for (const auto encoding : {ContentEncoding::kGzip, ContentEncoding::kZstd}) {
    const auto whole = encoding == ContentEncoding::kGzip ? gzip(sample()) : zstd(sample());
    auto damaged = whole;
    damaged[0] = static_cast<char>(~damaged[0]);
    for (const auto& bytes : {std::string(), whole.substr(0, whole.size() - 1), whole.substr(0, 3),
                              std::string("id,name\n1,one\n"), damaged, whole + "trailing bytes"}) {
      EXPECT_TRUE(inflated(encoding, bytes, 4096).starts_with("!Content-Encoding")) << bytes.size();
    }
  }
}

TEST(Inflater, AZstdWindowThatWouldTakeTooMuchMemoryIsRefused) {
  const std::string bytes(20 << 20, 'x');
  EXPECT_EQ(inflated(ContentEncoding::kZstd, zstd(bytes, 23), 1 << 20).size(), bytes.size());
  EXPECT_NE(inflated(ContentEncoding::kZstd, zstd(bytes, 24), 1 << 20).find("window"), std::string::npos);
}

/// The outcome for one header value over the body "hello": "", or the field that the error names.
std::string checked(const std::string& field, const std::string& value, const std::string& body = "hello") {
  auto digest = BodyDigest::expected_by(headers_of({{field, value}}));
  if (!digest) return digest.error().fields.empty() ? "?" : digest.error().fields.front().attribute;
  if (!*digest) return "absent";
  (*digest)->update(body);
  const auto verified = std::move(**digest).verify();
  return verified ? "" : "differs";
}

const std::string kHello = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";

TEST(BodyDigest, AcceptsWhatAgreesAndRefusesWhatDoesNot) {
  for (const std::string field : {"Content-Digest", "repr-digest"}) {
    EXPECT_EQ(checked(field, kHello), "");
    EXPECT_EQ(checked(field, kHello, "hallo"), "differs");
  }
  EXPECT_EQ(checked("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="), "");
  EXPECT_EQ(checked("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==", "hallo"), "differs");
  EXPECT_EQ(checked("X-Other", "x"), "absent");
}

TEST(BodyDigest, UnknownAlgorithmsAreIgnoredBesideAKnownOne) {
  EXPECT_EQ(checked("Content-Digest", "sha-512=:AAAA:, " + kHello), "");
  EXPECT_EQ(checked("Content-Digest", kHello + ";note=\"a,b\", unixsum=:AAAA:"), "");
  EXPECT_EQ(checked("Content-Digest", "sha-512=:AAAA:"), "Content-Digest");
  EXPECT_EQ(checked("Content-Digest", kHello + ", sha-256=:" + std::string(43, 'A') + "=:"), "differs");
}

TEST(BodyDigest, MalformedFieldsAreNamed) {
  for (const std::string value : {"", "sha-256", "sha-256=", "sha-256=abc", "sha-256=:abc",
                                  "sha-256=:%%:", "sha-256=:AAAA:", "=:AAAA:", "sha-256=:AAAA:x", ","}) {
    EXPECT_EQ(checked("Content-Digest", value), "Content-Digest") << value;
  }
  for (const std::string value : {"", "AAAA", "not base64"}) {
    EXPECT_EQ(checked("Content-MD5", value), "Content-MD5") << value;
  }
}

Response preflight(const Cors& cors, const std::string& origin) {
  Request request;
  request.method = Method::kOptions;
  request.headers = headers_of({{"Origin", origin},
                                {"Access-Control-Request-Method", "POST"},
                                {"Access-Control-Request-Headers", "authorization,content-type"}});
  Response response{204, {{"Allow", "GET, HEAD, POST, OPTIONS"}}, {}};
  cors.apply(request, response);
  return response;
}

std::string field_of(const Response& response, std::string_view name) {
  for (const auto& [field, value] : response.headers) {
    if (field == name) return value;
  }
  return {};
}

TEST(Cors, IsOffWithoutOrigins) { EXPECT_EQ(preflight(Cors({}), "https://a.example").headers.size(), 1u); }

TEST(Cors, AnswersAllowedOriginsOnly) {
  const Cors cors({"https://a.example", "http://localhost:5173"});
  const auto allowed = preflight(cors, "https://a.example");
  EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(field_of(allowed, "Access-Control-Allow-Headers"), "authorization,content-type");
  EXPECT_EQ(field_of(allowed, "Vary"), "Origin");
  const auto other = preflight(cors, "https://b.example");
  EXPECT_EQ(field_of(other, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(field_of(other, "Vary"), "Origin");
  EXPECT_EQ(field_of(preflight(Cors({"*"}), "https://b.example"), "Access-Control-Allow-Origin"),
            "https://b.example");
}

}  // namespace
}  // namespace adit::http
