#include "http/content_encoding.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "http/header_value.h"

namespace adit::http {
namespace {

constexpr std::size_t kOutputBytes = 128 * 1024;
/// 2^23 bytes (RFC 9659): without it 128 MiB would be the library's bound.
constexpr int kZstdWindowLogMax = 23;
/// What zlib and zstd hold beside their windows.
constexpr std::size_t kGzipStateBytes = 48 * 1024;
constexpr std::size_t kZstdStateBytes = 512 * 1024;

Error wrong(std::string_view coding, std::string_view what) {
  return invalid_field("Content-Encoding", "says " + std::string(coding) + ", but the body " +
                                               std::string(what) +
                                               ". Send it again, or without the header as it is.");
}

class GzipInflater final : public Inflater {
 public:
  GzipInflater() {
    constexpr int kGzipOnly = 16;
    if (::inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::runtime_error("zlib: no memory");
  }
  ~GzipInflater() override { ::inflateEnd(&stream_); }

  Result<void> feed(std::string_view bytes, const Emit& emit) override {
    // zlib's interface is older than const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    bool more_output = false;
    while (stream_.avail_in > 0 || more_output) {
      if (complete_) {
        ::inflateReset(&stream_);
        complete_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
      stream_.avail_out = static_cast<uInt>(output_.size());
      const int code = ::inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return wrong("gzip", "is not gzip");
      const auto produced = output_.size() - stream_.avail_out;
      if (produced > 0) ADIT_CHECK(emit({output_.data(), produced}));
      complete_ = code == Z_STREAM_END;
      more_output = !complete_ && stream_.avail_out == 0;
      if (code == Z_BUF_ERROR) break;
    }
    return {};
  }

  Result<void> end() const override {
    if (complete_) return {};
    return wrong("gzip", "ends too early");
  }

 private:
  z_stream stream_{};
  bool complete_ = false;
  std::array<char, kOutputBytes> output_;
};

class ZstdInflater final : public Inflater {
 public:
  ZstdInflater() : context_(::ZSTD_createDCtx()) {
    if (!context_) throw std::runtime_error("zstd: no memory");
    ::ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }

  Result<void> feed(std::string_view bytes, const Emit& emit) override {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    bool more_output = false;
    while (input.pos < input.size || more_output) {
      ZSTD_outBuffer output{output_.data(), output_.size(), 0};
      const auto code = ::ZSTD_decompressStream(context_.get(), &output, &input);
      if (::ZSTD_isError(code) != 0) {
        const bool wide = ::ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge;
        return wrong("zstd", wide ? "needs a window of over 8 MiB: compress it without --long and --ultra"
                                  : "is not zstd");
      }
      if (output.pos > 0) ADIT_CHECK(emit({output_.data(), output.pos}));
      complete_ = code == 0;
      more_output = !complete_ && output.pos == output.size;
    }
    return {};
  }

  Result<void> end() const override {
    if (complete_) return {};
    return wrong("zstd", "ends too early");
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ::ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool complete_ = false;
  std::array<char, kOutputBytes> output_;
};

}  // namespace

std::size_t inflater_bytes_max(ContentEncoding encoding) {
  switch (encoding) {
    case ContentEncoding::kIdentity:
      return 0;
    case ContentEncoding::kGzip:
      return kOutputBytes + kGzipStateBytes;
    case ContentEncoding::kZstd:
      return kOutputBytes + kZstdStateBytes + (std::size_t{1} << kZstdWindowLogMax);
  }
  return 0;
}

std::optional<ContentEncoding> content_encoding_of(const Headers& headers) {
  const auto text = to_lower(trimmed(headers.joined("Content-Encoding")));
  if (text.empty() || text == "identity") return ContentEncoding::kIdentity;
  if (text == "gzip" || text == "x-gzip") return ContentEncoding::kGzip;
  if (text == "zstd") return ContentEncoding::kZstd;
  return std::nullopt;
}

std::unique_ptr<Inflater> Inflater::create(ContentEncoding encoding) {
  switch (encoding) {
    case ContentEncoding::kIdentity:
      return nullptr;
    case ContentEncoding::kGzip:
      return std::make_unique<GzipInflater>();
    case ContentEncoding::kZstd:
      return std::make_unique<ZstdInflater>();
  }
  std::unreachable();
}

}  // namespace adit::http
