package concur

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"concur-connector/concur/wire"
)

// tokenAnswers has every answer of the token endpoint read as the JSON that it is
// documented to be, whatever content type or byte order mark it was given on its way, and
// whatever it says of the token's life: an answer that is refused for that would take the
// only refresh token with it that Concur still accepts.
type tokenAnswers struct{ door *door }

// maxTokenAnswer bounds an answer of the token endpoint, in bytes.
const maxTokenAnswer = 1 << 20

// RoundTrip sends one request, in its turn.
func (t tokenAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.door.pace.wait(req.Context()); err != nil {
		return nil, err
	}
	resp, err := t.door.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer))
	_ = resp.Body.Close() // all that is wanted of it was read
	if err != nil {
		return nil, err
	}
	t.door.announced(tokenOp, resp.Header)
	if clean, _, err := wire.Clean(body, resp.Header.Get("Content-Type")); err == nil {
		body = clean
	}
	resp.Header.Set("Content-Type", "application/json")
	resp.Body = io.NopCloser(bytes.NewReader(readable(bytes.TrimPrefix(body, []byte("\uFEFF")))))
	return resp, nil
}

// readable writes an answer so that its refresh token is read, whatever else it holds:
// the life of a token is a whole number, or left out when it is none; an access token
// that is missing becomes one that is refused later; what follows the answer is cut. Any
// other body is returned as it is.
func readable(body []byte) []byte {
	const life, access, refresh = "expires_in", "access_token", "refresh_token"
	var fields map[string]json.RawMessage
	if json.NewDecoder(bytes.NewReader(body)).Decode(&fields) != nil {
		return body
	}
	if fields[life] != nil {
		var value any
		_ = json.Unmarshal(fields[life], &value) // it is valid JSON
		delete(fields, life)
		if n := seconds(value); n > 0 {
			fields[life] = json.RawMessage(strconv.FormatInt(n, 10))
		}
	}
	if isText(fields[refresh]) && !isText(fields[access]) {
		fields[access] = json.RawMessage(`" "`)
	}
	mended, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return mended
}

// isText reports whether a field is a text that says something.
func isText(field json.RawMessage) bool {
	var text string
	return json.Unmarshal(field, &text) == nil && text != ""
}
