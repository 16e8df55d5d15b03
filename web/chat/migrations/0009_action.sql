-- A message that began with the command /me: its text says what the sender does. text is what was typed, with the command.
ALTER TABLE message ADD COLUMN action INTEGER NOT NULL DEFAULT 0;
