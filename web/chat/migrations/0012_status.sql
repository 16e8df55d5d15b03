-- What a person says about being available: an emoji, a text, and "away" or "dnd" (do not disturb). It ends at status_until, in ms since
-- 1970; 0: never.
ALTER TABLE user ADD COLUMN status_emoji TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN status_text TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN availability TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN status_until INTEGER NOT NULL DEFAULT 0;
CREATE INDEX user_status_until ON user (status_until) WHERE status_until > 0;

-- How times are shown to the person: the IANA time zone ('': unknown), whether the person has chosen it (otherwise it is the browser's),
-- and a clock of 12 or 24 hours ('': as usual in the language).
ALTER TABLE user ADD COLUMN zone TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN zone_chosen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN clock TEXT NOT NULL DEFAULT '';
