package expense

import (
	"errors"
	"fmt"
	"strings"
)

// URL is an absolute URL split at its delimiters and nothing more: no part is
// unescaped or checked. Concur prints URLs whose path holds a stray percent sign
// ("3%Rek29$…"), which net/url refuses and which must arrive where they point to
// byte for byte.
type URL struct {
	Scheme   string // as it was written
	Host     string // the whole authority: userinfo and port included
	Path     string // begins with a slash, or is empty
	Query    string // without the question mark
	Fragment string // without the number sign
}

// SplitURL splits an absolute URL. It refuses what cannot be an absolute URL at
// all; whether a URL may be followed is for package concur to say. The error
// completes a sentence that begins with the field's name.
func SplitURL(raw string) (URL, error) {
	if raw == "" {
		return URL{}, errors.New("is empty")
	}
	if len(raw) > maxURI {
		return URL{}, fmt.Errorf("is longer than %d bytes", maxURI)
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] < ' ' || raw[i] == 0x7f {
			return URL{}, errors.New("has a control character")
		}
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || !isScheme(scheme) {
		return URL{}, errors.New("is not an absolute URL (scheme://host/path)")
	}
	u := URL{Scheme: scheme}
	rest, u.Fragment, _ = strings.Cut(rest, "#")
	rest, u.Query, _ = strings.Cut(rest, "?")
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		slash = len(rest)
	}
	u.Host, u.Path = rest[:slash], rest[slash:]
	if u.Host == "" {
		return URL{}, errors.New("has no host")
	}
	return u, nil
}

// isScheme follows RFC 3986, section 3.1.
func isScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		other := s[i] >= '0' && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return s != ""
}
