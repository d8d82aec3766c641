package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// requestViews are the documented views and the statuses that each shows; nil is any
// status. The client is not an approver, so it has nothing to approve.
var requestViews = map[string][]string{
	"": nil, "ALL": nil,
	"ACTIVE":      {"NOT_SUBMITTED", "SUBMITTED", "APPROVED", "SENTBACK"},
	"UNSUBMITTED": {"NOT_SUBMITTED", "SENTBACK"}, "PENDING": {"SUBMITTED"}, "SUBMITTED": {"SUBMITTED"},
	"VALIDATED": {"APPROVED"}, "APPROVED": {"APPROVED"}, "CANCELED": {"CANCELED"},
	"CLOSED": {}, "TOAPPROVE": {},
}

// readPageRequest reads start and limit. It returns false for an invalid value.
func readPageRequest(c *call) (start, limit int, fine bool) {
	limit = 10
	for name, into := range map[string]*int{"start": &start, "limit": &limit} {
		text := c.query.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return 0, 0, false
		}
		*into = n
	}
	return start, limit, limit >= 1 && limit <= 100
}

// changedBetween reads modifiedAfter and modifiedBefore.
func changedBetween(c *call) (after, before time.Time, fine bool) {
	for name, into := range map[string]*time.Time{"modifiedAfter": &after, "modifiedBefore": &before} {
		text := c.query.Get(name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			if at, err = time.Parse(time.DateOnly, text); err != nil {
				return after, before, false
			}
		}
		*into = at
	}
	return after, before, true
}

// handleRequests simulates the list of travel requests:
// https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html.
func (s *simulator) handleRequests(c *call) answer {
	start, limit, fine := readPageRequest(c)
	after, before, dated := changedBetween(c)
	codes, known := requestViews[c.query.Get("view")]
	if !fine || !dated || !known {
		return s.refuseRequest(c, http.StatusBadRequest, "badParam", "A parameter is not valid.")
	}
	var listed []*report
	for _, r := range s.reports {
		switch {
		case !r.desc.Request || r.deleted, codes != nil && !slices.Contains(codes, r.shownStatus()):
		case !after.IsZero() && r.changed.Before(after), !before.IsZero() && r.changed.After(before):
		default:
			listed = append(listed, r)
		}
	}
	rows := []any{}
	for _, r := range listed[min(start, len(listed)):min(start+limit, len(listed))] {
		if e := s.rowOf(r, requestEndpoint, s.followRequest); e != nil {
			e.set("expenses", []any{})
			rows = append(rows, json.RawMessage(e.body))
			continue
		}
		rows = append(rows, s.renderRequestRow(r))
	}
	return jsonAnswer(fields{"data": rows, "operations": s.requestPages(c, start, limit, len(listed))})
}

// requestPages returns the links to other pages. The last page has no link to a next page.
func (s *simulator) requestPages(c *call, start, limit, count int) []any {
	link := func(rel string, at int) any {
		query := url.Values{}
		for name := range c.query {
			query.Set(name, c.query.Get(name))
		}
		query.Set("start", strconv.Itoa(at))
		query.Set("limit", strconv.Itoa(limit))
		return fields{"rel": rel, "href": s.homeBase() + requestsPath + "?" + query.Encode()}
	}
	links := []any{}
	if start+limit < count {
		links = append(links, link("next", start+limit))
	}
	if start > 0 {
		links = append(links, link("prev", max(start-limit, 0)))
	}
	return append(links, link("first", 0), link("last", max(count-1, 0)/limit*limit))
}

// renderRequestRow is a request as the list shows it: without custom fields, expenses and
// links. With half of the seeds it also lacks the operations.
func (s *simulator) renderRequestRow(r *report) fields {
	row := s.renderRequest(r)
	for n := 1; n <= 20; n++ {
		delete(row, "custom"+strconv.Itoa(n))
	}
	for _, name := range []string{"cashAdvances", "comments", "exceptions", "mainDestination", "policy"} {
		delete(row, name)
	}
	row["expenses"] = []any{}
	if s.draw("operations of rows").IntN(2) == 0 {
		delete(row, "operations")
	}
	return row
}
