package ws

import (
	"time"

	"golang.org/x/time/rate"
)

// Rate is a token bucket: so many a second, sustained, and so many at once after a rest. The zero
// Rate bounds nothing.
type Rate struct {
	PerSecond rate.Limit
	Burst     int
}

// FrameLimits bound how many frames a peer may send. The zero value bounds nothing.
type FrameLimits struct {
	// Control is for pings and pongs, whose answers are written at once, whatever else waits. To
	// exceed it is a violation, told with 1008. Close frames don't count: there is but one.
	Control Rate
	// All is for frames of any kind, fragments too. What exceeds it is read late.
	All Rate
}

// budget is what is left of a peer's limits.
type budget struct {
	control, all *rate.Limiter // nil: unbounded
	debt         time.Duration // how late the next bytes are to be read
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

// take counts a frame whose header has arrived.
func (b *budget) take(opcode byte) *violation {
	if b.control != nil && opcode&opControl != 0 && opcode != opClose && !b.control.Allow() {
		return &violation{policyViolation, "too many control frames"}
	}
	if b.all != nil {
		b.debt = b.all.Reserve().Delay()
	}
	return nil
}
