package approvers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenPrefix begins every token, so that a leaked token is easy to find.
const tokenPrefix = "cca_"

const maxName = 64

// NewToken returns a new token of 256 random bits for an approver, and its line for the
// approvers' file. The token is stored nowhere. The error says why the name is invalid.
func NewToken(name string) (token, line string, err error) {
	if err := checkName(name); err != nil {
		return "", "", err
	}
	var secret [32]byte
	rand.Read(secret[:]) // never fails
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	digest := sha256.Sum256([]byte(token))
	return token, name + ":" + algorithm + ":" + hex.EncodeToString(digest[:]), nil
}

// checkName rejects names that a line of the file cannot contain.
func checkName(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case !utf8.ValidString(name):
		return fmt.Errorf("an approver's name must be valid UTF-8")
	case n < 1 || n > maxName:
		return fmt.Errorf("an approver's name must have 1 to %d characters; this one has %d", maxName, n)
	case strings.HasPrefix(name, "#"):
		return fmt.Errorf("an approver's name must not begin with #")
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("an approver's name must not begin or end with a space")
	case strings.Contains(name, ":"):
		return fmt.Errorf("an approver's name must not contain a colon")
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("an approver's name must contain only printable characters")
	}
	return nil
}
