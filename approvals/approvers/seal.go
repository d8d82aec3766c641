package approvers

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"concur-connector/expense"
	"concur-connector/internal/textfile"
)

// SealKeyPrefix begins every key for seals.
const SealKeyPrefix = "ccs_"

const (
	sealPrefix = "s1." // names the encoding that is sealed
	minSealKey = 32    // bytes
	maxSealKey = 128

	// maxSealAge is how long a sealed decision may wait for its run. Temporal keeps signals while
	// no worker runs, so it is longer than a weekend. A decision on another task is refused
	// whatever its age.
	maxSealAge = 72 * time.Hour
	// maxClockSkew is how far the clocks of the endpoint and of Temporal may differ.
	maxClockSkew = 2 * time.Minute
)

// SealKeys are the keys with which the endpoint seals decisions and the worker verifies them. The
// first key seals; every key verifies. The zero value has none.
type SealKeys struct{ keys [][]byte }

// NewSealKey returns a new key of 256 random bits, as a line of the file.
func NewSealKey() string { return SealKeyPrefix + secret() }

// WatchSealKeys loads the file with the keys for seals and watches it. The file has one or two
// lines, each ccs_ and at least 32 bytes in base64url. Empty lines and lines that begin with # are
// skipped. The error names the line and never a key.
func WatchSealKeys(path string, logger *slog.Logger) (*Watched[SealKeys], error) {
	return watch(path, "file with the seal keys", ParseSealKeys, logger)
}

// ParseSealKeys reads the content of a file with keys; name stands for the file in an error.
func ParseSealKeys(name string, content []byte) (*SealKeys, error) {
	k := &SealKeys{}
	text, err := textfile.Trim(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		coded, found := strings.CutPrefix(line, SealKeyPrefix)
		key, err := base64.RawURLEncoding.DecodeString(coded)
		switch {
		case !found || err != nil || len(key) < minSealKey || len(key) > maxSealKey:
			return nil, fmt.Errorf("%s:%d: the key must be %s and %d to %d bytes in base64url; `concurctl approver seal-key` makes one",
				name, number, SealKeyPrefix, minSealKey, maxSealKey)
		case len(k.keys) == 1 && hmac.Equal(key, k.keys[0]):
			return nil, fmt.Errorf("%s:%d: both keys are the same", name, number)
		case len(k.keys) == 2:
			return nil, fmt.Errorf("%s:%d: there are more than two keys: the first seals, and a second is for the time in which the key is changed", name, number)
		}
		k.keys = append(k.keys, key)
	}
	if len(k.keys) == 0 {
		return nil, fmt.Errorf("%s: there is no key in the file; `concurctl approver seal-key` makes one", name)
	}
	return k, nil
}

// Seal sets the seal of a decision whose other fields are all set. It returns an error if there
// is no key, or if the decision has no task, no ID, no actor or no time.
func (k *SealKeys) Seal(d *expense.Decision) error {
	switch {
	case k == nil || len(k.keys) == 0:
		return errors.New("seal a decision: there is no key")
	case d.TaskID == "" || d.ID == "" || d.Actor == nil || d.Actor.Name == "" || d.At.IsZero():
		return errors.New("seal a decision: the task, the decision's ID, the actor's name and the time are required")
	}
	d.Seal = sealPrefix + base64.RawURLEncoding.EncodeToString(mac(k.keys[0], *d))
	return nil
}

// verify says why the seal of a decision does not prove that the endpoint sent it. It is empty if
// the seal proves it. received is when the run received the decision.
func (k *SealKeys) verify(d expense.Decision, received time.Time) string {
	if k == nil || len(k.keys) == 0 {
		return "this worker has no key to verify a seal (CONCUR_SEAL_KEYS_FILE)"
	}
	coded, found := strings.CutPrefix(d.Seal, sealPrefix)
	given, err := base64.RawURLEncoding.Strict().DecodeString(coded)
	if !found || err != nil || d.Actor == nil {
		return "its seal cannot be read"
	}
	known := false
	for _, key := range k.keys {
		known = hmac.Equal(given, mac(key, d)) || known
	}
	switch {
	case !known:
		return "its seal does not fit: it was made for another decision, changed on its way, or made with a key that this worker does not have"
	case d.At.After(received.Add(maxClockSkew)):
		return "its time is in the future: the clocks of the endpoint and of Temporal differ by more than " + maxClockSkew.String()
	case d.At.Before(received.Add(-maxSealAge)):
		return fmt.Sprintf("it was made more than %.0f hours before the run received it; decide again", maxSealAge.Hours())
	}
	return ""
}

// mac returns the HMAC-SHA256 of everything in a decision but the seal. Each text is preceded by
// its length and each list by its number of texts, so that no two decisions are encoded alike.
func mac(key []byte, d expense.Decision) []byte {
	h := hmac.New(sha256.New, key)
	number := func(n int) { _ = binary.Write(h, binary.BigEndian, uint64(n)) } // a hash accepts every write
	texts := func(all ...string) {
		number(len(all))
		for _, one := range all {
			number(len(one))
			h.Write([]byte(one))
		}
	}
	actor := *d.Actor
	texts("concur-connector decision v1",
		d.TaskID, d.ID, string(d.Decision), d.Comment, d.To, d.By, d.At.UTC().Format(time.RFC3339Nano),
		actor.Name, string(actor.IdentifiedBy))
	texts(actor.Logins...)
	texts(actor.Groups...)
	return h.Sum(nil)
}

// Derive returns a key of 256 bits for another purpose from each key of the file, in its order:
// the first to encrypt, each to decrypt.
func (k *SealKeys) Derive(purpose string) [][]byte {
	var derived [][]byte
	for _, key := range k.keys {
		one, err := hkdf.Key(sha256.New, key, nil, "concur-connector "+purpose, sha256.Size)
		if err == nil { // it fails only for longer keys
			derived = append(derived, one)
		}
	}
	return derived
}
