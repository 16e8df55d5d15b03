package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// usersByName returns the users with these usernames, in any case, by the name as given. One query loads all that are not cached.
// Error: storage; the cached users are returned then.
func (c *Chat) usersByName(ctx context.Context, names []string) (map[string]*User, error) {
	found := map[string]*User{}
	all, err := c.allNames(ctx)
	if err != nil {
		return found, err
	}
	spellings := map[string][]string{} // of names that are not cached, by key
	version := c.names.Version()
	for _, name := range names {
		key := NameKey(name)
		if !all.mayHave(key) {
			continue
		}
		id, _ := c.names.Get(key)
		if u, cached := c.users.Get(id); cached {
			found[name] = u
			continue
		}
		spellings[key] = append(spellings[key], name)
	}
	if len(spellings) == 0 {
		return found, nil
	}
	users, err := c.loadUsers(ctx, slices.Collect(maps.Keys(spellings)))
	if err != nil {
		return found, err
	}
	for _, u := range users {
		key := foldName(u.Name)
		c.names.Put(key, u.ID, version)
		for _, name := range spellings[key] {
			found[name] = u
		}
	}
	return found, nil
}

// loadUsers reads the users with these keys.
func (c *Chat) loadUsers(ctx context.Context, keys []string) ([]*User, error) {
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, storage("look for users", err)
	}
	version := c.users.Version()
	rows, err := c.read.Query(ctx, "SELECT "+userColumns+" FROM user WHERE name_key IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, storage("look for users", err)
	}
	users, err := scanUsers(rows)
	c.withMarks(users...)
	for _, u := range users {
		c.users.Put(u.ID, u, version)
	}
	return users, err
}

// mention says that a message is meant for a user: its text names the user, or it replies to a message of the user.
type mention struct {
	user  int64 // everybody: all people in the room
	named bool  // false: only a reply
}

// everybody is the user of a mention of everybody in the room.
const everybody = 0

// everybodyName is the name that mentions everybody in the room, unless somebody has it as a username. everybodyID stands for it in
// documents.
const (
	everybodyName = "room"
	everybodyID   = -1
)

// mentionsEverybody reports whether a rendered message mentions everybody in the room. Only those who manage the room can do that.
func (c *Chat) mentionsEverybody(ctx context.Context, by Caller, m *Message, r *Room) (bool, error) {
	if !slices.Contains(m.Mentions(), everybodyID) {
		return false, nil
	}
	return c.MayManage(ctx, by, r)
}

// mentionsOf returns for whom a rendered message in r is meant, beside its sender. Others who are named in a private conversation
// do not hear of it.
func mentionsOf(m *Message, r *Room) []mention {
	var all []mention
	for _, id := range m.Mentions() {
		if id > 0 && id != m.SenderID && (r.Access != Direct || id == r.With.ID) {
			all = append(all, mention{id, true})
		}
	}
	if m.Everybody {
		all = append(all, mention{everybody, true})
	}
	if x := m.Answers; x != nil && x.sender > 0 && x.sender != m.SenderID && !slices.Contains(m.Mentions(), x.sender) {
		all = append(all, mention{x.sender, false})
	}
	return all
}

// saveMentions stores for whom a new message is meant.
func saveMentions(tx Tx, id MessageID, at time.Time, all []mention) error {
	for _, x := range all {
		if _, err := tx.Exec("INSERT INTO mention (user_id, message_id, named, at) VALUES (?, ?, ?, ?)", x.user, id, x.named, millis(at)); err != nil {
			return fmt.Errorf("store who is mentioned in message %d: %w", id, err)
		}
	}
	return nil
}

// replaceMentions stores for whom an edited or deleted message is meant.
func replaceMentions(tx Tx, id MessageID, at time.Time, all []mention) error {
	if _, err := tx.Exec("DELETE FROM mention WHERE message_id = ?", id); err != nil {
		return fmt.Errorf("remove who is mentioned in message %d: %w", id, err)
	}
	return saveMentions(tx, id, at, all)
}

