-- Jobs into the tables of a data connection. Their target_folded names the connection as well.
ALTER TABLE jobs ADD COLUMN connection_id TEXT;      -- null: a global table
ALTER TABLE jobs ADD COLUMN schema_name TEXT;        -- the connection's name
ALTER TABLE jobs ADD COLUMN target_schema TEXT;      -- as the client sent it
CREATE INDEX jobs_of_connection ON jobs (connection_id, execute_order) WHERE connection_id IS NOT NULL;
