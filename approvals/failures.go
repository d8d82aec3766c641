package approvals

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"concur-connector/approvals/approvers"
)

// failures slows down whoever presents wrong credentials again and again: an address, and a token
// by its beginning. Nobody else is locked out: a credential that was right within the last day
// goes on working from the same address, and every other address is unaffected.
type failures struct {
	logger           *slog.Logger
	addresses, start pace

	mu    sync.Mutex
	right map[sourceKey]time.Time
}

// sender is where a request comes from and the credential that it presents.
type sender struct{ address, credential string }

// sourceKey stands for a sender. It does not contain the credential.
type sourceKey [sha256.Size]byte

func (s sender) key() sourceKey { return sha256.Sum256([]byte(s.address + "\n" + s.credential)) }

// shownToken is how much of a token, beside its prefix, tells one from another.
const shownToken = 8

// beginning returns the beginning of a token of the approvers' file. All tokens of an OpenID
// provider begin alike, so any other credential stands for itself.
func (s sender) beginning() string {
	if token, ours := strings.CutPrefix(s.credential, "Bearer "+approvers.TokenPrefix); ours && len(token) > shownToken {
		return token[:shownToken]
	}
	digest := sha256.Sum256([]byte(s.credential))
	return string(digest[:])
}

func source(r *http.Request) sender {
	return sender{address: address(r.RemoteAddr), credential: strings.Join(r.Header.Values("Authorization"), "\n")}
}

// address returns the address of a client without its port. Of IPv6 it returns the network,
// because one client usually has all addresses of a network.
func address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Is4() || ip.Is4In6() {
		return host
	}
	network, _ := ip.WithZone("").Prefix(64) // an IPv6 address has such a network
	return network.String()
}

const (
	rightFor = 24 * time.Hour
	maxRight = 10_000
)

// refuses reports whether a request must not even be checked.
func (f *failures) refuses(s sender) bool {
	if !f.addresses.empty(s.address) && !f.start.empty(s.beginning()) {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	at, known := f.right[s.key()]
	return !known || time.Since(at) > rightFor
}

func (f *failures) failed(ctx context.Context, s sender) {
	f.mu.Lock()
	delete(f.right, s.key())
	f.mu.Unlock()
	f.addresses.allows(s.address)
	f.start.allows(s.beginning())
	slowed := f.addresses.empty(s.address) || f.start.empty(s.beginning())
	f.logger.WarnContext(ctx, "a request presents wrong credentials", "address", s.address, "slowedDown", slowed)
}

func (f *failures) succeeded(s sender) {
	if s.credential == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.right == nil {
		f.right = map[sourceKey]time.Time{}
	}
	if len(f.right) >= maxRight {
		for key, at := range f.right {
			if time.Since(at) > rightFor {
				delete(f.right, key)
			}
		}
		if len(f.right) >= maxRight {
			clear(f.right)
		}
	}
	f.right[s.key()] = time.Now()
}
