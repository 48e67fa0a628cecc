// The sessions that read: a bounded number, opened as they are needed.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/guarded.h"
#include "catalog/sqlite_session.h"

namespace adit {

/// Thread-safe. A caller waits while `sessions_max` others read; reads are short and take no other lock.
class SessionPool {
 public:
  class Lease {
   public:
    Lease(SessionPool& pool, std::unique_ptr<SqliteSession> session)
        : pool_(pool), session_(std::move(session)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { pool_.give_back(std::move(session_)); }
    SqliteSession& operator*() { return *session_; }

   private:
    SessionPool& pool_;
    std::unique_ptr<SqliteSession> session_;
  };

  SessionPool(std::filesystem::path file, std::size_t sessions_max)
      : file_(std::move(file)), sessions_max_(sessions_max) {}

  /// Throws what opening a session throws.
  Lease lease();

 private:
  struct State {
    std::vector<std::unique_ptr<SqliteSession>> idle;
    std::size_t leased = 0;
  };

  void give_back(std::unique_ptr<SqliteSession> session);

  const std::filesystem::path file_;
  const std::size_t sessions_max_;
  std::condition_variable freed_;
  Guarded<State> state_;
};

}  // namespace adit
