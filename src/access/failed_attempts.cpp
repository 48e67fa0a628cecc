#include "access/failed_attempts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace adit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Under this name stand all sources that there is no room for.
const std::string kOthers;

}  // namespace

FailedAttempts::Attempt::~Attempt() {
  if (of_ != nullptr) of_->metrics_.credentials_failed.Increment();
}

void FailedAttempts::Attempt::forgive() {
  if (of_ == nullptr) return;
  auto state = of_->state_.lock();
  for (const auto& source : from_) {
    // One that has been forgotten meanwhile has its whole allowance.
    const auto found = state->used.find(source);
    if (found != state->used.end()) found->second.give_back(of_->limits_.allowance);
  }
  of_ = nullptr;
}

FailedAttempts::UsedBySource::value_type& FailedAttempts::entry_of(State& state, std::string_view source,
                                                                   Timestamp now) const {
  const auto found = state.used.find(std::string(source));
  if (found != state.used.end()) return *found;
  const bool full = state.used.size() >= limits_.sources_max;
  if (full && (now - state.swept >= limits_.allowance.interval || now < state.swept)) {
    state.swept = now;
    std::erase_if(state.used, [&](const auto& entry) { return entry.second.is_whole(now); });
  }
  const bool room = state.used.size() < limits_.sources_max;
  return *state.used.try_emplace(room ? std::string(source) : kOthers).first;
}

std::optional<seconds> FailedAttempts::failed(std::string_view source) {
  const auto now = clock_.now();
  auto state = state_.lock();
  auto& used = entry_of(*state, source, now).second;
  metrics_.credentials_failed.Increment();
  const auto wait = used.wait(limits_.allowance, now);
  if (wait > milliseconds(0)) {
    metrics_.credentials_slowed.Increment();
    return std::chrono::ceil<seconds>(wait);
  }
  used.take(limits_.allowance, now);
  return std::nullopt;
}

std::expected<FailedAttempts::Attempt, seconds> FailedAttempts::begin(
    const std::vector<std::string>& sources) {
  const auto now = clock_.now();
  auto state = state_.lock();
  milliseconds wait{0};
  for (const auto& source : sources) {
    wait = std::max(wait, entry_of(*state, source, now).second.wait(limits_.allowance, now));
  }
  if (wait > milliseconds(0)) {
    metrics_.credentials_slowed.Increment();
    return std::unexpected(std::chrono::ceil<seconds>(wait));
  }
  std::vector<std::string> taken_from;
  for (const auto& source : sources) {
    auto& [name, used] = entry_of(*state, source, now);
    used.take(limits_.allowance, now);
    taken_from.push_back(name);
  }
  return Attempt(*this, std::move(taken_from));
}

std::string FailedAttempts::source_of_address(std::string_view address) {
  constexpr std::size_t kNetworkBytes = 8;
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::string text(address.substr(0, address.find('%')));
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  const bool mapped = text.starts_with("::ffff:");
  return mapped ? text.substr(7) : std::string(bytes.begin(), bytes.begin() + kNetworkBytes);
}

}  // namespace adit
