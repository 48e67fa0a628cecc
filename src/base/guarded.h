// Guarded<T>: shared data that can be reached only while its lock is held.
#pragma once

#include <mutex>
#include <utility>

namespace adit {

/// `auto jobs = jobs_.lock(); jobs->insert(…);` The lock lives as long as the handle. For condition
/// variables, `handle.unique_lock()` is the lock itself.
template <class T>
class Guarded {
 public:
  template <class U>
  class Handle {
   public:
    Handle(std::mutex& mutex, U& value) : lock_(mutex), value_(&value) {}
    U* operator->() { return value_; }
    U& operator*() { return *value_; }
    std::unique_lock<std::mutex>& unique_lock() { return lock_; }

   private:
    std::unique_lock<std::mutex> lock_;
    U* value_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  Handle<T> lock() { return {mutex_, value_}; }
  Handle<const T> lock() const { return {mutex_, value_}; }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace adit
