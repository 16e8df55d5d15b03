-- What usernames and full names look like, so that two people whose names can't be told apart are found.
CREATE TABLE user_look (
	look      TEXT NOT NULL,
	user_id   INTEGER NOT NULL REFERENCES user ON DELETE CASCADE,
	full_name INTEGER NOT NULL,                  -- 1: of the full name, 0: of the username
	PRIMARY KEY (look, user_id, full_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_look_user ON user_look (user_id);
