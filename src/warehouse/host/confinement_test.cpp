// What a confined process can't do. Each case is tried in a child, which confines itself for good.
#include "warehouse/host/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "base/id.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

constexpr int kNotConfined = 100;
constexpr int kNoLandlock = 101;

class Confinement : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("adit-confinement-" + Uuid::random().to_string());
    for (const auto* name : {"own", "chunks", "other"}) fs::create_directories(folder_ / name);
    for (const auto* name : {"own/file", "chunks/file", "other/file"}) std::ofstream(folder_ / name) << "x";
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// The errno of what `attempt` does in a confined child; 0 where it succeeds.
  int confined(const std::function<bool()>& attempt) {
    const auto child = ::fork();
    if (child == 0) {
      const auto files = confine({.files = true, .calls = true},
                                 {.writable = {folder_ / "own"}, .readable = {folder_ / "chunks"}});
      if (!files) ::_exit(kNotConfined);
      if (!*files) ::_exit(kNoLandlock);
      errno = 0;
      ::_exit(attempt() ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int opening(const fs::path& path, int flags) {
    return confined([&] { return ::open(path.c_str(), flags, 0600) >= 0; });
  }

  fs::path folder_;
};

TEST_F(Confinement, LeavesItsOwnFolderAndTheChunksToRead) {
  if (opening(folder_ / "own/file", O_RDWR) == kNoLandlock) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(opening(folder_ / "own/file", O_RDWR | O_TRUNC), 0);
  EXPECT_EQ(opening(folder_ / "own/new", O_RDWR | O_CREAT), 0);
  EXPECT_EQ(opening(folder_ / "chunks/file", O_RDONLY), 0);
  EXPECT_EQ(opening(folder_ / "chunks/file", O_RDWR), EACCES);
  EXPECT_EQ(opening(folder_ / "chunks/new", O_RDWR | O_CREAT), EACCES);
}

TEST_F(Confinement, ForbidsEverythingElseOnTheDisk) {
  if (opening(folder_ / "own/file", O_RDWR) == kNoLandlock) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(opening(folder_ / "other/file", O_RDONLY), EACCES);
  EXPECT_EQ(opening(folder_ / "own/../other/file", O_RDONLY), EACCES);
  EXPECT_EQ(opening("/etc/passwd", O_RDONLY), EACCES);
  EXPECT_EQ(opening("/proc/self/environ", O_RDONLY), EACCES);
  EXPECT_EQ(confined([&] { return ::unlink((folder_ / "chunks/file").c_str()) == 0; }), EACCES);
  EXPECT_EQ(confined([&] { return ::symlink("/etc/passwd", (folder_ / "own/link").c_str()) == 0; }), EACCES);
  fs::create_symlink("/etc/passwd", folder_ / "own/link");
  EXPECT_EQ(opening(folder_ / "own/link", O_RDONLY), EACCES);
}

TEST_F(Confinement, ForbidsSocketsProgramsProcessesAndMounts) {
  EXPECT_EQ(confined([] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }), EPERM);
  EXPECT_EQ(confined([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }), EPERM);
  EXPECT_EQ(confined([] { return ::execl("/bin/true", "true", nullptr) == 0; }), EPERM);
  EXPECT_EQ(confined([] { return ::fork() >= 0; }), EPERM);
  EXPECT_EQ(confined([] { return ::mount("none", "/tmp", "tmpfs", 0, nullptr) == 0; }), EPERM);
  EXPECT_EQ(confined([] { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }), EPERM);
  EXPECT_EQ(confined([] { return ::kill(::getppid(), 0) == 0; }), EPERM);
}

TEST_F(Confinement, LeavesThreadsAndItsOwnEnd) {
  EXPECT_EQ(confined([] {
              bool ran = false;
              std::thread([&] { ran = true; }).join();
              return ran;
            }),
            0);
  EXPECT_EQ(confined([] {
              ::abort();
              return true;
            }),
            -SIGABRT);
  EXPECT_EQ(confined([] { return ::kill(::getpid(), SIGKILL) == 0; }), -SIGKILL);
}

TEST_F(Confinement, LeavesNoCoreAndFewDescriptors) {
  EXPECT_EQ(confined([] {
              rlimit core{};
              rlimit files{};
              ::getrlimit(RLIMIT_CORE, &core);
              ::getrlimit(RLIMIT_NOFILE, &files);
              return core.rlim_max == 0 && files.rlim_max <= 1024;
            }),
            0);
}

}  // namespace
}  // namespace adit
