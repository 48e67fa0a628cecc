// DataFolder: what lies where in the folder of one installation.
//
//   lock            held (flock) by the one process that uses the folder
//   catalog.db      teams, keys, pools, jobs, chunks
//   chunks/         chunk files
//   pools/          a folder for each pool's tables
//   tls/            certificate and key, made once
//   admin.key       the administrator's first key, mode 0600
//   listen.json     the addresses of the running server
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "catalog/catalog.h"

namespace adit {

/// An opened data folder. Lifecycle: from open() on no other process can use the folder.
class DataFolder {
 public:
  /// Creates what is missing. kConflict when another process uses the folder.
  static Result<DataFolder> open(const std::filesystem::path& path);

  std::filesystem::path catalog() const { return path_ / "catalog.db"; }
  std::filesystem::path chunks() const { return path_ / "chunks"; }
  std::filesystem::path pools() const { return path_ / "pools"; }
  std::filesystem::path tls_certificate() const { return path_ / "tls" / "certificate.pem"; }
  std::filesystem::path tls_key() const { return path_ / "tls" / "key.pem"; }
  std::filesystem::path admin_key() const { return path_ / "admin.key"; }
  std::filesystem::path listen_file() const { return path_ / "listen.json"; }

 private:
  DataFolder(std::filesystem::path path, FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  FileLock lock_;
};

/// On an empty catalog: creates the default team, its administrator and one key of theirs, which is written
/// to admin.key. True if it did.
Result<bool> found_installation(const DataFolder& folder, Catalog& catalog, const Clock& clock);

/// Writes and removes listen.json.
Result<void> write_listen_file(const DataFolder& folder, const std::string& http,
                               const std::optional<std::string>& https);
void remove_listen_file(const DataFolder& folder);

}  // namespace adit
