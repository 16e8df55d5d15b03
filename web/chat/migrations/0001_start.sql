-- Times are Unix milliseconds. A room's messages and changes share one number line n:
-- their ids are room << 32 | n, so that an id is order, address and resume cursor in one.

CREATE TABLE user (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	name       TEXT NOT NULL,
	name_key   TEXT NOT NULL UNIQUE,             -- equal for names that differ only in case
	name_look  TEXT NOT NULL UNIQUE,             -- equal for names that look alike
	first_name TEXT NOT NULL DEFAULT '',
	last_name  TEXT NOT NULL DEFAULT '',
	email      TEXT NOT NULL DEFAULT '',
	search     TEXT NOT NULL DEFAULT '',         -- the names, case folded
	password   TEXT NOT NULL,                    -- PHC string
	admin      INTEGER NOT NULL DEFAULT 0,
	disabled   INTEGER NOT NULL DEFAULT 0,
	lang       TEXT NOT NULL DEFAULT '',         -- '': what the browser asks for
	theme      TEXT NOT NULL DEFAULT '',         -- '': what the system says
	created_at INTEGER NOT NULL,
	last_seen  INTEGER NOT NULL DEFAULT 0        -- 0: never
) STRICT;

CREATE TABLE session (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	token_hash BLOB NOT NULL UNIQUE,             -- SHA-256 of the cookie's token
	user_id    INTEGER REFERENCES user ON DELETE CASCADE, -- NULL: a guest
	guest      TEXT NOT NULL DEFAULT '',
	guest_key  TEXT UNIQUE,                      -- as name_key and name_look
	guest_look TEXT UNIQUE,
	agent      TEXT NOT NULL DEFAULT '',
	addr       TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	seen_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX session_user ON session (user_id);
CREATE INDEX session_seen ON session (seen_at);

CREATE TABLE invite (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	token_hash BLOB NOT NULL UNIQUE,
	created_by INTEGER REFERENCES user ON DELETE SET NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	uses_left  INTEGER NOT NULL
) STRICT;

CREATE TABLE room (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	name        TEXT NOT NULL,
	name_key    TEXT NOT NULL UNIQUE,            -- case folded; a private conversation: @id:id
	topic       TEXT NOT NULL DEFAULT '',
	access      TEXT NOT NULL CHECK (access IN ('open', 'admins', 'closed', 'direct')),
	created_by  INTEGER REFERENCES user ON DELETE SET NULL,
	created_at  INTEGER NOT NULL,
	archived_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE membership (
	user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
	room_id INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
	read    INTEGER NOT NULL DEFAULT 0,          -- everything up to this n was read
	PRIMARY KEY (user_id, room_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_room ON membership (room_id);

CREATE TABLE message (
	id         INTEGER PRIMARY KEY,              -- room << 32 | n
	sender     INTEGER NOT NULL,                 -- user id, or minus the session id of a guest
	guest      TEXT,                             -- the guest's name
	text       TEXT NOT NULL,
	reply_to   INTEGER,
	nonce      TEXT,
	created_at INTEGER NOT NULL,
	edited_at  INTEGER,
	deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX message_nonce ON message (sender, nonce) WHERE nonce IS NOT NULL;

-- What happened to messages after they were said: edits, deletions, reactions.
CREATE TABLE change (
	id         INTEGER PRIMARY KEY,              -- room << 32 | n
	kind       TEXT NOT NULL CHECK (kind IN ('edit', 'delete', 'react')),
	message_id INTEGER NOT NULL,
	user_id    INTEGER NOT NULL,
	emoji      TEXT NOT NULL DEFAULT '',
	on_off     INTEGER NOT NULL DEFAULT 0,
	created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE reaction (
	message_id INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
	emoji      TEXT NOT NULL,
	user_id    INTEGER NOT NULL,
	PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What admins did, for other admins to read.
CREATE TABLE deed (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	user_id    INTEGER NOT NULL,
	user_name  TEXT NOT NULL,
	what       TEXT NOT NULL,                    -- a locale key: admin.log.<what>
	subject    TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL
) STRICT;
