package expense

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// URL is an absolute URL, split at its delimiters. No part is unescaped or checked. Concur
// prints URLs with a stray percent sign in the path ("3%Rek29$…"). net/url rejects them, but
// the connector must call them byte for byte.
type URL struct {
	Scheme   string // in its original spelling
	Host     string // the whole authority, with userinfo and port
	Path     string // begins with a slash, or is empty
	Query    string // without the question mark
	Fragment string // without the number sign
}

// SplitURL splits an absolute URL, or returns an error if the text is not one. Package concur
// decides whether a URL may be called. The error completes a sentence that begins with the
// field's name.
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

// HostPort returns a host in lower case with its port. Without a port it adds 443. The error
// completes a sentence that begins with the host.
func HostPort(authority string) (string, error) {
	host, port := strings.ToLower(authority), "443"
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host, port = host[:i], host[i+1:]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return "", errors.New("has an invalid port")
	}
	name, legal := host, "abcdefghijklmnopqrstuvwxyz0123456789-."
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		name, legal = host[1:len(host)-1], "abcdef0123456789:."
	}
	switch {
	case name == "":
		return "", errors.New("is empty")
	case strings.HasPrefix(name, "."), strings.HasSuffix(name, "."):
		return "", errors.New("begins or ends with a dot")
	case strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(legal, r) }):
		return "", errors.New("has a character that a host name cannot have")
	}
	return host + ":" + port, nil
}
