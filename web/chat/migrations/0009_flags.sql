-- What a message is, as a sum. 1: an action, which began with the command /me; text is what was typed, with the command.
-- 2: it mentions everybody in the room.
ALTER TABLE message ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;
