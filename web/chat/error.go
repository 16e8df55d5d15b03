package chat

import (
	"errors"
	"fmt"
	"time"
)

// Error is the refusal of a request. Its code is part of the protocol and the suffix of a locale key (error.<code>); package web
// maps it to an HTTP status.
type Error struct {
	Code       string
	Key        string        // the suffix of the locale key of a more specific text (error.<key>); "": the text of the code
	Args       []any         // name, value pairs for the placeholders of the text
	Field      string        // the form field with the invalid value; "": none
	RetryAfter time.Duration // the time to wait before another attempt; 0: none is known
	Err        error         // the cause, for the log; it is not shown to the person
}

// Errorf returns the Error with a code. args are name, value pairs for the placeholders of its text.
func Errorf(code string, args ...any) *Error { return &Error{Code: code, Args: args} }

// On sets the form field with the invalid value, and returns e.
func (e *Error) On(field string) *Error { e.Field = field; return e }

// inMinutes is the longest wait that a text gives in seconds. Longer waits are given in minutes.
const inMinutes = 90 * time.Second

// Text returns the locale key of the error and the values of its placeholders.
func (e *Error) Text() (key string, args []any) {
	key = e.Code
	if e.Key != "" {
		key = e.Key
	}
	if key == "rate_limited" && e.RetryAfter > inMinutes {
		minutes := int((e.RetryAfter + time.Minute - 1) / time.Minute)
		return "error.rate_limited_minutes", []any{"count", minutes}
	}
	if key == "too_many_guesses" {
		return "error." + key, []any{"count", int((e.RetryAfter + time.Minute - 1) / time.Minute)}
	}
	return "error." + key, append([]any{"count", e.Seconds()}, e.Args...)
}

// Seconds returns RetryAfter in whole seconds, rounded up.
func (e *Error) Seconds() int { return int((e.RetryAfter + time.Second - 1) / time.Second) }

// Error describes e for a log.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Code + ": " + e.Err.Error()
	}
	if len(e.Args) > 0 {
		return fmt.Sprint(e.Code, e.Args)
	}
	return e.Code
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an Error with the same code. errors.Is calls it.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// ErrNotFound is returned by queries for one row when there is none.
var ErrNotFound = errors.New("not found")

// storage returns nil for nil, errors with a code unchanged, and any other error as the error storage, which tells the client that
// nothing was stored.
func storage(doing string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Code: "storage", Err: fmt.Errorf("%s: %w", doing, err)}
}

// onField sets the form field of an error with a code, and returns it.
func onField(err error, field string) error {
	var e *Error
	if errors.As(err, &e) {
		return e.On(field)
	}
	return err
}
