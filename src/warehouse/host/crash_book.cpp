#include "warehouse/host/crash_book.h"

#include <algorithm>

namespace adit {
namespace {

constexpr std::size_t kRememberedMax = 100'000;
constexpr std::size_t kEndsWithoutWait = 3;
constexpr std::chrono::milliseconds kFirstWait{250};
constexpr std::chrono::milliseconds kWaitMax{10'000};
constexpr std::chrono::seconds kGoodAfter{60};

}  // namespace

void CrashBook::blame(const Uuid& work) {
  auto blamed = blamed_.lock();
  if (blamed->size() >= kRememberedMax) blamed->clear();
  ++(*blamed)[work];
}

bool CrashBook::is_given_up(const Uuid& work) const {
  auto blamed = blamed_.lock();
  const auto found = blamed->find(work);
  return found != blamed->end() && found->second >= kCrashesMax;
}

void CrashBook::forgive(const Uuid& work) { blamed_.lock()->erase(work); }

void CrashBook::process_ended(PoolId pool, Time now) {
  auto ends = ends_.lock();
  if (ends->size() >= kRememberedMax) ends->clear();
  auto& of_pool = (*ends)[pool];
  if (now - of_pool.last > kGoodAfter) of_pool.count = 0;
  ++of_pool.count;
  of_pool.last = now;
}

std::chrono::milliseconds CrashBook::wait_left(PoolId pool, Time now) const {
  auto ends = ends_.lock();
  const auto found = ends->find(pool);
  if (found == ends->end() || found->second.count < kEndsWithoutWait) return {};
  const auto doublings = std::min<std::size_t>(found->second.count - kEndsWithoutWait, 10);
  const auto wait = std::min(kFirstWait * (1 << doublings), kWaitMax);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(found->second.last + wait - now);
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace adit
