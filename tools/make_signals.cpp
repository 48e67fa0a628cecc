// Loaded into make by `make run` and `make serve`, so that SIGINT and SIGTERM end them with code 0.
//
// make on its own dies of these signals after its recipe has ended, however well that went. Here the recipe
// is a server: it is asked to end, and make goes on to report how it did. While make still compiles, the
// signal makes the compiler fail, and so make.

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

extern "C" {

// Asked for by make: its own licence is the GPL, and what it loads must be compatible with that.
int plugin_is_GPL_compatible;

int make_signals_gmk_setup();
}

namespace {

char children_path[64];

// Only async-signal-safe calls. A recipe that got the signal from the terminal as well gets it twice.
void pass_on(int) {
  char text[256];
  const int file = open(children_path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t size = read(file, text, sizeof text);
  close(file);
  pid_t child = 0;
  for (ssize_t i = 0; i < size; ++i) {
    if (text[i] >= '0' && text[i] <= '9') {
      child = child * 10 + (text[i] - '0');
    } else if (child > 0) {
      kill(child, SIGTERM);
      child = 0;
    }
  }
}

}  // namespace

int make_signals_gmk_setup() {
  snprintf(children_path, sizeof children_path, "/proc/%d/task/%d/children", getpid(), getpid());
  struct sigaction action{};
  action.sa_handler = pass_on;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return 1;
}
