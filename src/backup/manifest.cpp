#include "backup/manifest.h"

#include <boost/json.hpp>
#include <utility>

#include "base/file.h"

namespace adit {
namespace {

namespace json = boost::json;

/// A line for each pool's files: a hundred thousand pools.
constexpr std::uint64_t kManifestBytesMax = 64ULL << 20;

Error unreadable(const std::string& why) {
  return invalid("The backup's " + std::string(kManifestName) + " can't be read: " + why + ".");
}

std::optional<Sha256Digest> digest_of(std::string_view hex) {
  Sha256Digest digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    unsigned value = 0;
    for (const char c : hex.substr(2 * i, 2)) {
      const auto place = std::string_view("0123456789abcdef").find(c);
      if (place == std::string_view::npos) return std::nullopt;
      value = value << 4 | static_cast<unsigned>(place);
    }
    digest[i] = static_cast<std::uint8_t>(value);
  }
  return digest;
}

/// The path must stay below the folder that it is taken in.
bool stays_inside(const std::filesystem::path& path) {
  if (path.empty() || path.is_absolute()) return false;
  for (const auto& part : path) {
    if (part == ".." || part == ".") return false;
  }
  return true;
}

Result<BackupFile> file_of(const json::value& value) {
  const auto& object = value.as_object();
  BackupFile file{std::string(object.at("path").as_string()), {}};
  file.digest.bytes = object.at("bytes").to_number<std::uint64_t>();
  const auto digest = digest_of(object.at("sha256").as_string());
  if (!digest || !stays_inside(file.path)) return unreadable("the entry of \"" + file.path + "\" is wrong");
  file.digest.sha256 = *digest;
  return file;
}

Result<BackupManifest> manifest_of(const json::object& object) {
  const auto format = object.at("aditBackup").to_number<int>();
  if (format > kBackupFormat) {
    return invalid("The backup was written by a newer adit (" +
                   std::string(object.at("aditVersion").as_string()) + "): restore it with that version.");
  }
  BackupManifest manifest;
  manifest.adit_version = object.at("aditVersion").as_string();
  manifest.data_format = object.at("dataFormat").to_number<int>();
  manifest.catalog_version = object.at("catalogVersion").to_number<int>();
  manifest.begun = from_epoch_ms(object.at("begun").to_number<std::int64_t>());
  manifest.finished = from_epoch_ms(object.at("finished").to_number<std::int64_t>());
  manifest.pools = object.at("pools").to_number<std::uint64_t>();
  manifest.chunks = object.at("chunks").to_number<std::uint64_t>();
  manifest.chunk_bytes = object.at("chunkBytes").to_number<std::uint64_t>();
  for (const auto& entry : object.at("files").as_array()) {
    ADIT_TRY(auto file, file_of(entry));
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

}  // namespace

std::uint64_t BackupManifest::bytes() const {
  std::uint64_t sum = chunk_bytes;
  for (const auto& file : files) sum += file.digest.bytes;
  return sum;
}

Result<void> write_manifest(const std::filesystem::path& backup, const BackupManifest& manifest) {
  json::array files;
  for (const auto& file : manifest.files) {
    files.push_back(json::object{
        {"path", file.path}, {"bytes", file.digest.bytes}, {"sha256", to_hex(file.digest.sha256)}});
  }
  const json::object object{{"aditBackup", kBackupFormat},
                            {"aditVersion", manifest.adit_version},
                            {"dataFormat", manifest.data_format},
                            {"catalogVersion", manifest.catalog_version},
                            {"begun", to_epoch_ms(manifest.begun)},
                            {"finished", to_epoch_ms(manifest.finished)},
                            {"pools", manifest.pools},
                            {"chunks", manifest.chunks},
                            {"chunkBytes", manifest.chunk_bytes},
                            {"files", std::move(files)}};
  return replace_file(backup / kManifestName, json::serialize(object) + "\n", 0600);
}

Result<BackupManifest> read_manifest(const std::filesystem::path& backup) {
  const auto text = read_file(backup / kManifestName, kManifestBytesMax);
  if (!text && text.error().kind == ErrorKind::kNotFound) {
    return not_found(backup.string() + " is no backup, or one that was cut short: it has no " +
                     kManifestName + ".");
  }
  if (!text) return text.error();
  try {
    return manifest_of(json::parse(*text).as_object());
  } catch (const std::exception& exception) {
    return unreadable(exception.what());
  }
}

}  // namespace adit
