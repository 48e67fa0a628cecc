// Nginx: the yardstick for uploads, a plain web server that takes files by PUT.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "support/process.h"

namespace adit::bench {

/// Runs from construction to destruction on a free port, with everything it writes below `folder`. One
/// process, no access log, bodies of any size; everything else as nginx has it by default. Throws
/// std::runtime_error when it does not start.
class Nginx {
 public:
  explicit Nginx(const std::filesystem::path& folder);
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  const std::string& address() const { return address_; }
  /// Where PUT /NAME puts its file.
  std::filesystem::path file(const std::string& name) const { return folder_ / "files" / name; }

 private:
  std::filesystem::path folder_;
  std::string address_;
  std::unique_ptr<test::ChildProcess> process_;
};

}  // namespace adit::bench
