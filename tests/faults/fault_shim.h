// FaultShim: the orders that a test gives to the shim in a server's processes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "faults/shim/control.h"
#include "support/temp_folder.h"

namespace adit::test {

/// What is to happen at which call.
struct FaultOrder {
  Deed deed = Deed::kNothing;
  CallClass on = CallClass::kAny;
  std::int64_t before = 0;   ///< matching calls that are left alone first
  std::int64_t times = 1;    ///< matching calls that are then done to
  int error = 0;             ///< errno of Deed::kFail
  std::string where{};       ///< only for paths that contain this
  std::string spared_cut{};  ///< but not for new sizes of files whose paths contain this
};
/// `kill after the 3rd rename of …/chunks`, for people.
std::string to_string(const FaultOrder& order);
std::string to_string(CallClass on);

/// One for each server; several starts of it may follow each other. Threads: any may order.
class FaultShim {
 public:
  /// Only calls on files below `folder` count.
  explicit FaultShim(const std::filesystem::path& folder);
  ~FaultShim();
  FaultShim(const FaultShim&) = delete;
  FaultShim& operator=(const FaultShim&) = delete;

  /// False where the shim can't be used: programs with a sanitizer, which stands in the same place.
  static bool available();

  /// What a server is started with. Without a log its syncs are the real ones.
  std::map<std::string, std::string> environment() const;
  /// The next start writes its calls to a new log, or, for good, to none.
  void begin_log();
  void end_log();
  const std::filesystem::path& log() const { return log_; }
  /// A planted fault: syncs of paths that contain this are not done.
  void ignore_syncs_of(const std::string& text);

  void order(const FaultOrder& order);
  void stop();
  /// Calls that it was done to since the last order.
  std::uint64_t done() const { return control_->done; }
  /// Whether a kill was carried out since the last call of power_on(); processes may be about to end still.
  bool power_is_off() const { return control_->off; }
  void power_on() { control_->off = false; }
  /// All processes end at their next call: a power cut from outside.
  void power_off() { control_->off = true; }
  std::uint64_t count(CallClass on) const;

 private:
  TempFolder folder_;
  std::filesystem::path control_path_;
  std::filesystem::path log_;
  ShimControl* control_ = nullptr;
};

}  // namespace adit::test
