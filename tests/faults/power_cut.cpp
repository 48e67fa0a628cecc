#include "faults/power_cut.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace adit::test {
namespace {

namespace fs = std::filesystem;

/// What the kernel writes back at a time, and what a disk writes at a time.
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kSector = 512;

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool is_mapped(const std::string& path) { return path.ends_with("-shm"); }

std::uint64_t kernel_number(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) throw std::runtime_error("stat " + path.string());
  return status.st_ino;
}

}  // namespace

PowerCutDisk::PowerCutDisk(fs::path folder) : folder_(std::move(folder)) {
  seen_[folder_.string()] = add(0, true);
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    const auto number = add(kernel_number(entry.path()), entry.is_directory());
    seen_[entry.path().string()] = number;
    if (!entry.is_directory()) inodes_[number].seen = inodes_[number].certain = read_bytes(entry.path());
  }
  certain_ = seen_;
}

PowerCutDisk::InodeNumber PowerCutDisk::add(std::uint64_t kernel_number, bool folder) {
  inodes_.push_back({.folder = folder, .seen = {}, .certain = {}, .changes = {}});
  by_kernel_number_[kernel_number] = inodes_.size() - 1;
  return inodes_.size() - 1;
}

PowerCutDisk::Inode& PowerCutDisk::behind(std::uint64_t kernel_number) {
  const auto found = by_kernel_number_.find(kernel_number);
  if (found == by_kernel_number_.end())
    throw std::runtime_error("the log has a call on a file that nobody made");
  return inodes_[found->second];
}

void PowerCutDisk::apply(const fs::path& log) {
  const auto bytes = read_bytes(log);
  for (std::size_t at = 0; at + sizeof(CallRecord) <= bytes.size();) {
    CallRecord record;
    bytes.copy(reinterpret_cast<char*>(&record), sizeof record, at);
    at += sizeof record;
    if (at + record.path_bytes + record.data_bytes > bytes.size())
      break;  // its process was killed from outside
    const auto path = bytes.substr(at, record.path_bytes);
    at += record.path_bytes;
    apply(record, path, bytes.substr(at, record.data_bytes));
    at += record.data_bytes;
  }
}

void PowerCutDisk::apply(const CallRecord& record, const std::string& path, std::string data) {
  switch (record.kind) {
    case RecordKind::kCreate:
      return create(record, path);
    case RecordKind::kMakeFolder:
      return change_names({parent(path), {{path, add(record.inode, true)}}});
    case RecordKind::kWrite:
      return change(behind(record.inode),
                    {.resize = false, .offset = record.offset, .data = std::move(data)});
    case RecordKind::kResize:
      return change(behind(record.inode), {.resize = true, .offset = record.offset, .data = {}});
    case RecordKind::kGrow: {
      auto& inode = behind(record.inode);
      if (inode.seen.size() < record.offset)
        change(inode, {.resize = true, .offset = record.offset, .data = {}});
      return;
    }
    case RecordKind::kSync: {
      auto& inode = behind(record.inode);
      for (const auto& change : inode.changes) carry_out(change, inode.certain);
      inode.changes.clear();
      return;
    }
    case RecordKind::kLost:
      behind(record.inode).changes.clear();
      return;
    case RecordKind::kSyncFolder:
      return sync_folder(path);
    case RecordKind::kRename:
      return rename(path, data);
    case RecordKind::kRemove:
      return remove(path);
  }
  throw std::runtime_error("the log has a record of an unknown kind");
}

void PowerCutDisk::create(const CallRecord& record, const std::string& path) {
  const auto there = seen_.find(path);
  const auto known = by_kernel_number_.find(record.inode);
  if (there != seen_.end() && known != by_kernel_number_.end() && known->second == there->second) {
    auto& inode = inodes_[there->second];
    if (record.offset == 1 && !inode.seen.empty()) change(inode, {.resize = true, .offset = 0, .data = {}});
    return;
  }
  change_names({parent(path), {{path, add(record.inode, false)}}});
}

void PowerCutDisk::rename(const std::string& from, const std::string& to) {
  const auto found = seen_.find(from);
  if (found == seen_.end()) throw std::runtime_error("the log renames what is not there: " + from);
  std::vector<std::pair<std::string, std::optional<InodeNumber>>> away{{from, std::nullopt}};
  std::vector<std::pair<std::string, std::optional<InodeNumber>>> here{{to, found->second}};
  // What is below a folder goes with it.
  for (auto below = seen_.lower_bound(from + "/");
       below != seen_.end() && below->first.starts_with(from + "/"); ++below) {
    away.emplace_back(below->first, std::nullopt);
    here.emplace_back(to + below->first.substr(from.size()), below->second);
  }
  if (parent(from) == parent(to)) {
    std::ranges::move(here, std::back_inserter(away));
    return change_names({parent(to), std::move(away)});
  }
  change_names({parent(to), std::move(here)});
  change_names({parent(from), std::move(away)});
}

void PowerCutDisk::remove(const std::string& path) {
  if (!seen_.contains(path)) throw std::runtime_error("the log removes what is not there: " + path);
  change_names({parent(path), {{path, std::nullopt}}});
}