// mentionsBetween returns for whom the messages between two ids of a room are meant. Error: storage.
func (c *Chat) mentionsBetween(ctx context.Context, low, high MessageID) (_ map[MessageID][]mention, err error) {
	rows, err := c.read.Query(ctx, "SELECT n.message_id, n.user_id, n.named FROM message m JOIN mention n ON n.message_id = m.id WHERE m.id > ? AND m.id < ?", low, high)
	if err != nil {
		return nil, storage("load mentions", err)
	}
	defer func() { err = errors.Join(err, storage("load mentions", rows.Close())) }()
	found := map[MessageID][]mention{}
	for rows.Next() {
		var id MessageID
		var x mention
		if err := rows.Scan(&id, &x.user, &x.named); err != nil {
			return nil, storage("load mentions", err)
		}
		found[id] = append(found[id], x)
	}
	return found, storage("load mentions", rows.Err())
}

// countMentions sets x.Mentions and x.Badge to the numbers of the messages between two ids of a room, not older than since, that
// are meant for a user.
func (c *Chat) countMentions(ctx context.Context, user int64, low, high MessageID, since time.Time, x *Unread) error {
	var from int64
	if !since.IsZero() {
		from = millis(since)
	}
	err := c.read.QueryRow(ctx, `SELECT count(*), ifnull(sum(named), 0) FROM (SELECT max(n.named) AS named FROM mention n JOIN message m ON m.id = n.message_id
		WHERE n.user_id IN (?1, 0) AND n.message_id > ?2 AND n.message_id < ?3 AND m.sender <> ?1 AND m.created_at >= ?4 GROUP BY n.message_id LIMIT ?5)`,
		[]any{user, low, high, from, MaxUnread}, &x.Badge, &x.Mentions)
	return storage("count mentions", err)
}

// Mentioned is a message that is meant for a user, and its room.
type Mentioned struct {
	*Message
	Room *Room // its Name is the one for the user
}

// MentionsOf returns messages that are meant for a user, in rooms that the user may enter, the newest first: those that are older
// than a time and an id, at most limit. Error: storage.
func (c *Chat) MentionsOf(ctx context.Context, u *User, before time.Time, id MessageID, limit int) ([]Mentioned, error) {
	const page = `SELECT * FROM (SELECT n.message_id AS id, n.at AS at FROM mention n JOIN room r ON r.id = n.message_id >> 32 JOIN user u ON u.id = ?1
		LEFT JOIN membership s ON s.user_id = u.id AND s.room_id = r.id WHERE n.user_id = %s AND (n.at, n.message_id) < (?2, ?3)
		AND (r.access = 'open' OR u.admin = 1 AND r.access <> 'direct' OR s.member = 1) AND n.message_id > (r.id << 32 | ifnull(s.since, 0)) ORDER BY n.at DESC, n.message_id DESC LIMIT ?4)`
	rows, err := c.read.Query(ctx, "SELECT id FROM ("+fmt.Sprintf(page, "?1")+" UNION "+fmt.Sprintf(page, "0 AND n.at >= u.created_at")+
		") ORDER BY at DESC, id DESC LIMIT ?4", u.ID, millis(before), id, limit)
	if err != nil {
		return nil, storage("list mentions", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return nil, storage("list mentions", err)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	messages, err := c.messages(ctx, "JOIN json_each(?1) j ON j.value = m.id WHERE m.deleted_at IS NULL AND m.sender <> ?2 ORDER BY j.key", string(list), u.ID)
	if err != nil {
		return nil, err
	}
	c.fillHTML(ctx, messages)
	found := make([]Mentioned, 0, len(messages))
	for _, m := range messages {
		r, err := c.roomOf(ctx, Caller{User: u}, m.RoomID)
		if errors.Is(err, Errorf("no_such_message")) {
			continue // u has lost the right to enter it meanwhile
		}
		if err != nil {
			return nil, err
		}
		r.hide([]*Message{m})
		found = append(found, Mentioned{m, r})
	}
	return found, nil
}
