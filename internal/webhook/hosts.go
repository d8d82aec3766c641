package facts

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"concur-connector/expense"
)

// Check returns an error if the client must not call an address. The error is a sentence that
// names the host. Check sends nothing.
func (c *Client) Check(address string) error {
	_, err := c.target(address)
	return err
}

// target parses an address, or returns an error if the client must not call it.
func (c *Client) target(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("the address cannot be read") // err quotes it, perhaps with a password
	case u.Scheme != "https":
		return nil, errors.New("the address does not begin with https://")
	case u.User != nil:
		return nil, errors.New("the address contains a user name")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return nil, errors.New("the address contains a fragment")
	}
	host, err := expense.HostPort(u.Host)
	if err != nil {
		return nil, fmt.Errorf("the address's host %w", err)
	}
	if !c.hosts[host] {
		return nil, fmt.Errorf("the host %s is not an allowed host (CONCUR_FACT_HOSTS)", strings.TrimSuffix(host, ":443"))
	}
	return u, nil
}
