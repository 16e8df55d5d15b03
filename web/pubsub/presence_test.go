package pubsub

import (
	"slices"
	"testing"
	"time"
)

func TestAPersonIsOneHoweverManySockets(t *testing.T) {
	t.Parallel()
	var r Presence[string]
	if !r.Enter("ada") || r.Enter("ada") {
		t.Fatal("only the first socket makes somebody come")
	}
	never := func() { t.Error("ada still has a socket") }
	r.Leave("ada", 0, never)
	if r.Remove("ada") || !r.Has("ada") || r.Len() != 1 {
		t.Fatal("ada is still there")
	}
}

func TestPeopleWhoComeBackInTimeWereNeverAway(t *testing.T) {
	t.Parallel()
	var r Presence[string]
	r.Enter("ada")
	r.Enter("bob")
	r.Leave("ada", time.Hour, func() {})
	if r.Enter("ada") {
		t.Error("ada had not gone yet")
	}
	if r.Remove("ada") {
		t.Error("ada came back")
	}
	if got := r.All(); !slices.Equal(got, []string{"ada", "bob"}) {
		t.Errorf("All() = %v", got)
	}
}

func TestPeopleWhoStayAwayHaveLeft(t *testing.T) {
	t.Parallel()
	var r Presence[int64]
	r.Enter(7)
	gone := make(chan bool)
	r.Leave(7, 0, func() { gone <- true })
	<-gone
	if !r.Remove(7) || r.Has(7) || r.Remove(7) {
		t.Error("7 is gone, once")
	}
	r.Leave(7, 0, func() { t.Error("7 was not there") })
}
