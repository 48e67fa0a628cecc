#include "faults/fault_shim.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <stdexcept>

namespace adit::test {
namespace {

template <std::size_t size>
void set_text(char (&to)[size], const std::string& from) {
  if (from.size() >= size) throw std::runtime_error("too long for the shim: " + from);
  std::memcpy(to, from.c_str(), from.size() + 1);
}

std::string deed_name(const FaultOrder& order) {
  switch (order.deed) {
    case Deed::kNothing:
      return "nothing";
    case Deed::kKillBefore:
      return "power off before";
    case Deed::kKillAfter:
      return "power off after";
    case Deed::kKillHalfway:
      return "power off half-way through";
    case Deed::kFail:
      return std::string(::strerrorname_np(order.error)) + " at";
    case Deed::kWriteShort:
      return "half of";
  }
  return "?";
}

}  // namespace

std::string to_string(CallClass on) {
  switch (on) {
    case CallClass::kCreate:
      return "create";
    case CallClass::kWrite:
      return "write";
    case CallClass::kSyncFile:
      return "sync of a file";
    case CallClass::kSyncFolder:
      return "sync of a folder";
    case CallClass::kRename:
      return "rename";
    case CallClass::kRemove:
      return "removal";
    case CallClass::kResize:
      return "resize";
    case CallClass::kMakeFolder:
      return "new folder";
    case CallClass::kAny:
      return "call";
  }
  return "?";
}

std::string to_string(const FaultOrder& order) {
  auto text = deed_name(order) + " " + to_string(order.on) + " " + std::to_string(order.before + 1);
  if (order.times != 1) text += " and " + std::to_string(order.times - 1) + " more";
  if (!order.where.empty()) text += " in " + order.where;
  return text;
}

FaultShim::FaultShim(const std::filesystem::path& folder)
    : control_path_(folder_.path() / "control"), log_(folder_.path() / "calls") {
  const int file = ::open(control_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ::ftruncate(file, sizeof(ShimControl)) != 0)
    throw std::runtime_error("no file for the shim");
  auto* memory = ::mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory for the shim");
  control_ = new (memory) ShimControl{};
  set_text(control_->folder, std::filesystem::absolute(folder).string());
  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutex_init(&control_->order, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
}

FaultShim::~FaultShim() { ::munmap(control_, sizeof(ShimControl)); }

bool FaultShim::available() { return ADIT_SHIM[0] != '\0'; }

std::map<std::string, std::string> FaultShim::environment() const {
  return {{"LD_PRELOAD", ADIT_SHIM}, {kShimControlVariable, control_path_.string()}};
}

void FaultShim::begin_log() {
  std::filesystem::remove(log_);
  set_text(control_->log, log_.string());
}

void FaultShim::end_log() { set_text(control_->log, ""); }

void FaultShim::ignore_syncs_of(const std::string& text) { set_text(control_->ignored_sync, text); }

void FaultShim::order(const FaultOrder& order) {
  stop();
  set_text(control_->where, order.where);
  set_text(control_->spared_cut, order.spared_cut);
  control_->on = order.on;
  control_->error = order.error;
  control_->times = order.times;
  control_->before = order.before;
  control_->done = 0;
  control_->deed = order.deed;
}

void FaultShim::stop() { control_->deed = Deed::kNothing; }

std::uint64_t FaultShim::count(CallClass on) const {
  if (on != CallClass::kAny) return control_->counts[static_cast<std::size_t>(on)];
  std::uint64_t sum = 0;
  for (const auto& count : control_->counts) sum += count;
  return sum;
}

}  // namespace adit::test
