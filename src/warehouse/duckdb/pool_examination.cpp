#include "warehouse/pool_examination.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <functional>

#include "base/file.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/sql_text.h"

namespace adit {
namespace {

namespace fs = std::filesystem;

/// What the child says, a line each: the first letter and the rest.
constexpr char kDamage = 'D';
constexpr char kLanded = 'L';
constexpr char kMarksRead = 'M';

class Speaker {
 public:
  explicit Speaker(int descriptor) : file_(descriptor) {}
  void say(char kind, std::string text = {}) const {
    std::ranges::replace(text, '\n', ' ');
    static_cast<void>(write_all(file_, kind + text + '\n', "pipe"));
  }

 private:
  const FileHandle file_;
};

void read_table(Connection& connection, const TableName& table, const Speaker& speaker) {
  // The whole row, or the engine would answer from its statistics.
  const auto read = try_run(connection, "SELECT bit_xor(hash(t)) FROM " + quote_table(table) + " t");
  if (!read) speaker.say(kDamage, "the table \"" + table.name + "\" can't be read: " + read.error().message);
}

void read_tables(Connection& connection, const Speaker& speaker) {
  const auto tables = try_run(
      connection, "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL");
  if (!tables) return speaker.say(kDamage, "the tables can't be listed: " + tables.error().message);
  for (std::size_t row = 0; row < tables->size(); ++row)
    read_table(connection, {tables->text(row, 0).value_or(""), tables->text(row, 1).value_or("")}, speaker);
}

void look(const fs::path& folder, PoolReading reading, const Speaker& speaker) {
  const auto database =
      Database::open((folder / "pool.db").string(), {{"access_mode", "READ_ONLY"},
                                                     {"temp_directory", ""},
                                                     {"autoinstall_known_extensions", "false"},
                                                     {"autoload_known_extensions", "false"}});
  if (!database) return speaker.say(kDamage, "the file can't be opened: " + database.error().message);
  auto connection = database->connect();
  if (!connection) return speaker.say(kDamage, connection.error().internal_detail);
  const auto landed = try_run(*connection, "SELECT job::VARCHAR, landed_at_ms FROM adit.landings");
  if (landed) {
    for (std::size_t row = 0; row < landed->size(); ++row)
      speaker.say(kLanded, landed->text(row, 0).value_or("") + ' ' +
                               std::to_string(landed->integer(row, 1).value_or(0)));
    speaker.say(kMarksRead);
  } else {
    speaker.say(kDamage, "the landing marks can't be read: " + landed.error().message);
  }
  if (reading == PoolReading::kRows) read_tables(*connection, speaker);
}

void take_mark(const std::string& text, PoolExamination& found) {
  const auto space = text.find(' ');
  const auto job = JobId::parse(text.substr(0, space));
  std::int64_t landed_at_ms = 0;
  if (space != std::string::npos)
    std::from_chars(text.data() + space + 1, text.data() + text.size(), landed_at_ms);
  if (job) found.landed.emplace(*job, from_epoch_ms(landed_at_ms));
}

void take(const std::string& line, PoolExamination& found) {
  if (line.empty()) return;
  const auto text = line.substr(1);
  switch (line.front()) {
    case kDamage:
      found.damage.push_back(text);
      break;
    case kLanded:
      take_mark(text, found);
      break;
    case kMarksRead:
      found.marks_read = true;
      break;
    default:
      break;
  }
}

Result<void> listen(int descriptor, PoolExamination& found) {
  const FileHandle pipe(descriptor);
  std::string held;
  char piece[1 << 16];
  for (;;) {
    const auto count = ::read(pipe.get(), piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(errno, "read of a pipe");
    if (count == 0) return {};
    held.append(piece, static_cast<std::size_t>(count));
    for (auto end = held.find('\n'); end != std::string::npos; end = held.find('\n')) {
      take(held.substr(0, end), found);
      held.erase(0, end + 1);
    }
  }
}

}  // namespace

Result<PoolExamination> examine_pool(const fs::path& folder, PoolReading reading) {
  // Held until the child has ended: no server opens the pool meanwhile, and none has it open.
  const auto lock = FileLock::acquire(folder / "lock");
  PoolExamination found;
  found.in_use = !lock && lock.error().kind == ErrorKind::kConflict;
  if (found.in_use) return found;
  if (!lock) return lock.error();
  int ends[2];
  if (::pipe(ends) != 0) return system_error(errno, "pipe");
  const auto child = ::fork();
  if (child < 0) return system_error(errno, "fork");
  if (child == 0) {
    ::close(ends[0]);
    // Not what is set for the parent, which may tell of it at length.
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) std::signal(signal, SIG_DFL);
    {
      const Speaker speaker(ends[1]);
      look(folder, reading, speaker);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  const auto heard = listen(ends[0], found);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ADIT_CHECK(heard);
  if (WIFSIGNALED(status)) {
    found.damage.push_back("the engine ended by signal " + std::to_string(WTERMSIG(status)) + " (" +
                           ::strsignal(WTERMSIG(status)) + ") while it read the files");
  } else if (WEXITSTATUS(status) != 0) {
    found.damage.push_back("the engine ended with " + std::to_string(WEXITSTATUS(status)) +
                           " while it read the files");
  }
  return found;
}

}  // namespace adit
