-- A group conversation is a room with the access 'direct', as a private conversation of two is, so that no list of rooms and no page
-- of the admin site has it. Its name and key are '+' and a random id. Its people are its members. Of its messages and changes, a
-- member sees those with higher numbers than since.
ALTER TABLE membership ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
