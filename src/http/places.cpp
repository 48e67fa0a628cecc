#include "http/places.h"

#include <algorithm>
#include <compare>
#include <limits>
#include <optional>
#include <utility>

namespace adit::http {
namespace {

/// From so many times another's connections on, an origin gives up what the other one keeps.
constexpr std::size_t kTimesAsMany = 16;
/// After a body was given up, uploads are rationed for so long.
constexpr std::chrono::seconds kRationTime{5};
/// Uploads that an origin may begin in a second, and at once, while they are rationed.
constexpr double kBeginsPerSecond = 32;

}  // namespace

/// Who gives way first is less.
struct Places::Rank {
  enum class Tier { kStranger, kOfMany, kOfFew, kFresh, kPaced };

  Tier tier;
  Standing standing;
  std::size_t fewer;  ///< connections of its origin, the most being the least
  Clock::time_point since;

  static Tier tier_of(Standing standing, bool of_many) {
    if (standing == Standing::kStranger) return Tier::kStranger;
    if (standing == Standing::kFresh) return Tier::kFresh;
    if (standing == Standing::kPaced) return Tier::kPaced;
    return of_many ? Tier::kOfMany : Tier::kOfFew;
  }
  auto operator<=>(const Rank&) const = default;
};

void Places::count(Place& place, const std::string& origin) {
  if (origin.empty()) return;
  place.origin = &*origins_.try_emplace(origin).first;
  ++place.origin->second.connections;
}

void Places::discount(Place& place) {
  if (place.origin == nullptr) return;
  if (--place.origin->second.connections == 0) origins_.erase(place.origin->first);
  place.origin = nullptr;
}

void Places::add(Connection& connection, const std::string& origin) { count(places_[&connection], origin); }

void Places::remove(Connection& connection) {
  const auto found = places_.find(&connection);
  discount(found->second);
  places_.erase(found);
}

void Places::tell_origin(Connection& connection, const std::string& origin) {
  auto& place = places_.at(&connection);
  discount(place);
  count(place, origin);
  place.told = true;
}

void Places::forget_told_origin(Connection& connection) {
  auto& place = places_.at(&connection);
  if (std::exchange(place.told, false)) discount(place);
}

std::size_t Places::of(const std::string& origin) const {
  const auto found = origins_.find(origin);
  return found == origins_.end() ? 0 : found->second.connections;
}

std::size_t Places::most() const {
  std::size_t most = 0;
  for (const auto& [_, origin] : origins_) most = std::max(most, origin.connections);
  return most;
}

bool Places::make_room(const std::string& newcomer) {
  const auto now = Clock::now();
  const auto most_of_one = most();
  const auto paced_from = kTimesAsMany * (of(newcomer) + 1);
  Connection* weakest = nullptr;
  std::optional<Rank> least;
  for (const auto& [connection, place] : places_) {
    const auto standing = connection->standing(now);
    if (place.refused || standing == Standing::kBusy) continue;
    const auto connections = place.origin == nullptr ? 0 : place.origin->second.connections;
    // Of those behind a proxy the newcomer may be one of the same client.
    const bool keeps_pace = connections < paced_from || (newcomer.empty() && place.told);
    if (standing == Standing::kPaced && keeps_pace) continue;
    const bool of_many = connections > 0 && connections * kTimesAsMany > most_of_one;
    const Rank rank{Rank::tier_of(standing, of_many), standing,
                    std::numeric_limits<std::size_t>::max() - connections, connection->since()};
    if (least && rank >= *least) continue;
    weakest = connection;
    least = rank;
  }
  if (weakest == nullptr) return false;
  if (least->standing == Standing::kSlow || least->standing == Standing::kPaced) {
    rationed_until_ = now + kRationTime;
  }
  weakest->abort();
  return true;
}

bool Places::may_begin_upload(Connection& connection) {
  const auto now = Clock::now();
  if (now >= rationed_until_) return true;
  auto* const named = places_.at(&connection).origin;
  if (named == nullptr) return true;
  auto& origin = named->second;
  if (2 * origin.connections <= most()) return true;
  const auto passed = std::chrono::duration<double>(now - origin.counted).count();
  origin.begins = std::min(kBeginsPerSecond, origin.begins + passed * kBeginsPerSecond);
  origin.counted = now;
  if (origin.begins < 1) return false;
  --origin.begins;
  return true;
}

}  // namespace adit::http
