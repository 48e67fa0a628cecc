-- Jobs that had landed and that the history has forgotten: how many, and when the last of them ended (0: none). Only
-- their marks in the pool's file tell of them besides; where that is made anew, nobody would miss their rows.

ALTER TABLE pools ADD COLUMN jobs_forgotten INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pools ADD COLUMN jobs_forgotten_until INTEGER NOT NULL DEFAULT 0;