void PowerCutDisk::change_names(NameChange change) {
  carry_out(change, seen_);
  name_changes_.push_back(std::move(change));
}

void PowerCutDisk::sync_folder(const std::string& path) {
  for (const auto& change : name_changes_) {
    if (change.folder == path) carry_out(change, certain_);
  }
  std::erase_if(name_changes_, [&](const auto& change) { return change.folder == path; });
}

void PowerCutDisk::change(Inode& inode, Change change) {
  carry_out(change, inode.seen);
  inode.changes.push_back(std::move(change));
}

void PowerCutDisk::carry_out(const Change& change, std::string& bytes) {
  if (change.resize) return bytes.resize(change.offset);
  if (bytes.size() < change.offset + change.data.size()) bytes.resize(change.offset + change.data.size());
  std::ranges::copy(change.data, bytes.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

void PowerCutDisk::carry_out(const NameChange& change, Names& names) {
  for (const auto& [path, inode] : change.names) {
    if (inode) {
      names[path] = *inode;
    } else {
      names.erase(path);
    }
  }
}

std::vector<std::string> PowerCutDisk::unexplained() const {
  std::vector<std::string> differences;
  std::set<std::string> there;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    const auto path = entry.path().string();
    there.insert(path);
    const auto found = seen_.find(path);
    if (found == seen_.end()) {
      differences.push_back(relative(path) + " is there");
    } else if (!entry.is_directory() && !is_mapped(path) && read_bytes(path) != inodes_[found->second].seen) {
      differences.push_back(relative(path) + " has other bytes");
    }
  }
  for (const auto& [path, inode] : seen_) {
    if (path != folder_.string() && !there.contains(path))
      differences.push_back(relative(path) + " is not there");
  }
  return differences;
}

std::string PowerCutDisk::keep_some(const Inode& inode, Rng& rng) {
  auto bytes = inode.certain;
  switch (rng.below(4)) {
    case 0:
      break;
    case 1:
      for (const auto& change : inode.changes) carry_out(change, bytes);
      break;
    case 2: {  // the first few, the last of them torn
      const auto count = rng.below(inode.changes.size() + 1);
      for (std::size_t i = 0; i < count; ++i) {
        auto change = inode.changes[i];
        if (i + 1 == count && !change.resize) {
          // Sectors are whole: the cut lies on a boundary of the file, or the write is lost.
          const auto end = (change.offset + rng.below(change.data.size() + 1)) / kSector * kSector;
          if (end <= change.offset) break;
          change.data.resize(std::min<std::uint64_t>(end - change.offset, change.data.size()));
        }
        carry_out(change, bytes);
      }
      break;
    }
    default: {  // any pages, in whatever order the kernel wrote them
      const auto percent = static_cast<unsigned>(rng.between(10, 90));
      for (const auto& change : inode.changes) {
        if (change.resize) {
          if (rng.chance(percent)) carry_out(change, bytes);
          continue;
        }
        for (std::uint64_t at = 0; at < change.data.size();) {
          const auto size = std::min(kPage - (change.offset + at) % kPage, change.data.size() - at);
          if (rng.chance(percent))
            carry_out({false, change.offset + at, change.data.substr(at, size)}, bytes);
          at += size;
        }
      }
    }
  }
  return bytes;
}

std::string PowerCutDisk::cut(Unsynced unsynced, Rng& rng) {
  std::string lost;
  if (unsynced == Unsynced::kSomeStays) {
    std::map<std::string, std::size_t> left;  // of each folder's changes
    for (const auto& change : name_changes_) ++left[change.folder];
    for (auto& [folder, count] : left) count = rng.below(count + 1);
    for (const auto& change : name_changes_) {
      if (left[change.folder] == 0) continue;
      --left[change.folder];
      carry_out(change, certain_);
    }
  }
  for (const auto& [path, inode] : seen_) {
    const auto found = certain_.find(path);
    if (found == certain_.end() || found->second != inode) lost += "  the name " + relative(path) + "\n";
  }
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  for (const auto& [path, number] : certain_) {
    auto& inode = inodes_[number];
    // In order of their names, so a folder comes before what is in it; without its folder nothing can be
    // reached.
    if (is_mapped(path) || !fs::is_directory(parent(path))) continue;
    if (inode.folder) {
      fs::create_directory(path);
      ::chmod(path.c_str(), 0700);
      continue;
    }
    auto bytes = inode.certain;
    if (unsynced == Unsynced::kSomeStays) bytes = keep_some(inode, rng);
    if (bytes != inode.seen) {
      lost += "  of " + relative(path) + ": " + std::to_string(inode.seen.size()) + " bytes seen, " +
              std::to_string(bytes.size()) + " left, " + std::to_string(inode.changes.size()) +
              " changes not synced\n";
    }
    std::ofstream(path, std::ios::binary) << bytes;
    ::chmod(path.c_str(), 0600);
  }
  *this = PowerCutDisk(folder_);
  return lost;
}

std::string PowerCutDisk::relative(const std::string& path) const {
  return path.size() > folder_.string().size() ? path.substr(folder_.string().size() + 1) : path;
}

}  // namespace adit::test
