package chat

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	// maxFirstRooms is how many rooms newcomers can see first.
	maxFirstRooms = 20
	// newcomerFor is how long an account is a newcomer's. Visitors always are.
	newcomerFor = 14 * 24 * time.Hour
)

// newcomer reports whether the first rooms are at the top of the caller's sidebar.
func (c *Chat) newcomer(u *User) bool { return c.now().Sub(u.Created) < newcomerFor }

// FirstRooms returns the rooms that newcomers see first, in their order. They are open to everybody. Error: storage.
func (c *Chat) FirstRooms(ctx context.Context) ([]*Room, error) {
	return c.first.Load(struct{}{}, func() ([]*Room, error) { return c.roomsWhere(ctx, firstRooms) })
}

const firstRooms = "SELECT " + roomColumns + " FROM room WHERE first_place > 0 AND archived_at = 0 AND access = 'open' ORDER BY first_place"

// FirstRoomChange is a change of the rooms that newcomers see first.
type FirstRoomChange string

const (
	FirstAdd    FirstRoomChange = "first_add" // at the end
	FirstUp     FirstRoomChange = "first_up"
	FirstDown   FirstRoomChange = "first_down"
	FirstRemove FirstRoomChange = "first_remove"
)

// ChangeFirstRooms changes the place of the room with that name among those that newcomers see first. Errors: not_allowed,
// no_such_room, bad_choice (for a room that is not open to everybody, or beyond the number of such rooms), rate_limited, storage.
func (c *Chat) ChangeFirstRooms(ctx context.Context, by Caller, x FirstRoomChange, name string) error {
	if err := c.takeAdmin(by); err != nil {
		return err
	}
	_, key, err := RoomName(name)
	if err != nil {
		return Errorf("no_such_room").On("room")
	}
	err = c.disk.Write(ctx, func(tx Tx) error {
		r, err := scanRoom(tx.QueryRow(roomNamed, key).Scan)
		if errors.Is(err, sql.ErrNoRows) || err == nil && r.Access == Direct {
			return Errorf("no_such_room").On("room")
		}
		if err != nil {
			return fmt.Errorf("look for room %s: %w", key, err)
		}
		rows, err := tx.Query(firstRooms)
		if err != nil {
			return fmt.Errorf("list the first rooms: %w", err)
		}
		rooms, err := scanRooms(rows)
		if err != nil {
			return fmt.Errorf("list the first rooms: %w", err)
		}
		ids := make([]int64, 0, len(rooms)+1)
		for _, room := range rooms {
			ids = append(ids, room.ID)
		}
		if ids, err = x.apply(ids, r); err != nil {
			return err
		}
		if err := saveFirstRooms(tx, ids); err != nil {
			return err
		}
		return c.audit(tx, by, "first_rooms", r.Name)
	})
	c.first.Clear()
	return storage("change the first rooms", err)
}

// apply returns the ids of the first rooms after the change.
func (x FirstRoomChange) apply(ids []int64, r *Room) ([]int64, error) {
	i := slices.Index(ids, r.ID)
	switch {
	case x == FirstAdd && (r.Access != Open || r.Archived):
		return nil, (&Error{Code: "bad_choice", Key: "first_open"}).On("room")
	case x == FirstAdd && i < 0 && len(ids) >= maxFirstRooms:
		return nil, (&Error{Code: "bad_choice", Key: "first_many", Args: []any{"max", maxFirstRooms}}).On("room")
	case x == FirstAdd && i < 0:
		return append(ids, r.ID), nil
	case x == FirstUp && i > 0:
		ids[i-1], ids[i] = ids[i], ids[i-1]
	case x == FirstDown && i >= 0 && i < len(ids)-1:
		ids[i], ids[i+1] = ids[i+1], ids[i]
	case x == FirstRemove && i >= 0:
		return slices.Delete(ids, i, i+1), nil
	}
	return ids, nil // somebody else has changed the list meanwhile
}

func saveFirstRooms(tx Tx, ids []int64) error {
	if _, err := tx.Exec("UPDATE room SET first_place = 0 WHERE first_place > 0"); err != nil {
		return fmt.Errorf("store the first rooms: %w", err)
	}
	for i, id := range ids {
		if _, err := tx.Exec("UPDATE room SET first_place = ? WHERE id = ?", i+1, id); err != nil {
			return fmt.Errorf("store the first rooms: %w", err)
		}
	}
	return nil
}

// LandingRoom returns the room in which newcomers start, nil if there is none. Error: storage.
func (c *Chat) LandingRoom(ctx context.Context) (*Room, error) {
	rooms, err := c.FirstRooms(ctx)
	if err != nil || len(rooms) == 0 {
		return nil, err
	}
	return rooms[0], nil
}

// firstPlaces returns the places of the rooms that newcomers see first, by id, from 1 on.
func (c *Chat) firstPlaces(ctx context.Context) (map[int64]int, error) {
	rooms, err := c.FirstRooms(ctx)
	places := make(map[int64]int, len(rooms))
	for i, r := range rooms {
		places[r.ID] = i + 1
	}
	return places, err
}
