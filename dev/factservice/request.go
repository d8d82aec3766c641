package factservice

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is the content of a request.
type request struct {
	Fact  string   `json:"fact"`
	ID    string   `json:"id"`
	At    string   `json:"at"`
	Wants []string `json:"wants"`
	Items []struct {
		Key    string         `json:"key"`
		Values map[string]any `json:"values"`
	} `json:"items"`
}

// keyOf reads a secret in the form of Standard Webhooks.
func keyOf(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	if !ok {
		return nil, errors.New("the secret does not begin with whsec_")
	}
	return base64.StdEncoding.DecodeString(text)
}

// verify returns an error if the connector did not sign the request, or signed it too long
// ago.
func verify(key []byte, r *http.Request, body []byte) error {
	id, stamp := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return fmt.Errorf("wrong timestamp %q", stamp)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, id+"."+stamp+"."+string(body))
	for _, one := range strings.Fields(r.Header.Get("Webhook-Signature")) {
		version, text, _ := strings.Cut(one, ",")
		given, err := base64.StdEncoding.DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(given, mac.Sum(nil)) {
			return nil
		}
	}
	return errors.New("the signature does not match the secret")
}

// read reads a request and refuses everything that docs/policy does not describe.
func read(r *http.Request, body []byte) (request, error) {
	var q request
	in := json.NewDecoder(strings.NewReader(string(body)))
	in.DisallowUnknownFields()
	in.UseNumber()
	switch err := in.Decode(&q); {
	case err != nil:
		return q, fmt.Errorf("not readable: %w", err)
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json":
		return q, errors.New("not a POST of JSON")
	case q.ID == "" || q.ID != r.Header.Get("Webhook-Id"):
		return q, errors.New("the id differs from the header's")
	case q.Fact == "" || len(q.Items) == 0 || len(q.Items) > 200:
		return q, fmt.Errorf("%d objects, want 1 to 200", len(q.Items))
	case r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "":
		return q, errors.New("the request holds a credential")
	}
	if _, err := time.Parse(time.RFC3339Nano, q.At); err != nil {
		return q, errors.New("the time is not valid")
	}
	keys := map[string]bool{}
	for _, item := range q.Items {
		if keys[item.Key] || item.Values == nil {
			return q, errors.New("an object occurs twice or has no values")
		}
		keys[item.Key] = true
	}
	return q, nil
}

// fields returns the names of the objects' values, one text for each set of names.
func (q request) fields() []string {
	sets := map[string]bool{}
	for _, item := range q.Items {
		sets[strings.Join(slices.Sorted(maps.Keys(item.Values)), ",")] = true
	}
	return slices.Sorted(maps.Keys(sets))
}

// name returns the fact that an address stands for.
func name(r *http.Request) string { return path.Base(r.URL.Path) }
