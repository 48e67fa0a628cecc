// DataFolder: the folder of one installation (see backup/data_layout.h), held by this process.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "backup/data_layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "http/certificate.h"

namespace adit {

/// An opened data folder. Lifecycle: from open() on no other process can use the folder.
class DataFolder {
 public:
  /// Creates what is missing. kConflict when another process uses the folder; kInvalid, with nothing changed,
  /// when it is of a newer format, or when a restore into it was cut short.
  static Result<DataFolder> open(const std::filesystem::path& path);

  const DataLayout& layout() const { return layout_; }
  std::filesystem::path catalog() const { return layout_.catalog(); }
  std::filesystem::path chunks() const { return layout_.chunks(); }
  std::filesystem::path pools() const { return layout_.pools(); }
  http::TlsFiles tls() const { return {layout_.certificate(), layout_.certificate_key()}; }
  std::filesystem::path admin_key() const { return layout_.admin_key(); }
  std::filesystem::path admin_password() const { return layout_.admin_password(); }
  std::filesystem::path listen_file() const { return layout_.listen_file(); }

 private:
  DataFolder(DataLayout layout, FileLock lock) : layout_(std::move(layout)), lock_(std::move(lock)) {}

  DataLayout layout_;
  FileLock lock_;
};

/// On an empty catalog: creates the default team, its administrator and one key of theirs, which is written
/// to admin.key, as their one-time password is to admin.password. `limits` are the
/// team's. True if it did.
Result<bool> found_installation(const DataFolder& folder, Catalog& catalog, const Clock& clock,
                                const ExecuteLimits& limits);

/// Writes and removes listen.json.
Result<void> write_listen_file(const DataFolder& folder, const std::string& http,
                               const std::optional<std::string>& https);
void remove_listen_file(const DataFolder& folder);

}  // namespace adit
