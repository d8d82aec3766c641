package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// secretPrefix begins every secret, so that a leaked secret is easy to find.
const secretPrefix = "whsec_"

// The key sizes that Standard Webhooks allows, in bytes.
const (
	minKey = 24
	maxKey = 64
)

// decodeSecret reads a secret: "whsec_" and 24 to 64 bytes in base64. The error completes a
// sentence that begins with the secret's name.
func decodeSecret(secret string) ([]byte, error) {
	text, found := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	switch {
	case !found, err != nil:
		return nil, errors.New("must be whsec_ followed by a key in base64")
	case len(key) < minKey || len(key) > maxKey:
		return nil, fmt.Errorf("has a key of %d bytes, but needs %d to %d", len(key), minKey, maxKey)
	}
	return key, nil
}

// Signer signs requests.
type Signer struct{ keys [][]byte }

// NewSigner returns a signer with one secret, or with two while the secret is changed. The
// error lists all problems and contains no secret.
func NewSigner(secrets []string) (Signer, error) {
	var s Signer
	var problems []error
	for i, secret := range secrets {
		key, err := decodeSecret(secret)
		if err != nil {
			problems = append(problems, fmt.Errorf("secret %d %w", i+1, err))
			continue
		}
		s.keys = append(s.keys, key)
	}
	if n := len(secrets); n < 1 || n > 2 {
		problems = append(problems, errors.New("give one secret, or two during a change"))
	}
	return s, errors.Join(problems...)
}

// Sign sets the headers webhook-id, webhook-timestamp and webhook-signature. The last one has a
// signature for each secret: during a change, the receiver may know only one of them.
func (s Signer) Sign(h http.Header, id string, at time.Time, body []byte) {
	var all []string
	for _, key := range s.keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
		mac.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", strings.Join(all, " "))
}
