#include "client/input_file.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace adit::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCopyBytes = 1 << 20;

std::string reason(int error_number) { return std::generic_category().message(error_number); }

Result<std::vector<std::string>> matches_of(const std::string& pattern) {
  glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> files;
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i) {
    if (!fs::is_directory(found.gl_pathv[i])) files.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  if (files.empty()) return invalid("no file matches `" + pattern + "`");
  std::ranges::sort(files);
  return files;
}

// A file without a name in the folder for temporary files.
Result<FileHandle> temporary_file() {
  std::error_code failure;
  auto folder = fs::temp_directory_path(failure);
  if (failure) folder = "/tmp";
  std::string path = (folder / "adit-input-XXXXXX").string();
  FileHandle file(::mkostemp(path.data(), O_CLOEXEC));
  if (!file) return invalid("no temporary file can be made in " + folder.string() + ": " + reason(errno));
  ::unlink(path.c_str());
  return file;
}

Error copy_failed(const std::string& name, int error_number) {
  const auto kind =
      error_number == ENOSPC || error_number == EDQUOT ? ErrorKind::kStorageFull : ErrorKind::kInvalid;
  return {kind, name + " can't be copied to a temporary file (TMPDIR says where it is made): " +
                    reason(error_number) + "."};
}

// Copies what can be read only once.
Result<FileHandle> copy_of(const FileHandle& from, const std::string& name) {
  ADIT_TRY(auto to, temporary_file());
  std::vector<char> block(kCopyBytes);
  while (true) {
    const auto count = ::read(from.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return invalid(name + " can't be read: " + reason(errno) + ".");
    if (count == 0) return to;
    for (ssize_t done = 0; done < count;) {
      const auto written = ::write(to.get(), block.data() + done, static_cast<std::size_t>(count - done));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return copy_failed(name, errno);
      done += written;
    }
  }
}

}  // namespace

Result<std::vector<std::string>> expand_files(const std::vector<std::string>& words) {
  std::vector<std::string> files;
  for (const auto& word : words) {
    std::error_code failure;
    if (word == kStandardInput || (fs::exists(word, failure) && !fs::is_directory(word, failure))) {
      files.push_back(word);
    } else if (fs::is_directory(word, failure)) {
      return invalid("`" + word + "` is a folder; name its files, as in '" +
                     (fs::path(word) / "*.csv").string() + "'");
    } else if (word.find_first_of("*?[") == std::string::npos) {
      return invalid("there is no file `" + word + "`");
    } else {
      ADIT_TRY(const auto found, matches_of(word));
      files.insert(files.end(), found.begin(), found.end());
    }
  }
  if (std::ranges::count(files, kStandardInput) > 1) return invalid("`-` can be read only once");
  return files;
}

Result<InputFile> InputFile::open(const std::string& name) {
  InputFile input;
  const bool standard = name == kStandardInput;
  input.is_standard_input_ = standard;
  input.name_ = standard ? "standard input" : name;
  FileHandle file(standard ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                           : ::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return invalid(input.name_ + " can't be read: " + reason(errno) + ".");
  struct stat status{};
  if (::fstat(file.get(), &status) != 0)
    return invalid(input.name_ + " can't be read: " + reason(errno) + ".");
  // Standard input that is a file may stand in its middle, where somebody has read before.
  if (standard || !S_ISREG(status.st_mode)) {
    ADIT_TRY(file, copy_of(file, input.name_));
    if (::fstat(file.get(), &status) != 0)
      return invalid(input.name_ + " can't be read: " + reason(errno) + ".");
  }
  input.bytes_ = static_cast<std::uint64_t>(status.st_size);
  input.file_ = std::make_shared<const FileHandle>(std::move(file));
  return input;
}

Result<std::string> InputFile::read(std::uint64_t offset, std::size_t count) const {
  std::string text(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const auto got =
        ::pread(file_->get(), text.data() + filled, count - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return invalid(name_ + " can't be read: " + reason(errno) + ".");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

}  // namespace adit::client
