package main

import "strings"

// The hosts of the API in the journal and in the control API. Each is a data centre; the
// company is in one of them.
const (
	firstHost  = "api"
	secondHost = "api2"
)

// base returns the base URL of a host.
func (s *simulator) base(host string) string {
	if host == secondHost {
		return s.ready.API2
	}
	return s.ready.API
}

// homeBase returns the base URL of the company's data centre. New links begin with it.
func (s *simulator) homeBase() string { return s.base(s.home) }

// authority returns the host:port of a host.
func (s *simulator) authority(host string) string {
	return strings.TrimPrefix(s.base(host), "https://")
}

// livesElsewhere refuses a grant of a company that has moved, and names its new data
// centre.
func (s *simulator) livesElsewhere(c *call) answer {
	return refuseToken(16, geolocation(s.draw("lives elsewhere", c.entry.N()), s.homeBase()))
}
