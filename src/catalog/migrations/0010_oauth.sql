-- OAuth 2.0: clients, what users allowed them, tokens, and the sessions of the pages that ask.
-- A user or an application goes before what it leaves, in one transaction: those references wait for its end.

CREATE TABLE oauth_clients (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  team_id TEXT NOT NULL REFERENCES teams (id),
  application_id TEXT NOT NULL REFERENCES applications (id) DEFERRABLE INITIALLY DEFERRED,
  name TEXT NOT NULL,
  confidential INTEGER NOT NULL,
  redirect_uris TEXT NOT NULL,       -- JSON list
  grant_types TEXT NOT NULL,         -- words with spaces between, like scopes
  scopes TEXT NOT NULL,
  creator_id TEXT NOT NULL,
  active INTEGER NOT NULL,
  created INTEGER NOT NULL,
  secret_digest TEXT,
  old_secret_digest TEXT,
  old_secret_ends INTEGER
);
CREATE INDEX oauth_clients_of_team ON oauth_clients (team_id);
CREATE INDEX oauth_clients_of_application ON oauth_clients (application_id);

CREATE TABLE oauth_consents (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  team_id TEXT NOT NULL REFERENCES teams (id),
  client_id TEXT NOT NULL REFERENCES oauth_clients (id),
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  scopes TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL
);
CREATE INDEX oauth_consents_of_user ON oauth_consents (user_id);
CREATE INDEX oauth_consents_of_client ON oauth_consents (client_id);

-- Codes, access tokens and refresh tokens. Spent ones stay until their end, so that a second use is seen.
CREATE TABLE oauth_tokens (
  digest TEXT PRIMARY KEY,           -- SHA-256 in hexadecimal
  kind TEXT NOT NULL,                -- CODE, ACCESS or REFRESH
  team_id TEXT NOT NULL REFERENCES teams (id),
  client_id TEXT NOT NULL REFERENCES oauth_clients (id),
  consent_id TEXT REFERENCES oauth_consents (id),  -- null: the client acts for itself
  user_id TEXT,
  scopes TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  spent INTEGER NOT NULL,
  redirect_uri TEXT NOT NULL,
  challenge TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX oauth_tokens_of_client ON oauth_tokens (client_id);
CREATE INDEX oauth_tokens_of_consent ON oauth_tokens (consent_id);
CREATE INDEX oauth_tokens_by_end ON oauth_tokens (expires);

CREATE TABLE logins (
  digest TEXT PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES teams (id),
  user_id TEXT NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
  expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX logins_of_user ON logins (user_id);
CREATE INDEX logins_by_end ON logins (expires);
