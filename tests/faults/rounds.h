// Rounds: starts and ends the server, lets workers loose on it, and checks what is left.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "faults/history.h"
#include "faults/model.h"
#include "faults/operations.h"
#include "faults/rng.h"
#include "support/server.h"

namespace adit::test {

struct TortureOptions {
  int rounds = 100;
  std::uint64_t seed = 0;
  std::chrono::seconds time_max{3600};  ///< no round starts after it
  std::filesystem::path data;           ///< made anew; stays when a violation was found
  /// Tells the model a wrong row after the first round: the checker must find it.
  bool plant_wrong_row = false;
};

struct TortureResult {
  int rounds = 0;
  int kills = 0;         ///< by SIGKILL from outside
  int failpoints = 0;    ///< at which the server killed itself
  int terminations = 0;  ///< by SIGTERM, each with exit code 0
  std::size_t jobs = 0;
  std::size_t rows_checked = 0;
  std::vector<std::string> violations;
};

/// Runs rounds until their number or the time is reached or a violation is found. One run per object.
class Torture {
 public:
  explicit Torture(TortureOptions options);
  TortureResult run();
  /// For the reader of a failure: what the workers did, what the server said.
  std::string report() const;

 private:
  enum class Fault { kNone, kKill, kFailpoint, kTerminate };

  void create_tables();
  void round(int number);
  void work(Fault fault);
  void end_server(Fault fault, RoundContext& context, std::chrono::milliseconds delay);
  void recover();
  void check_everything(int number);
  void check_folder();
  void remove_old_jobs(int number);
  void plant_wrong_row();

  Fault pick_fault();
  std::string pick_failpoint(std::int64_t hits_max);
  /// False if an armed failpoint killed the server before it was ready.
  bool start(const std::string& failpoint);
  std::vector<std::string> pools() const;

  TortureOptions options_;
  Rng rng_;
  Server server_;
  Model model_;
  History history_;
  TortureResult result_;
};

}  // namespace adit::test
