#include "catalog/catalog_log.h"

#include <sys/stat.h>

#include <array>
#include <bit>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/copy_file.h"
#include "base/file.h"
#include "base/log.h"
#include "catalog/sqlite_session.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  ///< the last bit: checksums over big-endian words
constexpr std::uint32_t kPageBytesMax = 65536;

std::uint32_t big_endian(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

class Checksum {
 public:
  explicit Checksum(bool big) : big_(big) {}
  /// A multiple of 8 bytes.
  void add(std::span<const char> bytes) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      first_ += word(&bytes[i]) + second_;
      second_ += word(&bytes[i + 4]) + first_;
    }
  }
  bool is(const char* stored) const {
    return big_endian(stored) == first_ && big_endian(stored + 4) == second_;
  }

 private:
  std::uint32_t word(const char* bytes) const {
    const auto value = big_endian(bytes);
    return big_ ? value : std::byteswap(value);
  }
  bool big_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

fs::path log_of(const fs::path& file) { return file.string() + "-wal"; }

/// Walks the frames of a log whose header is whole.
std::optional<CatalogLogDamage> walk(std::ifstream& log, std::span<const char> header, Checksum sum) {
  const auto page_bytes = big_endian(&header[8]);
  const std::string salts(&header[16], 8);
  std::vector<char> frame(kFrameHeaderBytes + page_bytes);
  CatalogLogDamage damage;
  bool broken = false;
  for (std::uint64_t at = kHeaderBytes; log.read(frame.data(), static_cast<std::streamsize>(frame.size()));
       at += frame.size()) {
    const bool ours = std::string_view(&frame[8], 8) == salts;
    if (broken) {
      if (ours && big_endian(&frame[4]) != 0) ++damage.commits_lost;
      continue;
    }
    auto next = sum;
    next.add(std::span(frame).first(8));
    next.add(std::span(frame).subspan(kFrameHeaderBytes));
    broken = !ours || !next.is(&frame[16]);
    if (broken) damage.at_byte = at;
    sum = next;
  }
  if (damage.commits_lost == 0) return std::nullopt;
  return damage;
}

}  // namespace

Result<std::optional<CatalogLogDamage>> find_log_damage(const fs::path& file) {
  const auto path = log_of(file);
  std::error_code failure;
  const auto bytes = fs::file_size(path, failure);
  if (failure || bytes == 0) return std::optional<CatalogLogDamage>();
  std::ifstream log(path, std::ios::binary);
  std::array<char, kHeaderBytes> header{};
  if (!log) return internal("open " + path.string());
  // Shorter than its first frame: nothing was committed, or it was cut.
  if (bytes < kHeaderBytes + kFrameHeaderBytes || !log.read(header.data(), header.size()))
    return std::optional<CatalogLogDamage>();
  const auto magic = big_endian(header.data());
  const auto page_bytes = big_endian(&header[8]);
  Checksum sum((magic & 1U) != 0);
  sum.add(std::span(header).first(24));
  const bool whole =
      (magic & ~1U) == kMagic && sum.is(&header[24]) && page_bytes >= 512 && page_bytes <= kPageBytesMax;
  // SQLite takes the log for none then; how many commits are in it can't be told.
  if (!whole) return std::optional(CatalogLogDamage{0, 1});
  return walk(log, header, sum);
}

Result<void> keep_damaged_log(const fs::path& file) {
  ADIT_TRY(const auto damage, find_log_damage(file));
  if (!damage) return {};
  const auto log = log_of(file);
  struct stat status{};
  if (::stat(log.c_str(), &status) != 0) return internal("stat " + log.string());
  const auto written_ms =
      static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1000 + status.st_mtim.tv_nsec / 1'000'000;
  const fs::path kept = log.string() + ".damaged-" + std::to_string(written_ms);
  const auto copied = copy_with_digest(log, kept, std::numeric_limits<std::uint64_t>::max());
  // A start that was cut short has kept it already.
  if (!copied && copied.error().kind != ErrorKind::kConflict) return copied.error();
  ADIT_CHECK(sync_volume(file.has_parent_path() ? file.parent_path() : fs::path(".")));
  log::error(
      "the catalog's log is damaged; its last commits are lost, and it is kept",
      {{"kept", kept.string()}, {"at_byte", damage->at_byte}, {"commits_lost_min", damage->commits_lost}});
  return {};
}

Result<void> cut_log_behind_its_end(const fs::path& file, std::uint64_t frames) {
  ADIT_TRY(const auto rest, find_log_damage(file));
  if (!rest) return {};
  const auto log = log_of(file);
  std::array<char, kHeaderBytes> header{};
  if (!std::ifstream(log, std::ios::binary).read(header.data(), header.size()))
    return internal("read " + log.string());
  if (rest->at_byte < kHeaderBytes + frames * (kFrameHeaderBytes + big_endian(&header[8]))) return {};
  std::error_code failure;
  fs::resize_file(log, rest->at_byte, failure);
  if (failure) return system_error(failure.value(), "cut " + log.string());
  return {};
}

Error catalog_damaged(const fs::path& file, std::string detail) {
  return {ErrorKind::kInvalid,
          "The catalog " + file.string() +
              " is damaged. Nothing was changed. `adit doctor` on the data folder says what of it can be "
              "read; `adit restore` brings back a backup, into another folder.",
          std::move(detail)};
}

bool tells_catalog_damage(const Error& error) { return error.internal_detail.starts_with(kDamagedCatalog); }

}  // namespace adit
