// Output: where a command writes rows.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/options.h"
#include "base/result.h"

namespace adit {

/// Standard output, or a file that is written beside its place and moved there by finish(); without that it
/// is removed. Lifecycle: open, write*, finish. One thread.
class Output {
 public:
  /// kInvalid when the file can't be made, and for what is no text on a terminal.
  static Result<Output> open(const std::optional<std::string>& path, RowFormat format);
  ~Output();
  Output(Output&&) noexcept = default;
  Output& operator=(Output&&) = delete;

  Result<void> write(std::string_view bytes);
  Result<void> finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const;
  };
  Output() = default;

  std::string path_;       // empty for standard output
  std::string part_path_;  // empty once it is moved
  std::unique_ptr<std::FILE, Close> file_;
};

/// What the server calls a form of rows that it streams.
std::string media_type_of(RowFormat format);

}  // namespace adit
