package ws

import (
	"time"

	"golang.org/x/time/rate"
)

// Rate is the size and rate of a token bucket. The zero Rate is no limit.
type Rate struct {
	PerSecond rate.Limit
	Burst     int
}

// FrameLimits bound how many frames a client may send. The zero value is no limit.
type FrameLimits struct {
	// Control limits pings and pongs, which are answered before the queue. Exceeding it is a violation, closed with 1008.
	// Close frames do not count, because there is only one.
	Control Rate
	// All limits frames of any kind, including fragments. Reading waits before frames that exceed it.
	All Rate
}

// budget holds the state of a client's limits.
type budget struct {
	control, all *rate.Limiter // nil: no limit
	debt         time.Duration // how long to wait before the next read
}

func newBudget(l FrameLimits) budget {
	return budget{control: l.Control.limiter(), all: l.All.limiter()}
}

func (r Rate) limiter() *rate.Limiter {
	if r == (Rate{}) {
		return nil
	}
	return rate.NewLimiter(r.PerSecond, r.Burst)
}

// take counts a frame whose header has arrived. It returns a violation if the client sends too many control frames.
func (b *budget) take(opcode byte) *violation {
	if b.control != nil && opcode&opControl != 0 && opcode != opClose && !b.control.Allow() {
		return &violation{policyViolation, "too many control frames"}
	}
	if b.all != nil {
		b.debt = b.all.Reserve().Delay()
	}
	return nil
}
