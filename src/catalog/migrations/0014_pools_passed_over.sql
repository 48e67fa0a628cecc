-- Jobs of pools that may have no further thread are passed over by the index alone, however many they are.

DROP INDEX jobs_in_turn;
CREATE INDEX jobs_in_turn ON jobs (execute_order, pool_id) WHERE in_turn = 1;
