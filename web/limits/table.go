// Package limits is the one table of how much a person, a visitor or an address may have the server
// store, send or compute, and the limiter that enforces it. It knows nothing of chat or HTTP.
package limits

import (
	"fmt"
	"time"
)

// Name names a limit of the Table.
type Name string

// The limits. The Table says what each of them counts.
const (
	Messages      Name = "messages"
	Rooms         Name = "rooms"
	AdminRooms    Name = "admin_rooms"
	Conversations Name = "conversations"
	RoomChanges   Name = "room_changes"
	Invitations   Name = "invitations"
	Profile       Name = "profile"
	Password      Name = "password"
	Settings      Name = "settings"
	Admin         Name = "admin"
	ReadMarks     Name = "read_marks"
	Typing        Name = "typing"
	Watch         Name = "watch"
	SignUps       Name = "sign_ups"
	LogIns        Name = "log_ins"
	SignInLinks   Name = "sign_in_links"

	GuessesAccount Name = "guesses_account"
	GuessesAddress Name = "guesses_address"
	GuessesDevice  Name = "guesses_device"
	GuestNames     Name = "guest_names"
	Requests       Name = "requests"
	AllRequests    Name = "all_requests"
	Searches       Name = "searches"
	TextSearches   Name = "text_searches"
	NewSockets     Name = "new_sockets"
	VisitorOpen    Name = "visitor_open"
	UserOpen       Name = "user_open"
	Control        Name = "control"
	Frames         Name = "frames"
)

// Limit is a row of the Table: a token bucket if it has a Burst and a Rate; without a Rate a number that is
// never exceeded; without a Burst a window: never more than Rate.N in the last Rate.Per.
type Limit struct {
	Name Name
	// What is counted, for Whom, and what happens Beyond it, as the documentation says.
	What, Whom, Beyond string
	Burst              int  // how many at once; 0: see Rate
	Rate               Rate // how many come back, and in which time; zero: none
}

// Rate is N events in Per.
type Rate struct {
	N   int
	Per time.Duration
}

// HowMuch returns the limit in words: "60 at once, then 20 a second".
func (l Limit) HowMuch() string {
	if l.Rate.N == 0 {
		return fmt.Sprint(l.Burst)
	}
	if l.Burst == 0 {
		return fmt.Sprintf("%d in %d minutes", l.Rate.N, int(l.Rate.Per.Minutes()))
	}
	unit := map[time.Duration]string{time.Second: "a second", time.Minute: "a minute", time.Hour: "an hour"}[l.Rate.Per]
	return fmt.Sprintf("%d at once, then %d %s", l.Burst, l.Rate.N, unit)
}

// Row returns the limit as a row of a Markdown table.
func (l Limit) Row() string {
	return fmt.Sprintf("| %s | %s | %s | %s |", l.What, l.Whom, l.HowMuch(), l.Beyond)
}

// interval returns the time in which one of them comes back.
func (l Limit) interval() time.Duration { return l.Rate.Per / time.Duration(l.Rate.N) }

// What the documentation calls those who are counted, and what happens to them.
const (
	person  = "a user; a visitor's address"
	user    = "a user"
	address = "an address"
	refused = "`rate_limited`"
)

