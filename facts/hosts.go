package facts

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Check says why an address may not be asked, in a sentence that names its host, or
// nothing. Nothing is sent.
func (c *Client) Check(address string) error {
	_, err := c.target(address)
	return err
}

// target is an address that may be asked.
func (c *Client) target(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("the address cannot be read") // err holds it, and perhaps a password
	case u.Scheme != "https":
		return nil, errors.New("the address does not begin with https://")
	case u.User != nil:
		return nil, errors.New("the address holds a user name")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return nil, errors.New("the address holds a fragment")
	}
	host, err := hostPort(u.Host)
	if err != nil {
		return nil, fmt.Errorf("the address's host %w", err)
	}
	if !c.hosts[host] {
		return nil, fmt.Errorf("the host %s is not among those that may be asked (CONCUR_FACT_HOSTS)", strings.TrimSuffix(host, ":443"))
	}
	return u, nil
}

// hostPort returns a host in lower case with its port, 443 when none is given. The error
// completes a sentence about the host.
func hostPort(authority string) (string, error) {
	host, port := strings.ToLower(authority), "443"
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host, port = host[:i], host[i+1:]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return "", errors.New("has a port that is none")
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
		return "", errors.New("has a character that no host name has")
	}
	return host + ":" + port, nil
}
