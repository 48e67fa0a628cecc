-- Who may do what. Every user was an administrator and every application key could do everything: the users
-- stay what they were, and each application key becomes the one key of an application of its name and id, with
-- all that can be granted on data.

ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'MEMBER';
UPDATE users SET role = 'ADMIN';
ALTER TABLE users DROP COLUMN administrator;
ALTER TABLE users ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN password_hash TEXT NOT NULL DEFAULT '';     -- argon2id as libsodium writes it
ALTER TABLE users ADD COLUMN password_one_time INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN created INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX users_by_email ON users (team_id, email COLLATE NOCASE);

CREATE TABLE applications (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  team_id TEXT NOT NULL REFERENCES teams (id),
  name TEXT NOT NULL,
  creator_id TEXT NOT NULL,
  active INTEGER NOT NULL,
  created INTEGER NOT NULL
);
CREATE INDEX applications_of_team ON applications (team_id);
INSERT INTO applications (id, team_id, name, creator_id, active, created)
  SELECT id, team_id, name, owner_id, 1, created FROM api_keys WHERE kind = 'APPLICATION' ORDER BY number;

CREATE TABLE user_groups (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  team_id TEXT NOT NULL REFERENCES teams (id),
  name TEXT NOT NULL,
  created INTEGER NOT NULL
);
CREATE UNIQUE INDEX user_groups_by_name ON user_groups (team_id, name COLLATE NOCASE);

CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES user_groups (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX groups_of_user ON group_members (user_id);

CREATE TABLE grants (
  subject_kind TEXT NOT NULL,        -- USER, APPLICATION or GROUP
  subject_id TEXT NOT NULL,
  pool_id TEXT NOT NULL,             -- empty: in the team
  permission TEXT NOT NULL,
  team_id TEXT NOT NULL REFERENCES teams (id),
  PRIMARY KEY (subject_kind, subject_id, pool_id, permission)
) WITHOUT ROWID;
CREATE INDEX grants_of_team ON grants (team_id, pool_id);
INSERT INTO grants (subject_kind, subject_id, pool_id, permission, team_id)
  SELECT 'APPLICATION', id, '', column1, team_id FROM applications, (VALUES ('USE_ALL_DATA_MODELS'),
    ('VIEW_ALL_DATA_POOLS'), ('EDIT_ALL_DATA_POOLS'), ('CREATE_DATA_POOL'), ('MANAGE_ALL_DATA_POOLS'));

-- A key belongs to a user or to an application, so its owner is no foreign key any more.
CREATE TABLE keys_of_subjects (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  team_id TEXT NOT NULL REFERENCES teams (id),
  owner_kind TEXT NOT NULL,          -- USER or APPLICATION
  owner_id TEXT NOT NULL,
  creator_id TEXT NOT NULL,
  name TEXT NOT NULL,
  secret_digest TEXT NOT NULL,
  created INTEGER NOT NULL,
  last_used INTEGER,
  expires INTEGER,
  scopes TEXT,                       -- JSON lists; null: not restricted
  pools TEXT,
  replaced_by TEXT
);
INSERT INTO keys_of_subjects (number, id, team_id, owner_kind, owner_id, creator_id, name, secret_digest, created,
    last_used)
  SELECT number, id, team_id, kind, CASE kind WHEN 'APPLICATION' THEN id ELSE owner_id END, owner_id, name,
    secret_digest, created, last_used FROM api_keys;
DROP TABLE api_keys;
ALTER TABLE keys_of_subjects RENAME TO api_keys;
CREATE INDEX api_keys_of_team ON api_keys (team_id);
CREATE INDEX api_keys_of_owner ON api_keys (owner_kind, owner_id);

-- Rises with every change of who may do what, so that processes know when to ask again.
INSERT INTO counters (name, value) VALUES ('access_version', 1);
