// What a disk holds after a power cut, from the log of the calls that changed it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "faults/rng.h"
#include "faults/shim/control.h"

namespace adit::test {

/// The files and folders below one folder, twice: as processes see them, and as they are certain to be on the
/// disk. The constructor takes what is there for certain; apply() follows a log; cut() puts in the folder's
/// place what a power cut leaves.
///
/// The model. A file's sync makes its bytes and its size certain, not its name. A folder's sync makes certain
/// which names it holds, not what is behind them. A sync that failed drops the bytes that it was to write:
/// they are seen, and a later sync does not bring them to the disk. All that is not certain may be there or
/// not: of a folder's changes of names the first few, of a file's writes none, the first few with the last
/// one torn within a page, or any of their pages. A rename within a folder happens whole or not at all; one
/// from folder to folder is two changes.
///
/// Not in it: mapped memory (files of the name `*-shm` do not survive, as SQLite expects), modes and times of
/// files, sectors that go bad by themselves, disks that lie about a sync, a file system that keeps less than
/// this (a name that is synced with its file is certain on most of them; here it is not).
class PowerCutDisk {
 public:
  explicit PowerCutDisk(std::filesystem::path folder);

  /// Follows the calls in the log's file. Throws std::runtime_error on a record that can't be.
  void apply(const std::filesystem::path& log);

  /// The kernel has brought a folder to the disk by itself, as it may at any time.
  void write_back(const std::filesystem::path& folder) { sync_folder(folder.string()); }

  /// The differences between what processes see by the log and what is in the folder now; empty: the shim
  /// has seen every call.
  std::vector<std::string> unexplained() const;

  enum class Unsynced {
    kNothingStays,
    kSomeStays,  ///< as `rng` decides
  };
  /// Replaces the folder's content. Returns what was lost, for the reader of a failure.
  std::string cut(Unsynced unsynced, Rng& rng);

 private:
  struct Change {
    bool resize = false;
    std::uint64_t offset = 0;  ///< of a resize: the size
    std::string data;
  };
  struct Inode {
    bool folder = false;
    std::string seen;
    std::string certain;
    std::vector<Change> changes;  ///< that lead from the one to the other, unless some were lost
  };
  using InodeNumber = std::size_t;  ///< in inodes_; not the kernel's, which come again
  struct NameChange {
    std::string folder;
    /// Path and what it names from now on; nothing: it is gone.
    std::vector<std::pair<std::string, std::optional<InodeNumber>>> names;
  };
  using Names = std::map<std::string, InodeNumber>;

  void apply(const CallRecord& record, const std::string& path, std::string data);
  void create(const CallRecord& record, const std::string& path);
  void rename(const std::string& from, const std::string& to);
  void remove(const std::string& path);
  void sync_folder(const std::string& path);
  void change(Inode& inode, Change change);
  void change_names(NameChange change);
  InodeNumber add(std::uint64_t kernel_number, bool folder);
  Inode& behind(std::uint64_t kernel_number);

  static void carry_out(const Change& change, std::string& bytes);
  static void carry_out(const NameChange& change, Names& names);
  static std::string keep_some(const Inode& inode, Rng& rng);
  std::string relative(const std::string& path) const;

  std::filesystem::path folder_;
  std::vector<Inode> inodes_;
  std::map<std::uint64_t, InodeNumber> by_kernel_number_;
  Names seen_;
  Names certain_;
  std::vector<NameChange> name_changes_;  ///< not certain yet
};

}  // namespace adit::test
