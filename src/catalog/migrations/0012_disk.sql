-- Disk quotas of pools. disk_bytes_max is a pool's own, 0 is none, NULL the server's setting.
-- chunk_bytes is the size of the chunk files that a pool keeps; the triggers keep it right whoever changes its jobs.
-- table_bytes is what the engine's files used at the last look, NULL: nobody has looked. table_changes counts what may
-- have changed that; a look writes down in table_changes_seen what the count was when it began.

ALTER TABLE pools ADD COLUMN disk_bytes_max INTEGER;
ALTER TABLE pools ADD COLUMN chunk_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pools ADD COLUMN table_bytes INTEGER;
ALTER TABLE pools ADD COLUMN table_changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pools ADD COLUMN table_changes_seen INTEGER NOT NULL DEFAULT 0;

UPDATE pools SET chunk_bytes = (
  SELECT coalesce(sum(j.chunk_bytes), 0) FROM jobs j WHERE j.pool_id = pools.id AND j.chunks_kept = 1);

CREATE TRIGGER chunk_bytes_of_pool AFTER UPDATE OF chunk_bytes, chunks_kept ON jobs
WHEN NEW.chunk_bytes * NEW.chunks_kept <> OLD.chunk_bytes * OLD.chunks_kept
BEGIN
  UPDATE pools SET chunk_bytes = chunk_bytes + NEW.chunk_bytes * NEW.chunks_kept - OLD.chunk_bytes * OLD.chunks_kept
    WHERE id = NEW.pool_id;
END;

CREATE TRIGGER chunk_bytes_of_deleted_job AFTER DELETE ON jobs WHEN OLD.chunk_bytes * OLD.chunks_kept > 0
BEGIN
  UPDATE pools SET chunk_bytes = chunk_bytes - OLD.chunk_bytes WHERE id = OLD.pool_id;
END;

CREATE TRIGGER table_changes_of_pool AFTER UPDATE OF rows_staged, status ON jobs
WHEN NEW.rows_staged <> OLD.rows_staged
  OR (NEW.status <> OLD.status AND NEW.status IN ('DONE', 'ERROR', 'CANCELED'))
BEGIN
  UPDATE pools SET table_changes = table_changes + 1 WHERE id = NEW.pool_id;
END;
