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

// tokenPrefix makes a token that has leaked easy to search for.
const tokenPrefix = "cca_"

const maxName = 64

// NewToken returns a new token of 256 random bits for the approver called name,
// and the line of the approvers' file that admits it. The token is in no other
// place. The error says why the name cannot be one.
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

// checkName refuses what would not survive a line of the file.
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
		return fmt.Errorf("an approver's name must hold no colon")
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("an approver's name must hold printable characters only")
	}
	return nil
}
