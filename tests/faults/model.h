// The model: what clients asked for, what they were told, and what a table must hold because of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults/reads.h"
#include "faults/rng.h"
#include "faults/rows.h"

namespace adit::test {

/// Whether the server has done something, as far as its client knows.
enum class Certainty {
  kNo,         ///< never asked, or refused
  kUncertain,  ///< asked, and no answer came
  kYes,        ///< acknowledged
};

enum class ChunkKind { kUpsert, kDelete };

struct ChunkRecord {
  ChunkKind kind = ChunkKind::kUpsert;
  std::string checksum;  ///< SHA-256, lower-case hex
  std::vector<TableRow> rows;
  std::size_t row_count = 0;  ///< also after settle() has freed the rows
  ChunkColumns columns{};
};

/// How jobs may write a table.
enum class Discipline {
  kLog,    ///< no keys, or with allowDuplicate: replace and append
  kKeyed,  ///< always the key k: replace, upsert, delete
  kMixed,  ///< anything, always with the same columns: what a lacking column keeps, where a key repeats, is
           ///< open
  kNotes,  ///< no pushes: jobs' postExecutionQuery adds a row each
};

/// What a job is to the table that it names.
enum class JobKind {
  kPush,
  kTruncate,  ///< these three are changes of a table: made when they are answered, and no push jobs
  kDrop,
  kDeleteRows,  ///< where k % JobRecord::modulus = 0
};

struct TableRecord {
  std::string pool;
  std::string name;
  std::string connection{};     ///< the data connection's name, which is its schema's; empty: a global table
  std::string connection_id{};  ///< empty with the name
  Discipline discipline = Discipline::kLog;
  TableContent content{};     ///< as of the last check
  std::vector<Read> reads{};  ///< since the last check
  std::unique_ptr<std::mutex> execute_order =
      std::make_unique<std::mutex>();  ///< held while an execute is under way

  /// `connection.table`, or `table` where it is global.
  std::string qualified_name() const { return connection.empty() ? name : connection + "." + name; }
  /// The same for SQL.
  std::string sql_name() const {
    return (connection.empty() ? "" : "\"" + connection + "\".") + "\"" + name + "\"";
  }
};

/// One push job or change of a table. Owned by one worker at a time; between rounds by the checker.
struct JobRecord {
  int number = 0;         ///< stands in the job's foreignKeys as `torture-<number>`
  std::size_t table = 0;  ///< index in Model::tables
  JobKind kind = JobKind::kPush;
  std::vector<std::size_t> mirrors;         ///< tables of the same pool, schema and discipline
  std::optional<std::size_t> notes;         ///< the table into which its postExecutionQuery puts a row
  std::int64_t modulus = 1;                 ///< of kDeleteRows
  std::optional<std::int64_t> rows_said;    ///< what the answer to a change said of its rows
  std::optional<std::int64_t> landed_said;  ///< rowsLanded in the last answer that said DONE
  std::string id;                           ///< empty while the create is uncertain
  bool replace = false;
  bool keyed = false;
  bool allows_duplicates = false;  ///< keyed all the same, and its rows are appended
  bool greatest_v = false;         ///< executed with duplicateRemovalColumn=v
  bool parquet = false;
  bool nullifies =
      false;  ///< a column that a chunk lacks becomes null in matching rows, else it keeps its value
  bool knows_w = false;  ///< its chunks may have the column w
  std::int64_t change_ms = 0;
  std::vector<ChunkRecord> chunks;            ///< acknowledged, in order
  std::vector<ChunkRecord> uncertain_chunks;  ///< of a last upload without an answer: all or none
  Certainty created = Certainty::kNo;
  Certainty executed = Certainty::kNo;
  Certainty canceled = Certainty::kNo;
  Certainty deleted = Certainty::kNo;
  bool delete_tried = false;          ///< a delete cancels first, also one without an answer
  std::int64_t execute_sequence = 0;  ///< order of executes, over all tables
  Moment execute_begun{};             ///< before its execute was sent
  Moment done_seen = Moment::max();   ///< an answer has said that it is DONE; max: none has
  std::string last_status = "NEW";    ///< as last seen by anybody
  bool settled = false;               ///< its effect is part of the table's verified content
  int settled_round = 0;

  /// Whether it writes the table of that index.
  bool touches(std::size_t index) const;
  /// Whether its keys decide which rows stay.
  bool upserts() const { return keyed && !allows_duplicates; }
  std::string name() const {
    return (kind == JobKind::kPush ? "job " : "table change ") + std::to_string(number) +
           (id.empty() ? "" : " (" + id + ")");
  }
  /// Of kDeleteRows.
  std::string predicate() const { return "k % " + std::to_string(modulus) + " = 0"; }
  std::string foreign_keys() const { return "torture-" + std::to_string(number); }
};

/// What a table holds that the job pushes into or changes after it has landed, by the rules of the contract.
void land(const JobRecord& job, TableContent& content);
/// Its rowsLanded: how many of its rows its table holds when it has landed. All of an append; else one for
/// each key whose last operation is no deletion.
std::int64_t landed_rows(const JobRecord& job);
/// The row that its postExecutionQuery puts into a table of notes: how many rows are of the job.
TableRow note_of(const JobRecord& job);
/// What becomes of the table of that index: as target, mirror or table of notes.
void land_in(const JobRecord& job, std::size_t index, TableContent& content);

/// All records of a run. Workers call the functions; the members are for when no worker runs.
class Model {
 public:
  std::vector<TableRecord> tables;
  std::vector<std::unique_ptr<JobRecord>> jobs;
  std::vector<PairRead> pair_reads{};     ///< since the last check
  std::set<std::string> changes_known{};  ///< ids of table changes of which no job's answer is awaited

  /// A new job's record, owned by the caller.
  JobRecord& add_job();
  /// Takes a NEW job that nobody works on, if there is one.
  JobRecord* take_idle(Rng& rng);
  void give_back(JobRecord& job);
  std::int64_t next_execute_sequence();
  void add_read(std::size_t table, Read read);
  void add_read(PairRead read);

  /// After a check: NEW jobs are idle, settled ones lose their rows.
  void settle(int round);
  std::size_t rows_verified() const;

 private:
  std::mutex mutex_;
  std::vector<JobRecord*> idle_;
  std::int64_t execute_sequence_ = 0;
};

}  // namespace adit::test
