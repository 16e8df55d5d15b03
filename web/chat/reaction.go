package chat

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hearth/web/emoji"
	"hearth/web/limits"
	"hearth/web/locale"
)

const (
	// maxEmoji is the longest emoji that is looked up, in bytes. A family of four has 25, the longest emoji of Unicode 35.
	maxEmoji = 128
	// maxEmojis is how many different emojis one message can have.
	maxEmojis = 40
)

// sameEmoji is the SQL condition that the emoji in a row is the one in the next parameter, which emoji.Bare has returned. Rows of
// earlier versions have the variation selectors with which the client sent them.
const sameEmoji = "replace(replace(emoji, char(65039), ''), char(65038), '') = "

// shownEmoji returns the emoji of a row as it is shown. Rows of earlier versions may have symbols that are no emoji.
func shownEmoji(s string) string {
	if e, ok := emoji.One(s); ok {
		return e
	}
	return s
}

// React adds the caller's reaction to a message or removes it. text is the emoji, with or without variation selectors. If nothing
// changes, there is no error and no event. Errors: bad_frame if text is not exactly one emoji, too_many_reactions, no_such_message, not_allowed, sign_in, rate_limited, storage.
func (c *Chat) React(ctx context.Context, by Caller, id MessageID, text string, on bool) error {
	if err := c.Take(by, limits.Messages); err != nil {
		return err
	}
	if len(text) > maxEmoji || !utf8.ValidString(text) {
		return Errorf("bad_frame")
	}
	_, r, err := c.standing(ctx, by, id)
	if err != nil {
		return err
	}
	if err := c.MaySpeak(ctx, by, r); err != nil {
		return err
	}
	x := change{Kind: "react", Message: id, Emoji: shownEmoji(text), On: on}
	err = c.disk.Write(ctx, func(tx Tx) error {
		if err := errors.Join(c.mustHaveAccount(by), mayReach(tx, by, r)); err != nil {
			return err
		}
		count, changed, err := react(tx, x, by.senderID())
		if err != nil || !changed {
			return err
		}
		n, err := c.insertChange(tx, r.ID, x, by)
		if err != nil {
			return err
		}
		tx.Announce(r.Group(), reacted(x, n, by.Name(), count))
		return nil
	})
	return storage("react to a message", err)
}

// react adds or removes a reaction and returns how many people have reacted with the emoji. Errors: no_such_message, if the
// message was deleted since it was looked up; too_many_reactions; bad_frame, if x.Emoji is not an emoji, unless somebody reacted
// to this message with it when that was possible.
func react(tx Tx, x change, who int64) (count int, changed bool, err error) {
	var there bool
	if err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM message WHERE id = ? AND deleted_at IS NULL)", x.Message).Scan(&there); err != nil {
		return 0, false, fmt.Errorf("look for message %d: %w", x.Message, err)
	}
	if !there {
		return 0, false, Errorf("no_such_message")
	}
	bare := emoji.Bare(x.Emoji)
	if _, ok := emoji.One(x.Emoji); !ok {
		if err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM reaction WHERE message_id = ? AND "+sameEmoji+"?)", x.Message, bare).Scan(&there); err != nil {
			return 0, false, fmt.Errorf("look for reactions to message %d: %w", x.Message, err)
		}
		if !there {
			return 0, false, Errorf("bad_frame")
		}
	}
	var res sql.Result
	if x.On {
		res, err = tx.Exec("INSERT INTO reaction (message_id, emoji, user_id) SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM reaction WHERE message_id = ?1 AND user_id = ?3 AND "+
			sameEmoji+"?4)", x.Message, x.Emoji, who, bare)
	} else {
		res, err = tx.Exec("DELETE FROM reaction WHERE message_id = ? AND user_id = ? AND "+sameEmoji+"?", x.Message, who, bare)
	}
	if err != nil {
		return 0, false, fmt.Errorf("react to message %d: %w", x.Message, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return 0, false, err
	}
	var kinds int
	err = tx.QueryRow("SELECT count(DISTINCT iif("+sameEmoji+"?2, user_id, NULL)), count(DISTINCT replace(replace(emoji, char(65039), ''), char(65038), '')) FROM reaction WHERE message_id = ?1",
		x.Message, bare).Scan(&count, &kinds)
	if err == nil && kinds > maxEmojis {
		err = Errorf("too_many_reactions", "max", maxEmojis)
	}
	return count, true, err
}

type reactionFrame struct {
	Type    string    `json:"type"`
	Message string    `json:"message"`
	ID      MessageID `json:"id"`
	Seq     int64     `json:"seq"`
	User    string    `json:"user"`
	Emoji   string    `json:"emoji"`
	On      bool      `json:"on"`
	Count   int       `json:"count"`
}

func reacted(x change, seq int64, by string, count int) Event {
	key := "event.reacted"
	if !x.On {
		key = "event.unreacted"
	}
	e := Event{Type: "reaction", Seq: seq, Of: x.Message, varies: ByLang, frame: func(r Reader) any {
		return reactionFrame{Type: "reaction", Message: locale.Of(r.Lang).T(key, "user", by, "emoji", x.Emoji),
			ID: x.Message, Seq: seq, User: by, Emoji: x.Emoji, On: x.On, Count: count}
	}}
	return e
}

