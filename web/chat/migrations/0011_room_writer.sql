-- The people with an account who have written in a room. In open rooms they are listed beside it. Without this table, the list would
-- take the whole history to read.
CREATE TABLE room_writer (
	room_id INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
	user_id INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
	PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_writer_user ON room_writer (user_id);

INSERT INTO room_writer SELECT DISTINCT r.id, u.id FROM message m JOIN room r ON r.id = m.id >> 32 JOIN user u ON u.id = m.sender
	WHERE r.access <> 'direct';
