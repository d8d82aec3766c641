package facts

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"concur-connector/expense"
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
	host, err := expense.HostPort(u.Host)
	if err != nil {
		return nil, fmt.Errorf("the address's host %w", err)
	}
	if !c.hosts[host] {
		return nil, fmt.Errorf("the host %s is not among those that may be asked (CONCUR_FACT_HOSTS)", strings.TrimSuffix(host, ":443"))
	}
	return u, nil
}
