// Rounds: starts and ends the server, lets workers loose on it, and checks what is left.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "faults/fault_shim.h"
#include "faults/history.h"
#include "faults/model.h"
#include "faults/operations.h"
#include "faults/power_cut.h"
#include "faults/rng.h"
#include "support/server.h"

namespace adit::test {

/// How a round ends.
enum class Fault {
  kNone,
  kKill,       ///< SIGKILL of the server at a random moment
  kFailpoint,  ///< at a named place
  kCall,       ///< at a call that changes a file: before, after or half-way through it
  kPower,      ///< the same or at a random moment, and what was not synced is lost
  kTerminate,  ///< SIGTERM
  kEngine,     ///< SIGKILL of an engine's process; the server goes on
};

struct TortureOptions {
  int rounds = 100;
  std::uint64_t seed = 0;
  std::chrono::seconds time_max{3600};  ///< no round starts after it
  std::filesystem::path data;           ///< made anew; stays when a violation was found
  /// Tells the model a wrong row after the first round: the checker must find it.
  bool plant_wrong_row = false;
  /// Syncs of paths that contain this are not done: rounds whose power goes must find that.
  std::string ignored_syncs{};
  std::optional<Fault> only{};  ///< every round ends so
  /// Called before each check, to tell the model something wrong.
  std::function<void(Model&)> plant{};
};

struct TortureResult {
  int rounds = 0;
  int kills = 0;         ///< by SIGKILL from outside
  int failpoints = 0;    ///< at which the server killed itself
  int calls = 0;         ///< kills at a call that changes a file
  int power_cuts = 0;    ///< after which what was not synced is lost
  int terminations = 0;  ///< by SIGTERM, each with exit code 0
  int engines = 0;       ///< engines' processes killed under a server that goes on
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
  void create_tables();
  void round(int number);
  void work(Fault fault);
  void end_server(Fault fault, RoundContext& context, std::chrono::milliseconds delay);
  void kill_an_engine();
  /// The end of the server within `timeout`; a kill that the shim has carried out is one of all processes.
  std::optional<ExitStatus> wait_for_end(std::chrono::milliseconds timeout);
  /// SIGKILL, and waits until its engines are gone too.
  void kill_all();
  void recover();
  /// The end of the first start after a kill.
  void interrupt_recovery();
  void cut_power();
  void check_everything(int number);
  void check_folder();
  void remove_old_jobs(int number);
  void plant_wrong_row();

  Fault pick_fault();
  std::string pick_failpoint(std::int64_t hits_max);
  FaultOrder pick_call();
  void order_call();
  /// False if an armed failpoint killed the server before it was ready.
  bool start(const std::string& failpoint);
  std::vector<std::string> pools() const;

  TortureOptions options_;
  Rng rng_;
  Server server_;
  std::optional<FaultShim> shim_;     ///< absent where it can't be used
  std::optional<PowerCutDisk> disk_;  ///< while a log is written
  Model model_;
  History history_;
  TortureResult result_;
};

}  // namespace adit::test
