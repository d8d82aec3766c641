package identity

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"

	"concur-connector/expense"
)

// ProxyOptions say how a single sign-on proxy names people and how it proves itself.
type ProxyOptions struct {
	People     People
	UserHeader string // contains the login of the person, such as X-Forwarded-Email
	// GroupHeader contains groups, separated by commas; empty if there is none. Only those of
	// Groups count.
	GroupHeader string
	Groups      []string

	// The proxy proves itself by a client certificate with one of these names, or by a secret.
	Names        []string // common name, DNS name, URI or e-mail address of the certificate
	SecretHeader string
	Secrets      []string
}

// Proxy identifies people by the headers of a single sign-on proxy.
type Proxy struct {
	options ProxyOptions
	secrets [][sha256.Size]byte
}

// NewProxy returns an error if a proxy could not prove itself.
func NewProxy(o ProxyOptions) (*Proxy, error) {
	p := &Proxy{options: o}
	for _, secret := range o.Secrets {
		if secret != "" {
			p.secrets = append(p.secrets, sha256.Sum256([]byte(secret)))
		}
	}
	switch {
	case o.People == nil || o.UserHeader == "":
		return nil, errors.New("the options People and UserHeader are required")
	case len(p.secrets) == 0 && len(o.Names) == 0:
		return nil, errors.New("a proxy needs a secret or a client certificate to prove itself")
	case len(p.secrets) > 0 && o.SecretHeader == "":
		return nil, errors.New("the option SecretHeader is required with Secrets")
	}
	return p, nil
}

// Identify returns the person whom the proxy names. It returns ErrNone for a request that does not
// come from the proxy, whatever its headers say, and for one in which the proxy names nobody.
func (p *Proxy) Identify(r *http.Request) (expense.Actor, error) {
	users := r.Header.Values(p.options.UserHeader)
	if len(users) == 0 || !p.Proves(r) {
		return expense.Actor{}, ErrNone
	}
	login := strings.TrimSpace(users[0])
	if len(users) > 1 || login == "" || strings.Contains(login, ",") {
		return expense.Actor{}, refuse(ErrInvalid, "the proxy must name exactly one person")
	}
	c := claimed{by: expense.ByProxy, login: login}
	if p.options.GroupHeader != "" {
		for _, value := range r.Header.Values(p.options.GroupHeader) {
			for group := range strings.SplitSeq(value, ",") {
				c.groups = append(c.groups, strings.TrimSpace(group))
			}
		}
	}
	return mapping{p.options.People, p.options.Groups}.actor(c)
}

// Strip removes the proxy's headers from every request that does not come from the proxy, so that
// no handler behind it can take them for true.
func (p *Proxy) Strip(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.Proves(r) {
			for _, name := range []string{p.options.UserHeader, p.options.GroupHeader, p.options.SecretHeader} {
				r.Header.Del(name)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Proves reports whether a request comes from the proxy.
func (p *Proxy) Proves(r *http.Request) bool {
	return p.hasSecret(r) || p.hasCertificate(r)
}

// hasSecret compares digests, so that neither the content nor the length of a secret shows in the
// time of the comparison.
func (p *Proxy) hasSecret(r *http.Request) bool {
	if len(p.secrets) == 0 {
		return false
	}
	values := r.Header.Values(p.options.SecretHeader)
	if len(values) != 1 {
		return false
	}
	given, fits := sha256.Sum256([]byte(values[0])), 0
	for _, secret := range p.secrets {
		fits |= subtle.ConstantTimeCompare(given[:], secret[:])
	}
	return fits == 1
}

// hasCertificate accepts only a certificate that the listener has verified.
func (p *Proxy) hasCertificate(r *http.Request) bool {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0]) == 0 {
		return false
	}
	leaf := r.TLS.VerifiedChains[0][0]
	names := append([]string{leaf.Subject.CommonName}, leaf.DNSNames...)
	names = append(names, leaf.EmailAddresses...)
	for _, uri := range leaf.URIs {
		names = append(names, uri.String())
	}
	return slices.ContainsFunc(names, func(name string) bool { return name != "" && slices.Contains(p.options.Names, name) })
}
