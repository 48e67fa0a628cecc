#include "warehouse/duckdb/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"

namespace adit {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(errno, "open " + path.string());
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_error(errno, "stat " + path.string());
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile(nullptr, 0);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) return system_error(errno, "mmap " + path.string());
  ::madvise(address, size, MADV_SEQUENTIAL);
  return MappedFile(address, size);
}

MappedFile::~MappedFile() {
  if (address_ != nullptr) ::munmap(address_, size_);
}

}  // namespace adit
