// The tests' program, which also serves as the program of an engine's process.
#include <gtest/gtest.h>

#include <csignal>

#include "warehouse/host/host_main.h"

int main(int argc, char** argv) {
  if (adit::is_engine_host(argc, argv)) return adit::run_engine_host();
  std::signal(SIGPIPE, SIG_IGN);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
