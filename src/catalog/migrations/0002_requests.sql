-- Chunks that carry a number apply in its order; chunks without one have null.
ALTER TABLE chunks ADD COLUMN sequence INTEGER;
CREATE UNIQUE INDEX chunks_by_sequence ON chunks (job_number, sequence) WHERE sequence IS NOT NULL;

-- What an Idempotency-Key stands for.
CREATE TABLE requests (
  principal TEXT NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  holder TEXT NOT NULL,              -- who carries it out, or did
  claimed INTEGER NOT NULL,
  content TEXT,                      -- digest of what was asked; null while the request is under way
  body TEXT,                         -- of the answer, whose status was 200
  PRIMARY KEY (principal, route, key)
) WITHOUT ROWID;
CREATE INDEX requests_by_time ON requests (claimed);
CREATE INDEX requests_under_way ON requests (claimed) WHERE content IS NULL;
