package webhook

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"concur-connector/expense"
)

// Hosts are the hosts that a client may call.
type Hosts struct {
	setting  string
	allowed  map[string]bool
	loopback bool
}

// NewHosts returns the allowed hosts: each host or host:port, the default port is 443. Errors
// name the setting that lists them. The error lists all entries that are wrong.
func NewHosts(setting string, entries []string) (Hosts, error) {
	h := Hosts{setting: setting, allowed: map[string]bool{}}
	var problems []error
	for _, entry := range entries {
		host, err := expense.HostPort(entry)
		if err != nil {
			problems = append(problems, fmt.Errorf("the allowed host %q %w: give a host or host:port", entry, err))
			continue
		}
		h.allowed[host] = true
	}
	return h, errors.Join(problems...)
}

// WithPlainLoopback returns the same hosts, but also accepts http:// for those that are
// loopback addresses.
func (h Hosts) WithPlainLoopback() Hosts {
	h.loopback = true
	return h
}

// Parse parses an address, or returns an error if a client must not call it. The error is a
// sentence that names at most the host, because the rest of the address may be a secret.
func (h Hosts) Parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("the address cannot be read") // err quotes it, perhaps with a password
	case u.Scheme != "https" && !(h.loopback && u.Scheme == "http" && isLoopback(u.Hostname())):
		return nil, errors.New("the address does not begin with https://")
	case u.User != nil:
		return nil, errors.New("the address contains a user name")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return nil, errors.New("the address contains a fragment")
	case u.Scheme == "http" && u.Port() == "":
		return nil, errors.New("the address with http:// has no port")
	}
	if err := h.Check(u.Host); err != nil {
		return nil, err
	}
	return u, nil
}

// Check returns an error unless a host, or a host:port, is allowed.
func (h Hosts) Check(authority string) error {
	host, err := expense.HostPort(authority)
	if err != nil {
		return fmt.Errorf("the address's host %w", err)
	}
	if !h.allowed[host] {
		return fmt.Errorf("the host %s is not an allowed host (%s)", strings.TrimSuffix(host, ":443"), h.setting)
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
