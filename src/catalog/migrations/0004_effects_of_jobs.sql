-- What else a job does: to its table, to others, and by SQL.

ALTER TABLE jobs ADD COLUMN allow_duplicate INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN duplicate_removal_column TEXT;
ALTER TABLE jobs ADD COLUMN mirror_target_names TEXT NOT NULL DEFAULT '[]';
ALTER TABLE jobs ADD COLUMN post_execution_query TEXT;

-- The lines that a job stands in besides its target's: a list of folded names, or '*' for all of its pool.
ALTER TABLE jobs ADD COLUMN other_lines TEXT;
CREATE INDEX jobs_of_many_lines ON jobs (pool_id)
  WHERE other_lines IS NOT NULL AND status IN ('QUEUED', 'RUNNING');
