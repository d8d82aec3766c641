package main

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// pageV3 is the page of a v3 collection that a call asks for: its first row and at most how
// many.
type pageV3 struct{ from, limit int }

// readPageV3 reads limit and offset. The second result says what is wrong with them.
func readPageV3(c *call) (pageV3, string) {
	page := pageV3{limit: 25}
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return page, "The limit is not valid."
		}
		page.limit = n
	}
	if text := c.query.Get("offset"); text != "" {
		opaque, err := base64.RawURLEncoding.DecodeString(text)
		n, bad := strconv.Atoi(string(opaque))
		if err != nil || bad != nil || n < 0 {
			return page, "The offset is not valid."
		}
		page.from = n
	}
	return page, ""
}

// lastPageV3 is a last page. Its NextPage is null or, as in the documented examples,
// missing.
func (s *simulator) lastPageV3(items []any) fields {
	page := fields{"Items": items, "NextPage": nil}
	if s.draw("NextPage").IntN(2) == 0 {
		delete(page, "NextPage")
	}
	return page
}

// pageOf renders a page of a collection. NextPage is an absolute http URL with an opaque
// offset, as in the list of reports.
func (s *simulator) pageOf(c *call, page pageV3, count int, render func(i int) any) answer {
	if c.hasFault("cut-next-page") || c.hasFault("page-again") {
		page.limit = min(page.limit, 2)
	}
	from := min(page.from, count)
	to := min(from+page.limit, count)
	items := []any{}
	for i := from; i < to; i++ {
		items = append(items, render(i))
	}
	body := s.lastPageV3(items)
	if to < count {
		query := url.Values{}
		for name := range c.query {
			query.Set(name, c.query.Get(name))
		}
		query.Set("offset", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to))))
		query.Set("limit", strconv.Itoa(page.limit))
		path := c.path + "?" + query.Encode()
		switch {
		case c.hasFault("cut-next-page"):
			path = c.path[:len(c.path)-3]
		case c.hasFault("page-again"):
			query.Set("offset", base64.RawURLEncoding.EncodeToString([]byte("0")))
			path = c.path + "?" + query.Encode()
		}
		body["NextPage"] = "http://" + s.authority(s.home) + path
	}
	return jsonAnswer(body)
}

// readable returns the report of a call, if the call may read its content. A raw payload
// without JSON documents exists in v1.1 only.
func (c *call) readable() *report {
	if c.report == nil || c.report.deleted || c.report.payload != nil && len(c.report.payload.docs) == 0 {
		return nil
	}
	return c.report
}

// handleReportV3 simulates a single v3 report, which only its owner can read:
// https://developer.concur.com/api-reference/expense/expense-report/v3.reports.html.
func (s *simulator) handleReportV3(c *call) answer {
	r, a := s.ownReportV3(c)
	if r == nil {
		return a
	}
	c.entry.ShowPosition(r.position())
	shown := s.renderReportV3(r)
	shown["Total"] = plain(c.claimedTotal(r.desc.sums().total))
	return jsonAnswer(shown)
}

// ownReportV3 returns the report of a call by its owner. For anybody else the report is
// nil, and the answer says why.
func (s *simulator) ownReportV3(c *call) (*report, answer) {
	login := c.query.Get("user")
	if login == "" || strings.EqualFold(login, "all") {
		return nil, s.errorAnswer(c, http.StatusBadRequest, "The user is not valid.")
	}
	r := c.readable()
	if r == nil {
		return nil, s.errorAnswer(c, http.StatusNotFound, "The report does not exist.")
	}
	if !strings.EqualFold(login, r.desc.Login) {
		return nil, s.errorAnswer(c, http.StatusForbidden, "The user is not the owner of the report.")
	}
	return r, answer{}
}

func (s *simulator) renderReportV3(r *report) fields {
	desc, sums := r.desc, r.desc.sums()
	v := fields{
		"ID": r.reportID, "Name": desc.ReportName, "Total": plain(sums.total), "CurrencyCode": desc.Currency,
		"Country": "US", "CountrySubdivision": nil,
		"CreateDate": r.created.Format(timeV3), "SubmitDate": timeOrNull(r.submitDate, timeV3),
		"ProcessingPaymentDate": nil, "PaidDate": nil, "ReceiptsReceived": false, "UserDefinedDate": textOrNull(desc.Date),
		"LastComment": r.lastComment(), "OwnerLoginID": desc.Login, "OwnerName": desc.Employee,
		"ApproverLoginID": nil, "ApproverName": nil,
		"ApprovalStatusCode": r.status, "ApprovalStatusName": localised(s.opts.seed, r.status, r.statusName),
		"PaymentStatusCode": "P_NOTP", "PaymentStatusName": "Not Paid", "LastModifiedDate": r.lastModified(),
		"PersonalAmount": plain(sums.personal), "AmountDueEmployee": plain(sums.employee), "AmountDueCompanyCard": plain(sums.card),
		"TotalClaimedAmount": plain(sums.claimed), "TotalApprovedAmount": plain(sums.claimed),
		"LedgerName": "DEFAULT", "PolicyID": s.policyV3(r),
		"EverSentBack": r.everSentBack, "HasException": r.hasException, "WorkflowActionUrl": "",
		"URI": "http://" + s.authority(s.home) + pendingPath + "/" + r.reportID,
	}
	if s.draw(r.name, "WorkflowActionUrl").IntN(2) == 0 {
		v["WorkflowActionUrl"] = "http://" + s.authority(s.home) + pendingPath + "/report/" + makeKey(s.draw(r.name, "no step")) + "/WorkFlowAction?user=" + url.QueryEscape(desc.Login)
	}
	s.fieldsV3(v, "OrgUnit", 6, desc.OrgUnit)
	s.fieldsV3(v, "Custom", 20, desc.Custom)
	return v
}

// fieldsV3 prints custom and organisational fields, each as an object or null.
func (s *simulator) fieldsV3(into fields, name string, most int, texts map[int]string) {
	for n := 1; n <= most; n++ {
		into[name+strconv.Itoa(n)] = s.fieldV3(texts[n])
	}
}

func (s *simulator) fieldV3(text string) any {
	if text == "" {
		return nil
	}
	if item, is := itemOf(text); is {
		return fields{"Type": "List", "Value": item.name, "Code": item.code, "ListItemID": s.v3ID("list item " + item.code + item.name)}
	}
	return fields{"Type": "Text", "Value": text, "Code": nil, "ListItemID": nil}
}

// lastModified grows with every step and every edit of the report.
func (r *report) lastModified() string { return r.changed.UTC().Format(timeV3) }

func (r *report) lastComment() string {
	if len(r.comments) == 0 {
		return ""
	}
	return r.comments[len(r.comments)-1]
}
