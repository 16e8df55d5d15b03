-- A deleted account keeps its row, without anything about the person, so that what refers to its id is shown as that of a former
-- member. chat/account.go says what becomes of every table.
ALTER TABLE user ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;  -- 0: the account exists

-- The usernames of deleted accounts. They are never given out again.
CREATE TABLE former_name (
	name_key  TEXT PRIMARY KEY,
	name_look TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX former_name_look ON former_name (name_look);

-- What still has to be removed after an account was deleted, or a guest: chat/removal.go does it in the background.
CREATE TABLE removal (
	sender   INTEGER PRIMARY KEY,                -- as in message
	messages INTEGER NOT NULL,                   -- 1: the messages and reactions too
	room_id  INTEGER NOT NULL DEFAULT 0          -- in rooms with lower ids they are removed
) STRICT;

-- Who takes no private messages from whom.
CREATE TABLE block (
	user_id    INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
	blocked_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (user_id, blocked_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX block_blocked ON block (blocked_id);
