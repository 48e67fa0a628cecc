#include "faults/model.h"

#include <algorithm>
#include <map>

namespace adit::test {
namespace {

/// The row that stands after `row` was upserted where `old` stood.
TableRow upserted(const JobRecord& job, const ChunkRecord& chunk, TableRow row,
                  const std::optional<TableRow>& old) {
  if (!old || job.nullifies) return row;
  if (!chunk.columns.v) row.v = old->v;
  if (!chunk.columns.w) row.w = old->w;
  return row;
}

/// The rows of a chunk that decide, where the greatest v of a key does. Of equal ones the later; null is less
/// than all.
std::vector<TableRow> deciding_rows(const ChunkRecord& chunk) {
  std::map<std::int64_t, const TableRow*> greatest;
  for (const auto& row : chunk.rows) {
    const auto*& deciding = greatest[row.k];
    if (deciding == nullptr || deciding->v <= row.v) deciding = &row;
  }
  std::vector<TableRow> rows;
  for (const auto& [key, row] : greatest) rows.push_back(*row);
  return rows;
}

/// Upserts and deletes by key k, one after another.
void apply_keyed(const JobRecord& job, std::vector<TableRow>& rows) {
  std::map<std::int64_t, TableRow> old;
  for (const auto& row : rows) old[row.k] = row;
  std::map<std::int64_t, std::optional<TableRow>> last;
  for (const auto& chunk : job.chunks) {
    const bool greatest = job.greatest_v && chunk.kind == ChunkKind::kUpsert;
    for (const auto& row : greatest ? deciding_rows(chunk) : chunk.rows) {
      const auto found = old.find(row.k);
      auto& state = last.try_emplace(row.k, found == old.end() ? std::nullopt : std::optional(found->second))
                        .first->second;
      if (chunk.kind == ChunkKind::kDelete) {
        state.reset();
      } else {
        state = upserted(job, chunk, row, state);
      }
    }
  }
  std::erase_if(rows, [&last](const TableRow& row) { return last.contains(row.k); });
  for (auto& [key, row] : last) {
    if (row) rows.push_back(std::move(*row));
  }
}

}  // namespace

bool JobRecord::touches(std::size_t index) const {
  return index == table || notes == index || std::ranges::find(mirrors, index) != mirrors.end();
}

void land(const JobRecord& job, TableContent& content) {
  if (job.kind == JobKind::kDrop) return content.reset();
  if (job.kind != JobKind::kPush) {
    if (content)
      std::erase_if(*content, [&job](const TableRow& row) {
        return job.kind == JobKind::kTruncate || row.k % job.modulus == 0;
      });
    return;
  }
  if (!content || job.replace) content.emplace();
  if (job.upserts()) {
    apply_keyed(job, *content);
  } else {
    for (const auto& chunk : job.chunks)
      content->insert(content->end(), chunk.rows.begin(), chunk.rows.end());
  }
  std::ranges::sort(*content);
}

std::int64_t landed_rows(const JobRecord& job) {
  TableContent alone;
  land(job, alone);
  return static_cast<std::int64_t>(alone->size());
}

TableRow note_of(const JobRecord& job) { return {job.number, "note", landed_rows(job), 0}; }

void land_in(const JobRecord& job, std::size_t index, TableContent& content) {
  if (job.notes != index) return land(job, content);
  if (!content) content.emplace();
  content->push_back(note_of(job));
  std::ranges::sort(*content);
}

JobRecord& Model::add_job() {
  const std::lock_guard lock(mutex_);
  jobs.push_back(std::make_unique<JobRecord>());
  jobs.back()->number = static_cast<int>(jobs.size());
  return *jobs.back();
}

JobRecord* Model::take_idle(Rng& rng) {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  std::swap(rng.pick(idle_), idle_.back());
  auto* job = idle_.back();
  idle_.pop_back();
  return job;
}

void Model::give_back(JobRecord& job) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(&job);
}

void Model::add_read(std::size_t table, Read read) {
  const std::lock_guard lock(mutex_);
  tables[table].reads.push_back(std::move(read));
}

void Model::add_read(PairRead read) {
  const std::lock_guard lock(mutex_);
  pair_reads.push_back(std::move(read));
}

std::int64_t Model::next_execute_sequence() {
  const std::lock_guard lock(mutex_);
  return ++execute_sequence_;
}

void Model::settle(int round) {
  idle_.clear();
  for (auto& table : tables) table.reads.clear();
  pair_reads.clear();
  for (auto& job : jobs) {
    if (job->settled) continue;
    const bool gone = job->created == Certainty::kNo || job->deleted == Certainty::kYes;
    if (!gone && job->last_status == "NEW") {
      idle_.push_back(job.get());
      continue;
    }
    job->settled = true;
    job->settled_round = round;
    for (auto& chunk : job->chunks) chunk.rows = {};
  }
}

std::size_t Model::rows_verified() const {
  std::size_t rows = 0;
  for (const auto& table : tables) rows += table.content ? table.content->size() : 0;
  return rows;
}

}  // namespace adit::test