// Table has every limit. README.md and PROTOCOL.md have the same rows.
var Table = []Limit{
	// Ten times what the fastest typist sends, and enough for a paste of some lines.
	{Messages, "messages, edits, deletions, reactions", person, refused, 60, Rate{20, time.Second}},
	// Each room is sent to every open page, and stays in everybody's lobby.
	{Rooms, "new rooms, including those created by writing in them", person, refused, 10, Rate{20, time.Hour}},
	{AdminRooms, "new rooms created by an admin", "an admin", refused, 100, Rate{100, time.Hour}},
	// Each stands in the other person's sidebar.
	{Conversations, "new private conversations", user, refused, 50, Rate{100, time.Hour}},
	// Each is sent to every open page.
	{RoomChanges, "changes of a room's topic, access or members", user, refused, 30, Rate{30, time.Minute}},
	{Invitations, "invitations created or revoked", "an admin", refused, 60, Rate{60, time.Hour}},
	{Profile, "changes of one's own name and e-mail address", user, refused, 5, Rate{1, time.Minute}},
	// Each costs two password hashes, 50 ms CPU together.
	{Password, "changes of one's own password", user, refused, 5, Rate{5, time.Hour}},
	{Settings, "changes of language or theme, and sessions signed out", user, refused, 20, Rate{20, time.Minute}},
	{Admin, "other changes on the admin site", "an admin", refused, 100, Rate{2, time.Second}},
	{ReadMarks, "read marks", user, "ignored; a later mark includes it", 20, Rate{5, time.Second}},
	{Typing, "`typing`", person, "ignored", 10, Rate{2, time.Second}},
	// Each has up to 200 people looked up, and answered with 20 KB.
	{Watch, "`watch`", person, refused, 60, Rate{2, time.Second}},
	// Behind one address may be a whole house, or a school.
	{SignUps, "new accounts", address, refused, 20, Rate{20, time.Hour}},
	// Each leaves a session. An owner who signs in again and again is not to be slowed down.
	{LogIns, "log-ins with the right password", user, refused, 100, Rate{60, time.Hour}},
	{SignInLinks, "one-time sign-in links for oneself", user, refused, 10, Rate{20, time.Hour}},
	// OWASP, "Device cookies": strangers get few guesses in all, whatever address they come from, and
	// can't keep the owner of an account out.
	{GuessesAccount, "guesses of a password", "an account, by browsers that never signed in to it", refused, 0, Rate{5, 30 * time.Minute}},
	{GuessesAddress, "guesses of a password", address, refused, 0, Rate{20, 15 * time.Minute}},
	{GuessesDevice, "guesses of a password in a browser that signed in to the account before", "the browser", refused, 0, Rate{10, 30 * time.Minute}},
	{GuestNames, "names chosen by visitors", address, refused, 20, Rate{20, time.Hour}},
	{Requests, "pages, forms and API requests", person, refused + " with 429 and `Retry-After`", 120, Rate{20, time.Second}},
	// The pages of fifty people behind one address, each with forty files, the first time they come.
	{AllRequests, "all requests, including static files", address, "429 with `Retry-After`; the connection is closed", 2000, Rate{200, time.Second}},
	// Each reads a whole list.
	{Searches, "lists that are filtered by a text", person, refused, 30, Rate{2, time.Second}},
	// Each reads messages for up to a second.
	{TextSearches, "searches in all messages", "an admin", refused, 10, Rate{30, time.Minute}},
	// A whole house that comes back after a restart is in again within seconds: browsers try again.
	{NewSockets, "new sockets", "an address, separately for visitors and users", "429 " + refused + ", with `Retry-After`", 20, Rate{20, time.Second}},
	{VisitorOpen, "open sockets of visitors", address, "429 " + refused + ", with `Retry-After`", 200, Rate{}},
	// Five devices with twenty pages each. As 1 MiB may wait for each, one person can hold 100 MiB.
	{UserOpen, "open sockets of users", user, "429 " + refused + ", with `Retry-After`", 100, Rate{}},
	// Browsers ping nobody, and answer one ping in 25 s.
	{Control, "pings and pongs", "a socket", "closed with 1008", 10, Rate{5, time.Second}},
	// Ten times as many as messages are more than any client needs.
	{Frames, "all frames, including fragments", "a socket", "the server reads more slowly, so that your writes wait", 200, Rate{200, time.Second}},
}

// Of returns the limit of that name. It panics if the Table has none: names are the program's own.
func Of(n Name) Limit {
	for _, l := range Table {
		if l.Name == n {
			return l
		}
	}
	panic("no limit is called " + string(n))
}
