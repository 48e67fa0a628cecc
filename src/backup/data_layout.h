// backup/ copies whole installations and brings them back. It knows what lies where in a data folder, and the
// catalog, chunk files and pools as files; it knows no HTTP and no jobs' states.
//
// This header: what lies where in the folder of one installation, and so in a backup of it.
//
//   format.json     the folder's format, see data_format.h
//   lock            held (flock) by the one process that uses the folder
//   catalog.db      teams, keys, pools, jobs, chunks
//   chunks/         chunk files
//   pools/          a folder for each pool's tables
//   tls/            certificate and key, where none are given
//   admin.key       the administrator's first key, mode 0600
//   admin.password  the administrator's one-time password, mode 0600
//   listen.json     the addresses of the running server
#pragma once

#include <filesystem>

#include "model/ids.h"

namespace adit {

struct DataLayout {
  std::filesystem::path root;

  std::filesystem::path format() const { return root / "format.json"; }
  /// There while a restore into the folder is not complete.
  std::filesystem::path restoring() const { return root / "restoring"; }
  std::filesystem::path lock() const { return root / "lock"; }
  std::filesystem::path catalog() const { return root / "catalog.db"; }
  std::filesystem::path chunks() const { return root / "chunks"; }
  std::filesystem::path pools() const { return root / "pools"; }
  std::filesystem::path pool(PoolId pool) const { return pools() / pool.to_string(); }
  std::filesystem::path tls() const { return root / "tls"; }
  std::filesystem::path certificate() const { return tls() / "certificate.pem"; }
  std::filesystem::path certificate_key() const { return tls() / "key.pem"; }
  std::filesystem::path admin_key() const { return root / "admin.key"; }
  std::filesystem::path admin_password() const { return root / "admin.password"; }
  std::filesystem::path listen_file() const { return root / "listen.json"; }
};

}  // namespace adit
