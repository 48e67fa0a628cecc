#include "app/output.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace adit {
namespace {

Error failed(const std::string& path) {
  const int reason = errno;
  return {reason == ENOSPC || reason == EDQUOT ? ErrorKind::kStorageFull : ErrorKind::kInvalid,
          (path.empty() ? "Standard output" : path) +
              " can't be written: " + std::generic_category().message(reason) + "."};
}

}  // namespace

void Output::Close::operator()(std::FILE* file) const {
  if (file != stdout) std::fclose(file);
}

Result<Output> Output::open(const std::optional<std::string>& path, RowFormat format) {
  Output output;
  if (!path || *path == "-") {
    if (format == RowFormat::kParquet && ::isatty(STDOUT_FILENO) == 1) {
      return invalid("Parquet is no text for a terminal; write it to a file with -o FILE.");
    }
    output.file_.reset(stdout);
    return output;
  }
  output.path_ = *path;
  output.part_path_ = *path + ".part";
  output.file_.reset(std::fopen(output.part_path_.c_str(), "wb"));
  if (!output.file_) {
    const auto error = failed(std::exchange(output.part_path_, {}));
    return error;
  }
  return output;
}

Output::~Output() {
  if (!part_path_.empty()) ::unlink(part_path_.c_str());
}

Result<void> Output::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) return failed(path_);
  return {};
}

Result<void> Output::finish() {
  if (std::fflush(file_.get()) != 0) return failed(path_);
  if (path_.empty()) return {};
  file_.reset();
  if (std::rename(part_path_.c_str(), path_.c_str()) != 0) return failed(path_);
  part_path_.clear();
  return {};
}

std::string media_type_of(RowFormat format) {
  switch (format) {
    case RowFormat::kTable:
    case RowFormat::kJson:
      return "application/json";
    case RowFormat::kJsonLines:
      return "application/x-ndjson";
    case RowFormat::kCsv:
      return "text/csv";
    case RowFormat::kParquet:
      return "application/vnd.apache.parquet";
  }
  std::unreachable();
}

}  // namespace adit
