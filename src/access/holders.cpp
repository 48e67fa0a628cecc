#include "access/holders.h"

namespace adit {
namespace {

constexpr std::size_t kRememberedMax = 10'000;

}  // namespace

Holder::Holder(const SubjectAccess& access)
    : team(access.team), name(access.name), user(access.user), role(access.role), active(access.active) {
  for (const auto& grant : access.grants) {
    if (grant.pool) {
      pools[*grant.pool].add(grant.permission);
    } else {
      in_team.add(grant.permission);
    }
  }
}

Result<std::shared_ptr<const Holder>> Holders::find(const Subject& subject) {
  ADIT_TRY(const auto version, watch_.version());
  {
    auto remembered = remembered_.lock();
    const auto found = remembered->find(subject);
    if (found != remembered->end() && found->second.version == version) return found->second.holder;
  }
  ADIT_TRY(const auto access, catalog_.find_access(subject));
  if (!access) {
    remembered_.lock()->erase(subject);
    return std::shared_ptr<const Holder>();
  }
  auto holder = std::make_shared<const Holder>(*access);
  auto remembered = remembered_.lock();
  if (remembered->size() >= kRememberedMax) remembered->clear();
  (*remembered)[subject] = {holder, version};
  return holder;
}

}  // namespace adit
