// FailedAttempts: who shows keys and passwords that do not hold, again and again, is to wait.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "access/allowance.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"

namespace adit {

struct AttemptLimits {
  /// Failures that nobody minds; then one more is free after each interval.
  Allowance allowance{.at_once = 20, .interval = std::chrono::milliseconds(1'000)};
  std::size_t sources_max = 10'000;  ///< remembered at a time; those beyond share one allowance
};

/// An allowance of failures for each source, an address or an account. It holds back who fails, in this
/// process and until it ends; whom a good key lets in is not its business. Thread-safe; its memory is
/// bounded.
class FailedAttempts {
 public:
  /// An attempt at what can be guessed. It counts as a failure from its beginning on, so that those side by
  /// side are no more than those one after another. Not thread-safe; does not outlive its FailedAttempts.
  class Attempt {
   public:
    Attempt(Attempt&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), from_(std::move(other.from_)) {}
    Attempt& operator=(Attempt&&) = delete;
    ~Attempt();
    /// It was none: what was shown holds, or was not looked at.
    void forgive();

   private:
    friend class FailedAttempts;
    Attempt(FailedAttempts& of, std::vector<std::string> from) : of_(&of), from_(std::move(from)) {}

    FailedAttempts* of_;  ///< null: nothing is left to be said
    std::vector<std::string> from_;
  };

  FailedAttempts(const Clock& clock, Metrics& metrics, AttemptLimits limits = {})
      : clock_(clock), metrics_(metrics), limits_(limits) {}

  /// Notes a failure. Nothing, or how long the source is to wait, from 1 s on; a failure within that time
  /// makes it no longer.
  std::optional<std::chrono::seconds> failed(std::string_view source);
  /// Before something is looked at that can be guessed: it counts for each of the sources. The error: so long
  /// it is not to be looked at.
  std::expected<Attempt, std::chrono::seconds> begin(const std::vector<std::string>& sources);
  std::size_t sources() const { return state_.lock()->used.size(); }

  /// What counts as one source of an address: an IPv4 address, the /64 network of an IPv6 one.
  static std::string source_of_address(std::string_view address);

 private:
  using UsedBySource = std::unordered_map<std::string, UsedAllowance>;
  struct State {
    UsedBySource used;
    Timestamp swept{};
  };

  UsedBySource::value_type& entry_of(State& state, std::string_view source, Timestamp now) const;

  const Clock& clock_;
  Metrics& metrics_;
  const AttemptLimits limits_;
  Guarded<State> state_;
};

}  // namespace adit
