-- Up to which number of a private conversation a client of the plain dialect has received what was
-- said. It is apart from read: a script that receives a message does not make it read in the browser.
ALTER TABLE membership ADD COLUMN received INTEGER NOT NULL DEFAULT 0;
