-- What stays known of jobs when their clients have deleted them and their chunk files are gone.
ALTER TABLE jobs ADD COLUMN deleted_at INTEGER;       -- when a client deleted it; null for a table change
ALTER TABLE jobs ADD COLUMN creator_user_id TEXT;     -- both null where it is not known
ALTER TABLE jobs ADD COLUMN creator_key_id TEXT;
UPDATE jobs SET deleted_at = modified WHERE deleted = 1 AND table_change IS NULL;
UPDATE jobs SET post_execution_query = NULL WHERE chunks_kept = 0;

-- The history, newest first; rowid, which every index ends with, orders jobs of one millisecond. Most jobs are DONE:
-- those of any other status are found by an index that has no others.
CREATE INDEX jobs_history ON jobs (pool_id, created);
-- By the table's name alone: that of a connection's schema stands before it with a C, which no folded name contains.
CREATE INDEX jobs_history_of_target ON jobs (pool_id, substr(target_folded, instr(target_folded, 'C') + 1), created);
CREATE INDEX jobs_history_not_done ON jobs (pool_id, status, created) WHERE status <> 'DONE';
-- What the housekeeper looks for.
CREATE INDEX jobs_new ON jobs (created) WHERE status = 'NEW';
CREATE INDEX jobs_to_forget ON jobs (finished) WHERE chunks_kept = 0 AND finished IS NOT NULL;

-- What happened to jobs, written by the transaction that made it happen. No number is ever given twice, also not that
-- of an event that is forgotten: clients remember how far they have read.
CREATE TABLE events (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  pool_id TEXT NOT NULL,
  job_number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,                -- JOB, CHUNK, DELETED
  word TEXT NOT NULL,                -- the job's status; the chunk's state, or REMOVED
  chunk_id TEXT,
  row_count INTEGER
);
CREATE INDEX events_of_pool ON events (pool_id);
CREATE INDEX events_of_job ON events (job_number);
-- All events up to this number are forgotten.
INSERT INTO counters (name, value) VALUES ('events_purged', 0);
