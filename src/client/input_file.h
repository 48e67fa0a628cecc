// The files of a push: what the words of a command line stand for, and an opened one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace adit::client {

/// Stands for standard input.
inline constexpr std::string_view kStandardInput = "-";

/// The files that `words` name, in their order. A word that is no file is taken as a pattern (glob(7)), as a
/// shell would have done; what it matches comes sorted by bytes. `-` stays and may stand there once. kInvalid
/// for a word that names nothing, and for a folder.
Result<std::vector<std::string>> expand_files(const std::vector<std::string>& words);

/// An open file whose bytes can be read as often as needed. A value; copies share the descriptor. Any thread.
class InputFile {
 public:
  /// Standard input and pipes are copied to a temporary file first, which has no name and goes with the last
  /// copy: what has to be sent again must still be there. kInvalid when it can't be read, kStorageFull.
  static Result<InputFile> open(const std::string& name);

  const std::string& name() const { return name_; }  ///< as it is shown
  bool is_standard_input() const { return is_standard_input_; }
  std::uint64_t bytes() const { return bytes_; }
  /// Up to `count` bytes from `offset` on; fewer only at the end. kInvalid when it can't be read.
  Result<std::string> read(std::uint64_t offset, std::size_t count) const;

 private:
  std::string name_;
  bool is_standard_input_ = false;
  std::uint64_t bytes_ = 0;
  std::shared_ptr<const FileHandle> file_;
};

}  // namespace adit::client
