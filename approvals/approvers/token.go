package approvers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// TokenPrefix begins every token, so that a leaked token is easy to find and a token is told
// from a token of the OpenID provider.
const TokenPrefix = "cca_"

// Digest is the SHA-256 of a token. The file holds digests only.
type Digest [sha256.Size]byte

// String returns the digest in hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// NewToken returns a new token of 256 random bits, and its digest for the approvers' file. The
// token is stored nowhere.
func NewToken() (token string, digest Digest) {
	token = TokenPrefix + secret()
	return token, DigestOf(token)
}

// DigestOf returns the digest of a token.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }

// secret returns 256 random bits in base64url.
func secret() string {
	var bits [32]byte
	rand.Read(bits[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bits[:])
}
