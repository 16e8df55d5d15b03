// Package limits has the table of all limits, and the limiters that enforce them. A limit bounds how much a user, a visitor or
// an address may have the server store, send or compute. The package knows nothing about chat or HTTP.
package limits

import (
	"fmt"
	"time"
)

// Name is the name of a limit in the Table.
type Name string

// The names of the limits. The Table says what each limit counts.
const (
	Messages      Name = "messages"
	Rooms         Name = "rooms"
	AdminRooms    Name = "admin_rooms"
	Conversations Name = "conversations"
	Groups        Name = "groups"
	RoomChanges   Name = "room_changes"
	Invitations   Name = "invitations"
	Profile       Name = "profile"
	Password      Name = "password"
	Settings      Name = "settings"
	Admin         Name = "admin"
	ReadMarks     Name = "read_marks"
	Typing        Name = "typing"
	Watch         Name = "watch"
	Idle          Name = "idle"
	Status        Name = "status"
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

// Limit is a row of the Table. With a Burst and a Rate, it is a token bucket. Without a Rate, it is a number that is never
// exceeded. Without a Burst, it is a sliding window: at most Rate.N events in the last Rate.Per.
type Limit struct {
	Name Name
	// What is counted, for Whom, and what happens Beyond the limit, in the words of the documentation.
	What, Whom, Beyond string
	Burst              int  // the most events at once; 0: the limit is a window
	Rate               Rate // how many events become available again in which time; zero: the limit is a number
}

// Rate is N events in the time Per.
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

// interval returns the time in which one event becomes available again. The limit must have a Rate.
func (l Limit) interval() time.Duration { return l.Rate.Per / time.Duration(l.Rate.N) }

// Values of the columns Whom and Beyond in the Table.
const (
	person  = "a user; a visitor's address"
	user    = "a user"
	address = "an address"
	refused = "`rate_limited`"
)

// Table has all limits. README.md and PROTOCOL.md have the same rows; a test compares them.
var Table = []Limit{
	// Ten times the rate of the fastest typist, and enough for pasting several lines.
	{Messages, "messages, edits, deletions, reactions", person, refused, 60, Rate{20, time.Second}},
	// Each new room is sent to every open page and stays in everybody's lobby.
	{Rooms, "new rooms, including those created by writing in them, and new names of rooms", person, refused, 10, Rate{20, time.Hour}},
	{AdminRooms, "new rooms created by an admin", "an admin", refused, 100, Rate{100, time.Hour}},
	// Each conversation appears in the other person's sidebar.
	{Conversations, "new private conversations", user, refused, 50, Rate{100, time.Hour}},
	// Each conversation appears in the sidebars of up to eleven others.
	{Groups, "new group conversations", user, refused, 20, Rate{30, time.Hour}},
	// Each change is sent to every open page.
	{RoomChanges, "changes of a room's settings or members", user, refused, 30, Rate{30, time.Minute}},
	{Invitations, "invitations created or revoked", "an admin", refused, 60, Rate{60, time.Hour}},
	{Profile, "changes of one's own name and e-mail address", user, refused, 5, Rate{1, time.Minute}},
	// Each change costs two password hashes, together 50 ms of CPU time.
	{Password, "changes of one's own password, and attempts to delete the own account", user, refused, 5, Rate{5, time.Hour}},
	// Each change is sent to every page that shows the person.
	{Status, "changes of one's own status", user, refused, 10, Rate{10, time.Minute}},
	{Settings, "changes of language, theme, time zone, clock or a room's notifications, sessions signed out, and people blocked", user, refused, 20, Rate{20, time.Minute}},
	{Admin, "other changes on the admin site", "an admin", refused, 100, Rate{2, time.Second}},
	{ReadMarks, "read marks", user, "ignored; a later mark includes it", 20, Rate{5, time.Second}},
	{Typing, "`typing`", person, "ignored", 10, Rate{2, time.Second}},
	// Each command looks up as many as 200 people, and its response has up to 20 KB.
	{Watch, "`watch`", person, refused, 60, Rate{2, time.Second}},
	// One for each socket that a user can have open, after a restart. What changes is sent at most once a second.
	{Idle, "`idle`", user, refused, 120, Rate{2, time.Second}},
	// A household or a school may share one address.
	{SignUps, "new accounts", address, refused, 20, Rate{20, time.Hour}},
	// Each log-in creates a session. The limit leaves room for an owner who signs in often.
	{LogIns, "log-ins with the right password", user, refused, 100, Rate{60, time.Hour}},
	{SignInLinks, "one-time sign-in links for oneself", user, refused, 10, Rate{20, time.Hour}},
	// OWASP, "Device cookies": all unknown browsers together get few guesses for an account, regardless of their addresses.
	// They cannot lock out the owner, whose browser is known.
	{GuessesAccount, "guesses of a password", "an account, by browsers that never signed in to it", refused, 0, Rate{5, 30 * time.Minute}},
	{GuessesAddress, "guesses of a password", address, refused, 0, Rate{20, 15 * time.Minute}},
	{GuessesDevice, "guesses of a password in a browser that signed in to the account before", "the browser", refused, 0, Rate{10, 30 * time.Minute}},
	{GuestNames, "names chosen by visitors", address, refused, 20, Rate{20, time.Hour}},
	{Requests, "pages, forms and API requests", person, refused + " with 429 and `Retry-After`", 120, Rate{20, time.Second}},
	// Enough for fifty people behind one address who each load a page with forty files for the first time.
	{AllRequests, "all requests, including static files", address, "429 with `Retry-After`; the connection is closed", 2000, Rate{200, time.Second}},
	// Each request reads a whole list.
	{Searches, "lists that are filtered by a text", person, refused, 30, Rate{2, time.Second}},
	// Each search reads messages for up to a second.
	{TextSearches, "searches in all messages", "an admin", refused, 10, Rate{30, time.Minute}},
	// After a restart, the people of a household reconnect within seconds, because browsers retry.
	{NewSockets, "new sockets, and `enter`", "an address, separately for visitors and users", "429 " + refused + ", with `Retry-After`", 20, Rate{20, time.Second}},
	{VisitorOpen, "open sockets of visitors", address, "429 " + refused + ", with `Retry-After`", 200, Rate{}},
	// Enough for five devices with twenty pages each. Up to 1 MiB waits for each socket, so one person can occupy 100 MiB.
	{UserOpen, "open sockets of users", user, "429 " + refused + ", with `Retry-After`", 100, Rate{}},
	// Browsers send no pings. They answer one ping every 25 s.
	{Control, "pings and pongs", "a socket", "closed with 1008", 10, Rate{5, time.Second}},
	// Ten times the rate of messages, which is more than any client needs.
	{Frames, "all frames, including fragments", "a socket", "the server reads more slowly, so that your writes wait", 200, Rate{200, time.Second}},
}

// Of returns the limit with that name. It panics if the Table has none, because only the program itself passes names.
func Of(n Name) Limit {
	for _, l := range Table {
		if l.Name == n {
			return l
		}
	}
	panic("no limit is called " + string(n))
}
