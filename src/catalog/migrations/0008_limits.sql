-- How many jobs a team may execute, and what it has executed in this second and hour. Teams that are there already
-- were told that they are not limited, and stay so.

ALTER TABLE teams ADD COLUMN executes_per_second INTEGER NOT NULL DEFAULT 10;
ALTER TABLE teams ADD COLUMN executes_per_hour INTEGER NOT NULL DEFAULT 250;
ALTER TABLE teams ADD COLUMN executes_unlimited INTEGER NOT NULL DEFAULT 0;
UPDATE teams SET executes_unlimited = 1;
ALTER TABLE teams ADD COLUMN executes_latest INTEGER NOT NULL DEFAULT 0;       -- times in milliseconds
ALTER TABLE teams ADD COLUMN executes_second_began INTEGER NOT NULL DEFAULT 0;
ALTER TABLE teams ADD COLUMN executes_in_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE teams ADD COLUMN executes_of_hour INTEGER NOT NULL DEFAULT 0;      -- hours since the epoch
ALTER TABLE teams ADD COLUMN executes_in_hour INTEGER NOT NULL DEFAULT 0;
