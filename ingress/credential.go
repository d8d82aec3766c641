package ingress

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// Credential is a user name and a password that Concur may send. It holds digests
// only, so printing one reveals nothing.
type Credential struct {
	user, password [sha256.Size]byte
}

// NewCredential returns the credential of a user name and a password.
func NewCredential(user, password string) Credential {
	return Credential{user: sha256.Sum256([]byte(user)), password: sha256.Sum256([]byte(password))}
}

// keyring checks whether a request has one of its credentials.
type keyring struct {
	credentials []Credential
	equal       func(a, b []byte) int // subtle.ConstantTimeCompare
}

func newKeyring(credentials []Credential) keyring {
	return keyring{credentials: credentials, equal: subtle.ConstantTimeCompare}
}

// admits compares the request with every credential, whatever the request holds, so that the
// time of the answer reveals nothing.
func (k keyring) admits(r *http.Request) bool {
	user, password, wellFormed := r.BasicAuth()
	given := NewCredential(user, password)
	matches := 0
	for _, c := range k.credentials {
		sameUser := k.equal(given.user[:], c.user[:])
		samePassword := k.equal(given.password[:], c.password[:])
		matches |= sameUser & samePassword
	}
	return wellFormed && len(r.Header.Values("Authorization")) == 1 && matches == 1
}
