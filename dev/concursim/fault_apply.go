package main

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// movedByFaults lets somebody else act on the report before the request is handled.
func (s *simulator) movedByFaults(c *call, faults takenFaults) {
	f := faults.find("moved")
	if f == nil {
		return
	}
	if c.report == nil {
		c.entry.AddNote("there is no report to move")
		return
	}
	if err := s.move(c.report, f.Param.To, moveOptions{}); err != nil {
		c.entry.AddNote(err.Error())
		return
	}
	c.entry.AddNote("somebody else: " + f.Param.To)
}

// applyFaults handles the request as the faults demand.
func (s *simulator) applyFaults(c *call, faults takenFaults) answer {
	for _, f := range faults {
		switch f.Kind {
		case "hostile-url":
			c.hostileURL = f.Param.URL
		case "new-step-each-read":
			c.freshStep = true
		case "partial-exceptions":
			c.failPartial, c.failIndex, c.failCode = true, f.Param.Index, f.Param.Code
		default:
			if slices.Contains(omissions, f.Kind) || slices.Contains(pageFaults, f.Kind) {
				c.incomplete = append(c.incomplete, f.Kind)
			}
		}
	}
	for _, f := range faults {
		if slices.Contains(modifiers, f.Kind) {
			continue
		}
		return s.faultAnswer(c, f)
	}
	return s.handle(c)
}

// deprecated adds the headers of a deprecated endpoint to an answer.
func (a answer) deprecated(f *fault) answer {
	if f == nil {
		return a
	}
	text := f.Param.Text
	setDefault(&text, "This API is deprecated and will be decommissioned.")
	header := map[string]string{"x-api-warn": text, "sunset": "Sat, 31 Jul 2027 23:59:59 GMT"}
	maps.Copy(header, a.header)
	a.header = header
	return a
}

func (s *simulator) faultAnswer(c *call, f *fault) answer {
	switch f.Kind {
	case "lost-answer":
		a := s.handle(c)
		a.drop = true
		return a
	case "cut-body":
		a := s.handle(c)
		a.cut, a.drop = true, len(a.body) == 0 // there is no body to cut
		return a
	case "refused-connection":
		return answer{drop: true}
	case "late-effect":
		return s.lateEffect(c, f)
	case "failure-in-200":
		return s.failureIn200(c, f)
	case "user-token":
		return s.errorAnswer(c, http.StatusUnauthorized, notCompany)
	case "expired-token":
		s.tokens.revoke(bearer(c.request))
		if f.Param.Status != 0 {
			return s.errorAnswer(c, f.Param.Status, "The token has expired.")
		}
		return s.expiredAnswer(c, f.Applied)
	}
	if f.Param.Effect {
		s.handle(c)
		c.entry.ShowNothing()
	}
	switch f.Kind {
	case "server-error":
		return s.errorAnswer(c, http.StatusInternalServerError, "An unexpected error occurred.")
	case "unavailable":
		a := answer{status: http.StatusServiceUnavailable, contentType: "text/html", body: []byte(gatewayPage)}
		return a.retryAfter(f)
	case "too-many-requests":
		return s.errorAnswer(c, http.StatusTooManyRequests, "Too many requests.").retryAfter(f)
	case "rate-400":
		return s.errorAnswer(c, http.StatusBadRequest, "The request limit is exceeded.")
	case "deadlock-400":
		return s.errorAnswer(c, http.StatusBadRequest, "A database deadlock occurred. Please send the request again.")
	case "forbidden":
		return s.errorAnswer(c, http.StatusForbidden, "You are not allowed to do this.")
	case "not-found":
		return s.errorAnswer(c, http.StatusNotFound, "The requested resource does not exist.")
	case "redirect":
		return answer{status: http.StatusFound, contentType: "text/html", header: map[string]string{"Location": f.Param.Location}}
	case "gateway":
		return s.gatewayAnswer(f)
	case "html":
		return answer{status: http.StatusOK, contentType: "text/html", body: []byte(gatewayPage)}
	case "gzip-bomb":
		return answer{status: http.StatusOK, contentType: s.unreadable(c, "empty-body").contentType, body: []byte(" ")}
	}
	return s.unreadable(c, f.Kind)
}

// lateEffect lets the request take effect after the client has lost its connection.
func (s *simulator) lateEffect(c *call, f *fault) answer {
	s.running.Go(func() {
		timer := time.NewTimer(time.Duration(f.Param.MS) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.done:
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.handle(c)
		c.entry.ShowNothing()
		s.broadcast()
	})
	return answer{drop: true}
}

// unreadable is a 200 with the endpoint's content type and no useful content.
func (s *simulator) unreadable(c *call, kind string) answer {
	a := answer{status: http.StatusOK, contentType: xmlType}
	inJSON := c.errorForm() != xmlErrors || c.endpoint == tokenEndpoint || c.endpoint == pendingListEndpoint || c.endpoint == failedListEndpoint && s.failedJSONAsked(c)
	if inJSON {
		a.contentType = "application/json"
	}
	switch {
	case kind == "empty-body":
	case kind == "malformed" && inJSON:
		a.body = []byte(`{"access_token": "`)
	case kind == "malformed":
		a.body = []byte(`<ReportDetails><ReportId>1</ReportName><Entries`)
	case inJSON:
		a.body = []byte(`{"Something": {"Else": true}}`)
	default:
		a.body = []byte(`<Something xmlns="http://www.concursolutions.com/api/other"><Else>1</Else></Something>`)
	}
	return a
}

func (s *simulator) failureIn200(c *call, f *fault) answer {
	if c.endpoint == exceptionsEndpoint {
		c.failItems = true
		return s.handle(c)
	}
	text := f.Param.Text
	setDefault(&text, recentlyChanged)
	return actionStatus(text, "FAILURE")
}

func (a answer) retryAfter(f *fault) answer {
	if f.Param.RetryAfter != nil {
		a.header = map[string]string{"Retry-After": strconv.Itoa(*f.Param.RetryAfter)}
	}
	return a
}

const gatewayPage = "<html><head><title>Gateway</title></head><body><h1>The service cannot be reached</h1><p>Please try again later.</p></body></html>"
