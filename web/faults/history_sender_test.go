package faults

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// speak sends the outbox, in order, and composes more, until the line is lost.
func (c *historyClient) speak(ctx context.Context, conn *websocket.Conn) {
	c.mu.Lock()
	c.sent = 0
	c.mu.Unlock()
	for {
		pause := randomUpTo(c.dice, 6*time.Millisecond)
		if c.fat {
			pause = 0
		}
		if frame := c.next(); frame == nil {
			pause += time.Millisecond
		} else if conn.SetWriteDeadline(time.Now().Add(historyHang)) != nil || conn.WriteJSON(frame) != nil {
			_ = conn.Close() // which ends the listening too
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// next returns the frame to be sent now, nil for none.
func (c *historyClient) next() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sent == len(c.outbox) && len(c.outbox) < c.window && !c.stage.quiet.Load() {
		if !c.fat && c.dice.IntN(4) == 0 {
			return c.meddle()
		}
		c.compose()
	}
	if c.sent == len(c.outbox) {
		return nil
	}
	said := c.outbox[c.sent]
	c.sent++
	c.seen = append(c.seen, historySeen{Kind: seenSent, Nonce: said.nonce, Text: briefly(said.text)})
	return map[string]any{"message": said.text, "nonce": said.nonce}
}

// compose puts a new message into the outbox; c.mu is held.
func (c *historyClient) compose() {
	text := fmt.Sprintf("%d of %s", c.count, c.name)
	if c.fat {
		if c.stage.flood.Load() == 0 {
			return
		}
		c.stage.flood.Add(-1)
		text += strings.Repeat("🔥", 3900) // 15.6 kB in nearly the 4000 characters that are allowed
	}
	c.outbox = append(c.outbox, historySaid{nonce: fmt.Sprintf("%s #%d", c.name, c.count), text: text})
	c.count++
}

var historyEmojis = []string{"👍", "🔥", "🎉"}

// meddle returns a frame that changes what was said: one's own text, or a reaction to anybody's; c.mu
// is held. There is no receipt for those, so that they are lost with the line, as in a browser.
func (c *historyClient) meddle() any {
	if len(c.own) == 0 {
		return nil
	}
	i := c.dice.IntN(len(c.own))
	id := c.own[i]
	switch c.dice.IntN(8) {
	case 0:
		c.own = append(c.own[:i:i], c.own[i+1:]...)
		return map[string]any{"type": "delete", "id": id}
	case 1, 2:
		c.count++
		return map[string]any{"type": "edit", "id": id, "message": fmt.Sprintf("better: %d of %s", c.count, c.name)}
	}
	if c.mark != nil && c.dice.IntN(2) == 0 {
		off := c.mark
		c.mark = nil
		return map[string]any{"type": "react", "id": off.id, "emoji": off.emoji, "on": false}
	}
	if len(c.heard) > 0 && c.dice.IntN(2) == 0 {
		id = c.heard[c.dice.IntN(len(c.heard))]
	}
	c.mark = &historyMark{id, historyEmojis[c.dice.IntN(len(historyEmojis))]}
	return map[string]any{"type": "react", "id": c.mark.id, "emoji": c.mark.emoji, "on": true}
}
