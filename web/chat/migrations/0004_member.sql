-- Who belongs to a room, apart from who has looked at it. A row of membership with member = 0 is
-- only a read position. It counts in closed rooms and in private conversations; open rooms have no members.
ALTER TABLE membership ADD COLUMN member INTEGER NOT NULL DEFAULT 0;

-- Until now every row let its user into a closed room, so all of them stay members there. For admins
-- a row says nothing, because they may enter every room: those who made the room or wrote in it stay.
UPDATE membership SET member = 1 WHERE EXISTS (SELECT 1 FROM room r JOIN user u ON u.id = membership.user_id
	WHERE r.id = membership.room_id AND (r.access = 'direct' OR r.access = 'closed' AND (u.admin = 0 OR r.created_by = u.id
		OR EXISTS (SELECT 1 FROM message m WHERE m.id >= r.id << 32 AND m.id < (r.id + 1) << 32 AND m.sender = u.id))));

CREATE INDEX membership_member ON membership (user_id, room_id) WHERE member = 1;

-- A room that exists because somebody spoke in it has no owner. Until now the speaker was noted as
-- its creator: that is a creator whose first message there is as old as the room, to the second.
UPDATE room SET created_by = NULL WHERE access <> 'direct' AND EXISTS (SELECT 1 FROM message m
	WHERE m.id = (SELECT min(id) FROM message WHERE id >= room.id << 32 AND id < (room.id + 1) << 32)
		AND m.sender = room.created_by AND m.created_at < room.created_at + 1000);
