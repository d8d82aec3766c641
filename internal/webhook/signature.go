package facts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
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

// CheckSecret returns an error unless a secret consists of "whsec_" and 24 to 64 bytes in
// base64. The error completes a sentence that begins with the secret's name.
func CheckSecret(secret string) error {
	_, err := decodeSecret(secret)
	return err
}

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

// sign returns the webhook-signature header, with one signature for each key. During a change
// of the secret, the receiver may know only one of them.
func sign(keys [][]byte, id string, at time.Time, body []byte) string {
	var all []string
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
		mac.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}
