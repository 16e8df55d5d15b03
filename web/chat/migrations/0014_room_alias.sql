-- The former names of renamed rooms. They lead to the room until another room gets the name.
CREATE TABLE room_alias (
	name_key   TEXT PRIMARY KEY,
	room_id    INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX room_alias_room ON room_alias (room_id, created_at);

-- The sockets in a room stay in their group when the room is renamed. NULL: the group has the key of the room's name.
ALTER TABLE room ADD COLUMN group_key TEXT;
CREATE UNIQUE INDEX room_group ON room (group_key) WHERE group_key IS NOT NULL;

-- The place of a room among those that newcomers see first. 0: it is not among them.
ALTER TABLE room ADD COLUMN first_place INTEGER NOT NULL DEFAULT 0;
CREATE INDEX room_first_place ON room (first_place) WHERE first_place > 0;

-- Lists of rooms, without the private conversations.
CREATE INDEX room_listed ON room (name_key, access) WHERE archived_at = 0 AND access <> 'direct';
