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
	Key        string        // of the text error.<key>, where it says more than the code's; "" for that
	Args       []any         // name, value pairs for the text's placeholders
	Field      string        // the form field that is to blame, where one is
	RetryAfter time.Duration // when asking again makes sense; 0: it doesn't, or at once
	Err        error         // what lies beneath; for the log, never for the person
}

// Errorf returns the Error with a code. args are name, value pairs for the placeholders of its text.
func Errorf(code string, args ...any) *Error { return &Error{Code: code, Args: args} }

// On returns e with the form field that it belongs to.
func (e *Error) On(field string) *Error { e.Field = field; return e }

// inMinutes is the wait beyond which a text gives minutes instead of seconds.
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

// Seconds is RetryAfter in whole seconds, rounded up.
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

// Is makes two errors of one code equal for errors.Is.
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
