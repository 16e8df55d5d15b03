-- Everybody with an account belongs to every open room, and every admin to every room for admins, without a row here. A row has
-- what differs: a read position, the choice to leave, a level of notification, a favourite. Members of closed rooms have a row.
ALTER TABLE membership ADD COLUMN has_left INTEGER NOT NULL DEFAULT 0;  -- the person left a room that is open to everybody
ALTER TABLE membership ADD COLUMN level TEXT NOT NULL DEFAULT 'mentions' CHECK (level IN ('all', 'mentions', 'nothing'));
ALTER TABLE membership ADD COLUMN favourite INTEGER NOT NULL DEFAULT 0;

-- Messages from before this time are not unread for people without a row. It is when the room was made or opened to them; for rooms
-- that exist already it is now, so that nobody is told about messages of past years.
ALTER TABLE room ADD COLUMN open_since INTEGER NOT NULL DEFAULT 0;
UPDATE room SET open_since = CAST(unixepoch('subsec') * 1000 AS INTEGER);
CREATE INDEX room_shared ON room (id) WHERE access IN ('open', 'admins');

-- The messages that are meant for a user: those that mention the user, and replies to the user's messages. The user 0 stands for
-- everybody in the room.
CREATE TABLE mention (
	user_id    INTEGER NOT NULL,
	message_id INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
	named      INTEGER NOT NULL,                 -- 0: only a reply
	at         INTEGER NOT NULL,                 -- when the message was written
	PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_message ON mention (message_id);
CREATE INDEX mention_at ON mention (user_id, at);

INSERT INTO mention SELECT o.sender, m.id, 0, m.created_at FROM message m JOIN message o ON o.id = m.reply_to
	WHERE m.reply_to IS NOT NULL AND m.deleted_at IS NULL AND o.sender > 0 AND o.sender <> m.sender;

-- Who is named in earlier messages is found out after the start, from the newest message to the oldest: those below this id are left.
INSERT INTO setting SELECT 'mentions_below', max(id) + 1 FROM message HAVING max(id) IS NOT NULL;
