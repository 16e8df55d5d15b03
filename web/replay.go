package web

import (
	"context"
	"strconv"

	"hearth/web/chat"
	"hearth/web/ws"
)

// lastMessages is how many messages a plain client gets at connecting (PROTOCOL.md).
const lastMessages = 10

// begin sends the people who are here and, to a plain client without a cursor, the last messages from before the handshake was
// answered. It returns the replay of the rest.
func (t *talker) begin(ctx context.Context, c *ws.Conn, here []string) (*chat.Replay, error) {
	if err := t.settle(ctx); err != nil {
		return nil, err
	}
	p := t.place.Load()
	after := p.from
	if p.after != "" {
		var err error
		if after, err = strconv.ParseInt(p.after, 10, 64); err != nil {
			after = -1 // no such number: the client gets a reset
		}
	}
	replay, err := t.server.chat.Since(ctx, p.room, after)
	if err != nil {
		return nil, err
	}
	had := replay.Seq // when the list was read
	var last []chat.Event
	if p.after == "" {
		had = min(p.from, replay.Seq)
		if !c.Batched() {
			if last, err = t.server.chat.Last(ctx, p.room, p.from, lastMessages); err != nil {
				return nil, err
			}
		}
	}
	now := chat.InitialState{Online: t.server.hub.OnlineCount(), Retry: t.server.retry()}
	list := chat.UserList(here, now, func(chat.Reader) (string, int64) { return p.room.Name, had })
	c.Send(append([]chat.Event{list}, last...)...)
	return replay, nil
}

// replay sends a replay after awaitTurn. While it waits for the client, only other replays of the same person wait for it.
// Error: errEnded.
func (t *talker) replay(ctx context.Context, c *ws.Conn, replay *chat.Replay) error {
	done, ok := t.server.admission.awaitTurn(t.caller.LimitKey(), c.Ended())
	if !ok {
		return errEnded
	}
	defer done()
	for !replay.Done() {
		var events []chat.Event
		err := t.server.admission.compute(func() (err error) {
			events, err = replay.Next(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if !c.Replay(events...) {
			return errEnded
		}
	}
	return nil
}

// settle looks up the room again if it did not exist at the handshake. It may have been created before the socket listened to
// it, and the events of that time must be replayed.
func (t *talker) settle(ctx context.Context) error {
	p := *t.place.Load()
	if p.room.ID != 0 {
		return nil
	}
	room, err := t.server.chat.Enter(ctx, t.caller, p.room.Name)
	if err != nil {
		return err
	}
	p.room = room
	t.place.Store(&p)
	return nil
}
