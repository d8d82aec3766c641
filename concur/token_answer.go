package concur

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
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
	resp.Header.Set("Content-Type", "application/json")
	resp.Body = io.NopCloser(bytes.NewReader(withWholeLife(bytes.TrimPrefix(body, []byte("\uFEFF")))))
	return resp, nil
}

// withWholeLife writes the life of a token as a whole number, and leaves one out that is
// none. Any other body is returned as it is.
func withWholeLife(body []byte) []byte {
	const life = "expires_in"
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields[life] == nil {
		return body
	}
	var value any
	_ = json.Unmarshal(fields[life], &value) // it is valid JSON
	delete(fields, life)
	if n := seconds(value); n > 0 {
		fields[life] = json.RawMessage(strconv.FormatInt(n, 10))
	}
	mended, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return mended
}
