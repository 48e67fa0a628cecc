-- Ids are UUIDs as text, times are milliseconds since the epoch, lists and schemas are JSON text.

CREATE TABLE teams (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  domain TEXT NOT NULL
);

CREATE TABLE users (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  team_id TEXT NOT NULL REFERENCES teams (id),
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  administrator INTEGER NOT NULL
);
CREATE INDEX users_of_team ON users (team_id);

CREATE TABLE api_keys (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  team_id TEXT NOT NULL REFERENCES teams (id),
  owner_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  secret_digest TEXT NOT NULL,
  created INTEGER NOT NULL,
  last_used INTEGER
);
CREATE INDEX api_keys_of_team ON api_keys (team_id);

CREATE TABLE pools (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  team_id TEXT NOT NULL REFERENCES teams (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  creator_id TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE INDEX pools_of_team ON pools (team_id);

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
);
INSERT INTO counters (name, value) VALUES ('execute_order', 0);

CREATE TABLE jobs (
  number INTEGER PRIMARY KEY,        -- the order of creation
  id TEXT NOT NULL UNIQUE,
  pool_id TEXT NOT NULL REFERENCES pools (id),
  target_name TEXT NOT NULL,
  target_folded TEXT NOT NULL,       -- what names the table whatever the case
  type TEXT NOT NULL,
  file_type TEXT NOT NULL,
  keys TEXT NOT NULL,
  table_schema TEXT,
  csv_separator TEXT,
  csv_quote TEXT,
  csv_escape TEXT,
  upsert_strategy TEXT NOT NULL,
  change_date INTEGER,
  fallback_varchar_length INTEGER,
  foreign_keys TEXT,
  status TEXT NOT NULL,
  logs TEXT NOT NULL,
  execute_order INTEGER NOT NULL,
  rows_landed INTEGER NOT NULL,
  claims INTEGER NOT NULL,           -- how often it was made RUNNING
  cancel_requested INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  executed INTEGER,
  started INTEGER,
  finished INTEGER,
  claimed_by TEXT,                   -- the process that runs it
  in_turn INTEGER NOT NULL,          -- 1: QUEUED, first in its table's line, nothing of that table RUNNING
  chunk_count INTEGER NOT NULL,      -- with the two below: sums over its chunks, kept with every change of them
  chunk_bytes INTEGER NOT NULL,
  rows_staged INTEGER NOT NULL,
  chunks_kept INTEGER NOT NULL       -- 0: its chunk files are gone for good
);
-- The push routes' lists, newest first.
CREATE INDEX jobs_of_pool ON jobs (pool_id, number) WHERE deleted = 0;
CREATE INDEX jobs_by_status ON jobs (pool_id, status, number) WHERE deleted = 0;
CREATE INDEX jobs_by_target ON jobs (pool_id, target_name, number) WHERE deleted = 0;
-- The line of each table, and who may be claimed.
CREATE INDEX jobs_queued ON jobs (pool_id, target_folded, execute_order) WHERE status = 'QUEUED';
CREATE INDEX jobs_running ON jobs (pool_id, target_folded) WHERE status = 'RUNNING';
CREATE INDEX jobs_in_turn ON jobs (execute_order) WHERE in_turn = 1;
CREATE UNIQUE INDEX jobs_turn_of_table ON jobs (pool_id, target_folded) WHERE in_turn = 1;
-- Recovery and expiry.
CREATE INDEX jobs_new_with_chunks ON jobs (number) WHERE status = 'NEW' AND chunk_count > 0 AND deleted = 0;
CREATE INDEX jobs_landed ON jobs (pool_id, execute_order) WHERE status = 'DONE' AND chunks_kept = 1;
CREATE INDEX jobs_finished ON jobs (finished) WHERE chunks_kept = 1 AND finished IS NOT NULL;
CREATE INDEX jobs_thrown_away ON jobs (number)
  WHERE chunks_kept = 1 AND deleted = 1 AND status IN ('NEW', 'ERROR', 'CANCELED');

CREATE TABLE chunks (
  job_number INTEGER NOT NULL REFERENCES jobs (number),
  position INTEGER NOT NULL,
  id TEXT NOT NULL,
  operation TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  digest TEXT NOT NULL,
  state TEXT NOT NULL,
  row_count INTEGER,
  errors TEXT NOT NULL,
  created INTEGER NOT NULL,
  PRIMARY KEY (job_number, position)
) WITHOUT ROWID;
