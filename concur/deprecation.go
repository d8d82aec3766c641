package concur

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// The headers by which Concur announces the end of an interface.
const (
	warnHeader   = "x-api-warn"
	sunsetHeader = "sunset"
)

// maxAnnouncement bounds what is kept of such a header, in bytes.
const maxAnnouncement = 200

// Deprecation is what Concur announces of the interface that an operation uses.
type Deprecation struct {
	Op       string `json:"op"`
	Warning  string `json:"warning,omitempty"` // Concur's words
	Sunset   string `json:"sunset,omitempty"`  // when it ends, as Concur prints it
	Requests int    `json:"requests"`          // that were answered so, by this client
}

// deprecations counts them, one for each operation.
type deprecations struct {
	mu   sync.Mutex
	seen map[string]*Deprecation
}

// Deprecations lists what Concur has announced to this client, by operation.
func (c *Client) Deprecations() []Deprecation {
	c.ageing.mu.Lock()
	defer c.ageing.mu.Unlock()
	list := make([]Deprecation, 0, len(c.ageing.seen))
	for _, d := range c.ageing.seen {
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b Deprecation) int { return cmp.Compare(a.Op, b.Op) })
	return list
}

// noteDeprecation counts an announcement, and logs it the first time and whenever it
// says something else.
func (c *Client) noteDeprecation(op string, h http.Header) {
	warning, sunset := announcement(h, warnHeader), announcement(h, sunsetHeader)
	if warning == "" && sunset == "" {
		return
	}
	c.ageing.mu.Lock()
	defer c.ageing.mu.Unlock()
	d := c.ageing.seen[op]
	if d == nil {
		d = &Deprecation{Op: op}
		if c.ageing.seen == nil {
			c.ageing.seen = map[string]*Deprecation{}
		}
		c.ageing.seen[op] = d
	}
	d.Requests++
	if d.Warning == warning && d.Sunset == sunset {
		return
	}
	d.Warning, d.Sunset = warning, sunset
	c.log.Warn("concur announces the end of an interface", "op", op, "warning", warning, "sunset", sunset)
}

// announcement reads such a header, without what could disturb a log.
func announcement(h http.Header, name string) string {
	text := strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.Join(h.Values(name), "; "))
	text = strings.Join(strings.Fields(text), " ")
	return strings.ToValidUTF8(text[:min(len(text), maxAnnouncement)], "")
}
