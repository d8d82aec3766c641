package main

import "strings"

// The hosts of the API, as the journal and the control API name them: two data
// centres, in one of which the company lives.
const (
	firstHost  = "api"
	secondHost = "api2"
)

// base is the base URL of a host.
func (s *simulator) base(host string) string {
	if host == secondHost {
		return s.ready.API2
	}
	return s.ready.API
}

// homeBase is the base URL of the data centre in which the company lives. Every link
// that is made from now on begins with it.
func (s *simulator) homeBase() string { return s.base(s.home) }

// authority is the host:port of a host.
func (s *simulator) authority(host string) string {
	return strings.TrimPrefix(s.base(host), "https://")
}

// livesElsewhere refuses a grant of a company that lives in the other data centre,
// and names that.
func (s *simulator) livesElsewhere(c *call) answer {
	return refuseToken(16, geolocation(s.draw("lives elsewhere", c.entry.N()), s.homeBase()))
}
