-- Links with which a browser can sign in once, without the password.
CREATE TABLE signin_link (
	token_hash BLOB PRIMARY KEY,                 -- SHA-256
	user_id    INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
	reset      INTEGER NOT NULL,                 -- 1: an admin made it, and it sets a new password
	expires_at INTEGER NOT NULL,
	UNIQUE (user_id, reset)
) STRICT, WITHOUT ROWID;
