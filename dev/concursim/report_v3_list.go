package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const pendingPath = "/api/v3.0/expense/reports"

// handlePendingList simulates the v3 list of reports of the token's company:
// https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html.
// NextPage is an absolute URL with an opaque offset.
func (s *simulator) handlePendingList(c *call) answer {
	if !strings.EqualFold(c.query.Get("user"), "all") {
		return s.errorAnswer(c, http.StatusBadRequest, "The user is not valid.")
	}
	page, wrong := readPageV3(c)
	if wrong != "" {
		return s.errorAnswer(c, http.StatusBadRequest, wrong)
	}
	tests, ok := s.testUsers(c.query.Get("isTestUser"))
	if !ok {
		return s.errorAnswer(c, http.StatusBadRequest, "The value of isTestUser is not valid.")
	}
	codes := strings.Split(c.query.Get("approvalStatusCode"), ",")
	var listed []*report
	for _, r := range s.reports {
		switch {
		case r.deleted, r.desc.Request, r.desc.CentralReconciliation, !tests(r.desc.TestUser):
		case codes[0] == "", slices.Contains(codes, r.status):
			listed = append(listed, r)
		}
	}
	from := min(page.from, len(listed))
	to := min(from+page.limit, len(listed))
	rows := []any{}
	for _, r := range listed[from:to] {
		if e := s.rowOf(r, reportV3Endpoint, s.followV3); e != nil {
			rows = append(rows, json.RawMessage(e.body))
			continue
		}
		row := s.renderReportV3(r)
		if r.desc.Login == "" { // a report.xml does not name its owner
			row["OwnerLoginID"] = "terry.tester@example.com"
		}
		rows = append(rows, row)
	}
	list := s.lastPageV3(rows)
	if to < len(listed) {
		query := url.Values{"offset": {base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))}, "limit": {strconv.Itoa(page.limit)},
			"user": {"ALL"}, "approvalStatusCode": {c.query.Get("approvalStatusCode")}}
		if kind := c.query.Get("isTestUser"); kind != "" {
			query.Set("isTestUser", kind)
		}
		list["NextPage"] = "http://" + s.authority(s.home) + pendingPath + "?" + query.Encode()
	}
	body, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return answer{status: http.StatusInternalServerError, contentType: "application/json"}
	}
	return answer{status: http.StatusOK, contentType: "application/json; charset=utf-8", body: body}
}

// testUsers returns whose reports a list with that isTestUser shows, and false for an
// invalid value. What the list shows without isTestUser is not documented, so the seed
// decides.
func (s *simulator) testUsers(asked string) (shows func(testUser bool) bool, ok bool) {
	switch strings.ToLower(asked) {
	case "true":
		return func(testUser bool) bool { return testUser }, true
	case "false":
		return func(testUser bool) bool { return !testUser }, true
	case "":
		all := s.draw("list without isTestUser").IntN(2) == 0
		return func(testUser bool) bool { return all || !testUser }, true
	}
	return nil, false
}
