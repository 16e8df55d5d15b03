package web_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// talkSteadily has people talk in a room, each at the rate that is permitted for good, until the test closes stop.
func talkSteadily(people []*hearthtest.Socket, text func(i int) string, stop <-chan struct{}) *sync.WaitGroup {
	var over sync.WaitGroup
	for n, c := range people {
		over.Go(func() {
			tick := time.NewTicker(time.Second / 20)
			defer tick.Stop()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-tick.C:
					c.Say(text(i*len(people) + n))
				}
			}
		})
	}
	return &over
}

// receipts returns how long somebody waits for the receipts of n messages, shortest first.
func receipts(c *hearthtest.Socket, n int) []time.Duration {
	waited := make([]time.Duration, 0, n)
	for i := range n {
		nonce := fmt.Sprint(time.Now().UnixNano(), i)
		start := time.Now()
		c.Send(map[string]string{"message": "a short one", "nonce": nonce})
		c.Find("the receipt", func(f hearthtest.Frame) bool { return f.Text("nonce") == nonce })
		waited = append(waited, time.Since(start))
		time.Sleep(time.Second/20 - min(time.Since(start), time.Second/20))
	}
	slices.Sort(waited)
	return waited
}

// While nine people send the most expensive messages that are permitted, at the rate that is permitted, another one
// waits for receipts about as long as while they send plain texts of that length.
func TestExpensiveMessagesDelayNobody(t *testing.T) {
	hearthtest.Slow(t, "a flood of messages")
	const length, each, rounds = 3999, 40, 4
	s := hearthtest.Start(t, "-limits", "on")
	ada := s.SignUp(t, "ada")
	var nine []*hearthtest.Socket
	for i := range 9 {
		c := s.SignUp(t, fmt.Sprintf("bob%d", i)).Dial("/ws/chat/loud/")
		go func() { // the frames are read and forgotten
			for {
				if _, _, err := c.ReadMessage(); err != nil {
					return
				}
			}
		}()
		nine = append(nine, c)
	}
	quiet := ada.DialBatched("/ws/chat/quiet/")
	kinds := make([]func(i, n int) string, 0, len(hostileTexts))
	for _, text := range hostileTexts {
		kinds = append(kinds, text)
	}
	sent := 0
	measure := func(text func(i int) string) time.Duration {
		stop := make(chan struct{})
		over := talkSteadily(nine, text, stop)
		waited := receipts(quiet, each)
		close(stop)
		over.Wait()
		return waited[len(waited)*99/100]
	}
	var plain, hostile []time.Duration
	// One round is enough where all is well.
	enough := func(plain, hostile time.Duration) bool { return hostile <= 4*max(plain, 5*time.Millisecond) }
	for range rounds { // in turns
		sent += 1_000_000
		plain = append(plain, measure(func(i int) string { return fill(sent+i, length, "Spare fuses are in the drawer. ") }))
		hostile = append(hostile, measure(func(i int) string { return kinds[i%len(kinds)](sent+i, length) }))
		if enough(slices.Min(plain), slices.Min(hostile)) {
			break
		}
	}
	a, b := slices.Min(plain), slices.Min(hostile)
	t.Logf("99 of 100 receipts come within %v while others send plain texts, within %v (%.1f times) while they send hostile ones", a, b, float64(b)/float64(a))
	if b > 10*max(a, 10*time.Millisecond) { // a race detector and other programs may share the processor
		t.Errorf("that is too long: plain %v, hostile %v", plain, hostile)
	}
}
