// UploadBody: the bytes of one chunk as they are sent.
#pragma once

#include <cstdint>
#include <string>

#include "client/input_file.h"

namespace adit::client {

/// A part of a file, with text of its own before and behind it. A value; can be sent any number of times.
struct UploadBody {
  InputFile file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::string before{};
  std::string after{};

  std::uint64_t bytes() const { return before.size() + length + after.size(); }
};

}  // namespace adit::client
