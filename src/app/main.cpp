#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <variant>

#include "app/commands.h"
#include "app/options.h"
#include "app/serve.h"
#include "base/failpoint.h"
#include "warehouse/host/host_main.h"

namespace adit {
namespace {

struct Run {
  int operator()(const ServeOptions& options) const { return run_serve(options); }
  template <class Options>
  int operator()(const Options& options) const {
    return static_cast<int>(run_command(options));
  }
};

int run(int argc, const char* const* argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer or a pipe that is gone shows as an error of the write
  if (is_engine_host(argc, argv)) return run_engine_host();
  if (const char* failpoint = std::getenv("ADIT_FAILPOINT")) arm_failpoint(failpoint);
  const auto parsed = parse_command_line(argc, argv, std::cout, std::cerr);
  if (const auto* code = std::get_if<ExitCode>(&parsed)) return static_cast<int>(*code);
  return std::visit(Run{}, std::get<Command>(parsed));
}

}  // namespace
}  // namespace adit

int main(int argc, char** argv) {
  try {
    return adit::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "adit: " << error.what() << '\n';
    return static_cast<int>(adit::ExitCode::kFailed);
  }
}
