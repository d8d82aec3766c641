package company

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

// question is what a request holds.
type question struct {
	Fact  string   `json:"fact"`
	ID    string   `json:"id"`
	At    string   `json:"at"`
	Wants []string `json:"wants"`
	Items []struct {
		Key    string         `json:"key"`
		Values map[string]any `json:"values"`
	} `json:"items"`
}

// keyOf reads a secret of Standard Webhooks.
func keyOf(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, "whsec_")
	if !ok {
		return nil, errors.New("company: the secret has no whsec_")
	}
	return base64.StdEncoding.DecodeString(text)
}

// verify says why a request is not the connector's, or is too old.
func verify(key []byte, r *http.Request, body []byte) error {
	id, stamp := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return fmt.Errorf("its timestamp is %q", stamp)
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
	return errors.New("its signature is not of this secret")
}

// read reads a question strictly: what it may hold is in docs/policy, and nothing else.
func read(r *http.Request, body []byte) (question, error) {
	var q question
	in := json.NewDecoder(strings.NewReader(string(body)))
	in.DisallowUnknownFields()
	in.UseNumber()
	switch err := in.Decode(&q); {
	case err != nil:
		return q, fmt.Errorf("it cannot be read: %w", err)
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json":
		return q, errors.New("it is no POST of JSON")
	case q.ID == "" || q.ID != r.Header.Get("Webhook-Id"):
		return q, errors.New("its id is not that of the header")
	case q.Fact == "" || len(q.Items) == 0 || len(q.Items) > 200:
		return q, fmt.Errorf("it has %d objects", len(q.Items))
	case r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "":
		return q, errors.New("it holds a credential")
	}
	if _, err := time.Parse(time.RFC3339Nano, q.At); err != nil {
		return q, errors.New("its time is none")
	}
	keys := map[string]bool{}
	for _, item := range q.Items {
		if keys[item.Key] || item.Values == nil {
			return q, errors.New("an object is in it twice, or without values")
		}
		keys[item.Key] = true
	}
	return q, nil
}

// fields are the names that its objects have, one text for each set that occurs.
func (q question) fields() []string {
	sets := map[string]bool{}
	for _, item := range q.Items {
		sets[strings.Join(slices.Sorted(maps.Keys(item.Values)), ",")] = true
	}
	return slices.Sorted(maps.Keys(sets))
}

// name is the fact that an address stands for.
func name(r *http.Request) string { return path.Base(r.URL.Path) }
