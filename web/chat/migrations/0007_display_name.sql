-- The name of a person as others see it. Where it is empty, it is the first and last name joined.
ALTER TABLE user ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