// Reactions are the reactions to one message with one emoji.
type Reactions struct {
	Emoji string   `json:"emoji"`
	Count int      `json:"count"`
	Users []string `json:"users"`          // at most maxReactors of them
	Mine  bool     `json:"mine,omitempty"` // the reader has reacted; set only in a frame for a single reader

	senders []int64 // all people who reacted, as in Message.SenderID
}

// By reports whether the caller is among those who reacted.
func (x Reactions) By(caller Caller) bool {
	return slices.Contains(x.senders, caller.senderID())
}

// maxReactors is how many of the people who reacted a frame names. The count includes all.
const maxReactors = 20

// fillReactions adds the reactions to messages, in the order of the emojis. A row has all reactions to a message: a row for each
// reaction, with a name, takes five times as long.
func (c *Chat) fillReactions(ctx context.Context, found []*Message) error {
	if len(found) == 0 {
		return nil
	}
	byID := map[MessageID]*Message{}
	low, high := found[0].ID, found[0].ID
	for _, m := range found {
		byID[m.ID] = m
		low, high = min(low, m.ID), max(high, m.ID)
	}
	rows, err := c.read.Query(ctx, `SELECT message_id, group_concat(emoji || ' ' || user_id, char(10)) FROM reaction
		WHERE message_id BETWEEN ? AND ? GROUP BY message_id`, low, high)
	if err != nil {
		return storage("load reactions", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id MessageID
		var list string
		if err := rows.Scan(&id, &list); err != nil {
			return storage("load reactions", err)
		}
		if m := byID[id]; m != nil {
			m.Reactions = reactionsIn(list)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return storage("load reactions", err)
	}
	return c.fillReactors(ctx, found)
}

// reactionsIn decodes the reactions to one message, each on a line: an emoji, a space and the id of the person.
func reactionsIn(list string) []Reactions {
	type one struct {
		emoji  string
		sender int64
	}
	all := make([]one, 0, 1+strings.Count(list, "\n"))
	for line := range strings.SplitSeq(list, "\n") {
		text, sender, _ := strings.Cut(line, " ")
		id, err := strconv.ParseInt(sender, 10, 64)
		if err != nil {
			continue // emojis have neither spaces nor line feeds
		}
		all = append(all, one{shownEmoji(text), id})
	}
	slices.SortFunc(all, func(a, b one) int { // accounts before visitors, because a visitor's name is lost with the session
		return cmp.Or(strings.Compare(a.emoji, b.emoji), cmp.Compare(uint64(a.sender), uint64(b.sender)))
	})
	all = slices.Compact(all) // a person may have reacted with both forms of an emoji
	senders := make([]int64, len(all))
	var found []Reactions
	for i, x := range all {
		senders[i] = x.sender
		if n := len(found); n == 0 || found[n-1].Emoji != x.emoji {
			found = append(found, Reactions{Emoji: x.emoji, senders: senders[i:i:len(all)]})
		}
		last := &found[len(found)-1]
		last.Count++
		last.senders = last.senders[:last.Count]
	}
	return found
}

// fillReactors adds the names of the first people to the reactions.
func (c *Chat) fillReactors(ctx context.Context, found []*Message) error {
	names := map[int64]string{}
	var guests []int64
	for sender := range reactors(found) {
		if _, had := names[sender]; had {
			continue
		}
		names[sender] = ""
		if sender < 0 {
			guests = append(guests, -sender)
		} else if u, err := c.User(ctx, sender); err == nil {
			names[sender] = u.Name
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	if err := c.guestNames(ctx, guests, names); err != nil {
		return err
	}
	for _, m := range found {
		for i := range m.Reactions {
			x := &m.Reactions[i]
			x.Users = make([]string, 0, min(x.Count, maxReactors))
			for _, sender := range x.first() {
				if name := names[sender]; name != "" {
					x.Users = append(x.Users, name)
				}
			}
		}
	}
	return nil
}

// reactors returns the people whose names the frames need. A person can be returned several times.
func reactors(found []*Message) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for _, m := range found {
			for i := range m.Reactions {
				for _, sender := range m.Reactions[i].first() {
					if !yield(sender) {
						return
					}
				}
			}
		}
	}
}

// first returns the first maxReactors people of the reaction.
func (x *Reactions) first() []int64 { return x.senders[:min(len(x.senders), maxReactors)] }

// guestNames adds the names of visitors. Those whose session has ended have none.
func (c *Chat) guestNames(ctx context.Context, sessions []int64, names map[int64]string) error {
	if len(sessions) == 0 {
		return nil
	}
	list, err := json.Marshal(sessions)
	if err != nil {
		return storage("load reactions", err)
	}
	rows, err := c.read.Query(ctx, "SELECT id, guest FROM session WHERE guest != '' AND id IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return storage("load reactions", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return storage("load reactions", err)
		}
		names[-id] = guestLabel(name)
	}
	return storage("load reactions", rows.Err())
}
