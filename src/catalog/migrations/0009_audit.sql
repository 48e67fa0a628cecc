-- Who did what. Entries are added, and removed when they are older than the retention time; none is ever changed.

CREATE TABLE audit_log (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  team_id TEXT NOT NULL,
  principal_kind TEXT,               -- USER or APPLICATION; null: nobody was recognized
  principal_id TEXT,
  principal_name TEXT NOT NULL,
  key_id TEXT,
  peer TEXT NOT NULL,
  operation TEXT NOT NULL,
  pool_id TEXT,
  object TEXT NOT NULL,
  status INTEGER NOT NULL,
  outcome TEXT NOT NULL,             -- SUCCESS, REFUSED or FAILED
  reference TEXT NOT NULL
);
CREATE INDEX audit_log_of_team ON audit_log (team_id, number);
CREATE INDEX audit_log_by_age ON audit_log (at);
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE ON audit_log
  BEGIN SELECT RAISE(ABORT, 'entries of the audit log are not changed'); END;
