// The files of a folder that a server is using.
#pragma once

#include <filesystem>
#include <vector>

namespace adit::test {

/// All regular files below `folder`. What goes away meanwhile is left out: the standard's recursive iterator
/// throws when the server removes a folder just then.
inline std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::vector<std::filesystem::path> folders = {folder};
  while (!folders.empty()) {
    std::error_code gone;
    std::filesystem::directory_iterator entry(folders.back(), gone);
    folders.pop_back();
    for (; !gone && entry != std::filesystem::directory_iterator(); entry.increment(gone)) {
      std::error_code ignored;
      if (entry->is_directory(ignored)) folders.push_back(entry->path());
      if (entry->is_regular_file(ignored)) files.push_back(entry->path());
    }
  }
  return files;
}

}  // namespace adit::test
