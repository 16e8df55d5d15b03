-- The lines of deleted rooms, by the rooms' names. A room that is made again goes on behind the old
-- line's last number, so that a place in the old one is none in the new one.
CREATE TABLE ended_line (
	name_key TEXT PRIMARY KEY,
	last     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE room ADD COLUMN first INTEGER NOT NULL DEFAULT 0; -- what its line begins behind
