package concur

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// The headers with which Concur announces the end of an interface.
const (
	warnHeader   = "x-api-warn"
	sunsetHeader = "sunset"
)

// maxAnnouncement is how many bytes of such a header are kept.
const maxAnnouncement = 200

// Deprecation is Concur's announcement that the interface of an operation will end.
type Deprecation struct {
	Op       string `json:"op"`
	Warning  string `json:"warning,omitempty"` // Concur's words
	Sunset   string `json:"sunset,omitempty"`  // when it ends, as Concur prints it
	Requests int    `json:"requests"`          // that were answered so, by this client
}

// deprecations counts the announcements of each operation.
type deprecations struct {
	log  *slog.Logger
	mu   sync.Mutex
	byOp map[string]*Deprecation
}

// Deprecations lists what Concur has announced to this client, by operation.
func (c *Client) Deprecations() []Deprecation {
	ageing := c.transport.deprecations
	ageing.mu.Lock()
	defer ageing.mu.Unlock()
	list := make([]Deprecation, 0, len(ageing.byOp))
	for _, d := range ageing.byOp {
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b Deprecation) int { return cmp.Compare(a.Op, b.Op) })
	return list
}

// announced counts an announcement. It logs the first one, and each one with another end.
func (d *transport) announced(op string, h http.Header) {
	warning, sunset := announcement(h, warnHeader), announcement(h, sunsetHeader)
	if warning == "" && sunset == "" {
		return
	}
	d.deprecations.mu.Lock()
	defer d.deprecations.mu.Unlock()
	known := d.deprecations.byOp[op]
	if known == nil || known.Sunset != sunset {
		d.deprecations.log.Warn("concur announces the end of an interface", "op", op, "warning", warning, "sunset", sunset)
	}
	if known == nil {
		known = &Deprecation{Op: op}
		d.deprecations.byOp[op] = known
	}
	known.Warning, known.Sunset = warning, sunset
	known.Requests++
}

// announcement reads such a header, without characters that could disturb a log.
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
