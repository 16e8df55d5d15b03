package web

import (
	"encoding/json"
	"io"
	"mime"

	"hearth/web/chat"
	"hearth/web/ws"
)

// readBody reads the body of an API request, which is JSON. Errors: bad_frame, too_big.
func readBody(r *request) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, chat.Errorf("bad_frame")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, ws.MaxFrame+1))
	if err != nil { // the connection broke, or the body took too long
		return nil, &chat.Error{Code: "bad_frame", Err: err}
	}
	if len(body) > ws.MaxFrame {
		return nil, chat.Errorf("too_big", "max", ws.MaxFrame)
	}
	return body, nil
}

// decodeFields decodes the fields of a JSON object into the given places. Names are exact, and other fields are ignored. Error:
// bad_frame.
func decodeFields(body []byte, places map[string]any) error {
	var sent map[string]json.RawMessage
	if deepest, _ := scan(body); deepest > maxNesting || json.Unmarshal(body, &sent) != nil || sent == nil {
		return chat.Errorf("bad_frame")
	}
	for name, place := range places {
		if value, ok := sent[name]; ok && json.Unmarshal(value, place) != nil {
			return chat.Errorf("bad_frame")
		}
	}
	return nil
}
