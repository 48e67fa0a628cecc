// One connection to an SQLite file, with the statements it has prepared.
#pragma once

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace adit {

class SqliteSession;

/// A column that may be null.
template <class T>
struct Nullable {
  T value{};
  soci::indicator indicator = soci::i_null;

  bool has_value() const { return indicator == soci::i_ok; }
};

/// One execution of a prepared statement: `with* into* (run | next*)`, then destruction frees the statement
/// for its next use. Values are bound in the order of their placeholders. Throws what SOCI throws.
class Query {
 public:
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  Query& with(std::string_view text);
  Query& with(std::int64_t number);
  Query& with(bool flag) { return with(std::int64_t{flag ? 1 : 0}); }
  Query& with(const std::optional<std::string>& text);
  Query& with(const std::optional<std::int64_t>& number);
  Query& with(const std::string& text) { return with(std::string_view(text)); }
  Query& with(const char* text) { return with(std::string_view(text)); }

  /// `target` receives one column of each row and must live until the last next().
  template <class T>
  Query& into(T& target) {
    statement_.exchange(soci::into(target));
    return *this;
  }
  template <class T>
  Query& into(Nullable<T>& target) {
    statement_.exchange(soci::into(target.value, target.indicator));
    return *this;
  }

  /// Executes a statement without result; returns the number of rows it changed.
  std::uint64_t run();
  /// Fetches the first, then the next row; false when there is none.
  bool next();

 private:
  friend class SqliteSession;
  struct Bound {
    std::string text;
    long long number = 0;
    soci::indicator indicator = soci::i_ok;
  };

  explicit Query(soci::statement& statement) : statement_(statement) {}

  soci::statement& statement_;
  std::deque<Bound> bound_;
  bool executed_ = false;
};

/// How the details of errors begin that are the file's.
inline constexpr std::string_view kDamagedCatalog = "damaged catalog: ";

/// What a session is for.
enum class SessionKind {
  kWriter,
  kReader,
  kVisitor,  ///< a reader that may be the last to close the file, and leaves its log as it is all the same
};

/// One connection. One thread at a time. Its functions throw; error_of() says what an exception means.
class SqliteSession {
 public:
  SqliteSession(const std::filesystem::path& file, SessionKind kind);

  /// Prepares `sql` at its first use. `sql` is one of a bounded number of texts, never made of values; it
  /// must not be in use already.
  Query query(std::string_view sql);
  /// Runs several statements that bind nothing.
  void execute_script(const std::string& sql);
  /// Outside of a transaction only.
  void set_sync_on_commit(bool on);
  bool in_transaction() const;
  /// Gives the open transaction something to commit that changes nothing.
  void touch();
  /// Rolls back if a transaction is open; never throws.
  void abandon_transaction() noexcept;

  Error error_of(const std::exception& exception) const;
  /// Whether SQLite says that the file is no database or a damaged one.
  static bool is_damage(const std::exception& exception);
  /// Whether the disk refused to read, write or sync: of a statement, of a commit, or of a checkpoint after
  /// one, which SQLite itself keeps to itself.
  static bool is_disk_error(const std::exception& exception);
  /// Frames of the log after the last commit of this session.
  std::uint64_t log_frames() const { return log_frames_; }
  bool checkpoint_failed() const { return checkpoint_failed_; }
  void forget_failed_checkpoint() { checkpoint_failed_ = false; }

 private:
  sqlite_api::sqlite3* handle() const;
  int errno_of_log() const;
  void checkpoint_after(int log_pages);

  mutable soci::session session_;
  std::map<std::string, std::unique_ptr<soci::statement>, std::less<>> statements_;
  std::optional<bool> sync_on_commit_;
  std::uint64_t log_frames_ = 0;
  bool checkpoint_failed_ = false;
};

}  // namespace adit
