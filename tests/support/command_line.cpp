#include "support/command_line.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace adit::test {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int open_terminal() {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 100;
  if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0 ||
      ::ioctl(terminal, TIOCSWINSZ, &size) != 0) {
    throw std::runtime_error("no pseudo-terminal");
  }
  return terminal;
}

}  // namespace

CommandLine::CommandLine(const Options& options) {
  ChildProcess::Options child;
  child.arguments = {ADIT_BINARY};
  child.arguments.insert(child.arguments.end(), options.arguments.begin(), options.arguments.end());
  child.environment = options.environment;
  child.output = folder_.path() / "out";
  child.errors = folder_.path() / "err";
  child.input = folder_.path() / "in";
  std::ofstream(child.input, std::ios::binary) << options.input.value_or("");
  if (options.on_terminal) {
    terminal_ = open_terminal();
    std::array<char, 128> name{};
    if (::ptsname_r(terminal_, name.data(), name.size()) != 0) throw std::runtime_error("no terminal's name");
    child.errors = name.data();
  }
  process_ = std::make_unique<ChildProcess>(child);
}

CommandLine::~CommandLine() {
  process_.reset();
  if (terminal_ >= 0) ::close(terminal_);
}

std::string CommandLine::out() const { return read_text(folder_.path() / "out"); }

std::string CommandLine::err() {
  if (terminal_ < 0) return read_text(folder_.path() / "err");
  read_terminal();
  return from_terminal_;
}

void CommandLine::read_terminal() {
  std::array<char, 4096> block{};
  for (ssize_t count = 0; (count = ::read(terminal_, block.data(), block.size())) > 0;) {
    from_terminal_.append(block.data(), static_cast<std::size_t>(count));
  }
}

void CommandLine::wait_for(const std::string& part) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (err().find(part) == std::string::npos) {
    const auto ended = !process_->running();
    if (ended && err().find(part) != std::string::npos) return;
    if (ended || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("adit did not say `" + part + "` but:\n" + err());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

CommandEnd CommandLine::wait(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    // A terminal that nobody reads would hold the writer up.
    if (terminal_ >= 0) read_terminal();
    if (const auto status = process_->wait(std::chrono::milliseconds{5})) return {*status, out(), err()};
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("adit did not end in time\n" + out() + err());
    }
  }
}

CommandEnd call(const Server& server, std::vector<std::string> arguments, std::optional<std::string> input) {
  arguments.insert(arguments.end(), {"--data", server.data().string()});
  return CommandLine({.arguments = std::move(arguments), .input = std::move(input)}).wait();
}

}  // namespace adit::test
