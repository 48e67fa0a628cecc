-- 1: hidden, and being removed: its files first, its rows at last.
ALTER TABLE pools ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pools_deleting ON pools (number) WHERE deleting = 1;

CREATE TABLE data_sources (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  pool_id TEXT NOT NULL REFERENCES pools (id),
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,         -- what names it whatever the case
  type TEXT NOT NULL,
  created INTEGER NOT NULL,
  UNIQUE (pool_id, name_folded)
);

-- A job that changes its table without chunks: DROP, TRUNCATE or DELETE, and what DELETE removes. The predicate is
-- forgotten with the chunk files of its time, since it may name a person.
ALTER TABLE jobs ADD COLUMN table_change TEXT;
ALTER TABLE jobs ADD COLUMN predicate TEXT;
