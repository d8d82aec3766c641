package concur

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"concur-connector/expense"
)

// concurHosts are Concur's data centres, by exact name: production, China,
// implementation, and those from before 2017, which still stand in the URLs that
// Concur sends.
//
// Source: https://developer.concur.com/platform/base-uris.html
var concurHosts = []string{
	"us.api.concursolutions.com", "www-us.api.concursolutions.com",
	"us2.api.concursolutions.com", "www-us2.api.concursolutions.com",
	"eu.api.concursolutions.com", "www-eu.api.concursolutions.com",
	"eu2.api.concursolutions.com", "www-eu2.api.concursolutions.com",
	"emea.api.concursolutions.com", "www-emea.api.concursolutions.com",
	"apj1.api.concursolutions.com", "www-apj1.api.concursolutions.com",
	"usg.api.concursolutions.com", "www-usg.api.concursolutions.com",
	"glz.api.concursolutions.com",
	"cn.api.concurcdc.cn", "www-cn.api.concurcdc.cn",
	"us-impl.api.concursolutions.com", "www-us-impl.api.concursolutions.com",
	"emea-impl.api.concursolutions.com", "www-emea-impl.api.concursolutions.com",
	"www.concursolutions.com", "eu1.concursolutions.com",
	"implementation.concursolutions.com", "eu1imp.concursolutions.com",
}

// hosts is the allow-list: lower-case hosts with their ports.
type hosts map[string]bool

// newHosts returns Concur's hosts and the further ones, even if some of those are refused.
func newHosts(extra []string) (hosts, error) {
	h := make(hosts, len(concurHosts)+len(extra))
	for _, host := range concurHosts {
		h[host+":443"] = true
	}
	var problems []error
	for _, entry := range extra {
		host, err := expense.HostPort(entry)
		if err != nil {
			problems = append(problems, fmt.Errorf("the allowed host %q %w: a host or host:port is expected", entry, err))
			continue
		}
		h[host] = true
	}
	return h, errors.Join(problems...)
}

// contains reports whether an authority is on the list, in any case, with or without a port.
func (h hosts) contains(authority string) bool {
	host, err := expense.HostPort(authority)
	return err == nil && h[host]
}

// AllowList returns a hash of the addresses that the client may follow. It changes when a host
// is added or removed.
func (c *Client) AllowList() string {
	all := slices.Sorted(maps.Keys(c.hosts))
	for field, paths := range prefixes {
		all = append(all, field+" "+strings.Join(paths, " "))
	}
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return hex.EncodeToString(sum[:6])
}

// base reduces a geolocation to https and its host, which must be on the list. Concur also
// prints geolocations with a path. The error begins with the name.
func (h hosts) base(name, geolocation string) (string, error) {
	u, err := expense.SplitURL(geolocation)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s %w", name, err)
	case !strings.EqualFold(u.Scheme, "https"):
		return "", fmt.Errorf("%s is not an https URL", name)
	case !h.contains(u.Host):
		return "", fmt.Errorf("%s names the host %s, which is not on the allow-list", name, quoteHost(u.Host))
	}
	return "https://" + strings.TrimSuffix(strings.ToLower(u.Host), ":443"), nil
}

// quoteHost quotes a host from outside, without a password in front of it.
func quoteHost(authority string) string {
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	return strconv.QuoteToASCII(authority[:min(len(authority), 100)])
}
