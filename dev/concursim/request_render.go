package main

import (
	"net/http"
	"strconv"

	"github.com/shopspring/decimal"
)

// handleRequest simulates a travel request:
// https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html.
func (s *simulator) handleRequest(c *call) answer {
	r, a := s.requestOf(c)
	if r == nil {
		return a
	}
	c.entry.ShowPosition(r.position())
	return jsonAnswer(s.renderRequest(r))
}

// money is an amount as Request v4 writes it.
func money(d decimal.Decimal, currency string) fields {
	return fields{"value": plain(d), "currency": currency}
}

// renderRequest leaves out empty fields.
func (s *simulator) renderRequest(r *report) fields {
	desc, sums := r.desc, r.desc.sums()
	href := s.homeBase() + requestsPath + "/" + r.uuid
	family, given := names(desc.Employee)
	link := func(what string) fields {
		return fields{"href": href + "/" + what, "id": r.uuid, "template": s.homeBase() + requestsPath + "/{id}/" + what}
	}
	v := fields{
		"href": href, "id": r.uuid, "requestId": r.reportID, "name": desc.ReportName,
		"approvalStatus": fields{"code": r.shownStatus(), "name": requestStatusName(s.opts.seed, r)},
		"approved":       r.status == approved, "pendingApproval": r.pending(), "canceledPostApproval": false, "closed": false, "everSentBack": r.everSentBack,
		"owner":        fields{"id": s.userID(desc.Login), "firstName": given, "lastName": family},
		"creationDate": r.created.Format(timeV4), "lastModified": r.changed.UTC().Format(timeV4),
		"totalPostedAmount": money(sums.total, desc.Currency), "totalApprovedAmount": money(sums.claimed, desc.Currency),
		"totalRemainingAmount": money(sums.claimed, desc.Currency), "highestExceptionLevel": r.exceptionLevel(),
		"cashAdvances": link("cashadvances"), "comments": link("comments"), "exceptions": link("exceptions"),
		"policy": fields{"id": letters(s.draw("request policy", r.desc.Policy), hexDigits, 32)},
		"type":   fields{"code": "TRAVEL", "label": "Travel"}, "operations": s.operations(r, href),
	}
	// The documentation prints this link with http.
	v["comments"].(fields)["href"] = "http://" + s.authority(s.home) + requestsPath + "/" + r.uuid + "/comments"
	if s.approverActs(r) {
		v["approver"] = fields{"id": s.userID("approver@example.com"), "firstName": "Alex", "lastName": "Approver"}
	}
	if desc.Operations == "missing" {
		delete(v, "operations")
	}
	if desc.Purpose != "" {
		v["businessPurpose"] = desc.Purpose
	}
	if date := dateOf(desc.Date); date != nil {
		v["startDate"], v["startTime"], v["endDate"], v["endTime"] = date, "06:00", date, "19:30"
	}
	if !r.submitDate.IsZero() {
		v["submitDate"] = r.submitDate.Format(timeV4)
	}
	if len(r.comments) > 0 {
		v["comment"] = r.lastComment()
	}
	s.fieldsRequest(v, desc.Custom)
	expenses := []any{}
	for _, e := range r.entries {
		id := s.v4ID(e.key)
		expenses = append(expenses, fields{"href": s.homeBase() + "/travelrequest/v4/expenses/" + id, "id": id, "template": "h" + s.homeBase() + "/travelrequest/v4/expenses/{id}"})
	}
	v["expenses"] = expenses
	return v
}

// approverActs reports whether a request at an approver's step offers the approver's
// operations to the company. Whose operations the answer shows is not documented, so the
// seed decides.
func (s *simulator) approverActs(r *report) bool {
	return r.pending() && r.status != waiting && (r.desc.Operations == "approver" || r.desc.Operations == "" && s.draw(r.name, "operations of the approver").IntN(2) == 0)
}

// operations returns the operations that a request offers now: those of an external
// validation, of the traveler or of the approver. With "traveler" in the description it
// offers the traveler's operations at every step.
func (s *simulator) operations(r *report, href string) []any {
	offered := []string{"submit"}
	switch {
	case r.desc.Operations == "none" && r.pending():
		offered = nil
	case s.approverActs(r):
		offered = []string{"approve", "sendback"}
	case r.status == waiting && r.desc.Operations != "traveler":
		offered = []string{"approve", "sendback"}
	case r.status == approved:
		offered = []string{"cancel", "close"}
	case r.status == canceled:
		offered = []string{"close"}
	case r.pending():
		offered = []string{"recall", "cancel"}
	}
	links := []any{}
	for _, rel := range offered {
		links = append(links, fields{"rel": rel, "href": href + "/" + rel})
	}
	return links
}

func (r *report) exceptionLevel() string {
	switch {
	case r.blocked(""):
		return "ERROR"
	case len(r.existing) > 0:
		return "WARNING"
	}
	return "NONE"
}

// fieldsRequest prints custom fields; a list value has a code and a GUID. The documented
// schema has the address of the list item, the documented example does not.
func (s *simulator) fieldsRequest(into fields, texts map[int]string) {
	for n, text := range texts {
		if text == "" {
			continue
		}
		field := fields{"value": text}
		if item, is := itemOf(text); is {
			id := s.guid(item)
			field = fields{"code": item.code, "value": id}
			if s.draw("address of a list item", id).IntN(2) == 0 {
				field["href"] = s.homeBase() + listItemPath + id
			}
		}
		into["custom"+strconv.Itoa(n)] = field
	}
}

// handleRequestExpenses simulates the expected expenses of a request, all in one answer:
// https://developer.concur.com/api-reference/request/v4.endpoints.expected-expense-resources.html.
func (s *simulator) handleRequestExpenses(c *call) answer {
	r, a := s.requestOf(c)
	if r == nil {
		return a
	}
	all := []any{}
	for _, n := range s.shownEntries(c, r) {
		all = append(all, s.renderExpected(r, r.expenseAt(n, -1)))
	}
	return jsonAnswer(all)
}

func (s *simulator) renderExpected(r *report, d described) fields {
	id, e, currency := s.v4ID(d.key), d.expense(), r.desc.Currency
	posted := money(e.posted, currency)
	v := fields{
		"href": s.homeBase() + "/travelrequest/v4/expenses/" + id, "id": id,
		"expenseType":       fields{"id": e.typ, "name": e.name},
		"transactionAmount": money(e.amount, d.whole.Currency), "postedAmount": posted, "approvedAmount": posted, "remainingAmount": posted,
		"exchangeRate":     s.rateV4(r, d.whole.ExchangeRate),
		"lastModifiedDate": d.entry.modified.Format(timeV4),
	}
	if e.purpose != "" {
		v["businessPurpose"] = e.purpose
	}
	if date := dateOf(e.date); date != nil {
		v["transactionDate"] = date.(string) + "T00:00:00.000Z"
	}
	if where := s.locationV4(d.whole); where != nil {
		v["location"] = where
	}
	s.fieldsRequest(v, e.custom)
	shares := []any{}
	for i, key := range d.allocations {
		share := fields{"percentage": plain(d.shares[i].Percentage), "systemAllocation": d.shares[i].Hidden, "allocationId": s.v4ID(key)}
		s.fieldsRequest(share, d.shares[i].Custom)
		part := money(e.posted.Mul(d.shares[i].Percentage).Div(decimal.NewFromInt(100)).Round(8), currency)
		share["allocationAmount"], share["postedAmount"], share["approvedAmount"] = part, part, part
		shares = append(shares, share)
	}
	for _, share := range shares {
		share.(fields)["expenseId"], share.(fields)["percentEdited"] = id, false
	}
	v["allocations"] = shares
	return v
}

// handleRequestExceptions simulates Concur's own exceptions on a request; a client cannot post
// any. A company must name the user.
func (s *simulator) handleRequestExceptions(c *call) answer {
	r, a := s.requestOf(c)
	if r == nil {
		return a
	}
	if c.query.Get("userId") == "" {
		return s.refuseRequest(c, http.StatusBadRequest, "missingRequiredParam", "The userId is missing.")
	}
	list := []any{}
	for _, h := range r.existing {
		level, source := 1, fields{"id": r.uuid, "type": "HEADER"}
		if h.Blocking {
			level = 99
		}
		if h.ObjectID != "" {
			source = fields{"id": s.v4ID(h.ObjectID), "type": "EXPENSE"}
		}
		one := fields{"code": h.Code, "level": level, "message": "Exception " + h.Code + " of the company's rules.", "isBlocking": h.Blocking, "source": source, "parameters": fields{}}
		if s.draw(r.name, "source").IntN(2) == 0 {
			one["source"] = []any{source} // so in the documented table; the example prints an object
		}
		list = append(list, one)
	}
	return jsonAnswer(list)
}

// handleRequestComments simulates the comments on a request, newest first.
func (s *simulator) handleRequestComments(c *call) answer {
	r, a := s.requestOf(c)
	if r == nil {
		return a
	}
	date := "creationDateTime"
	if s.draw(r.name, "comment date").IntN(2) == 0 {
		date = "creationDate" // so in the documented table; the example prints the other name
	}
	list := []any{}
	for i := len(r.decisions) - 1; i >= 0; i-- {
		if d := r.decisions[i]; d.Comment != "" {
			list = append(list, fields{
				"author": fields{"firstName": "System", "lastName": "Concur"}, date: d.At.Format(timeV4), "isLatest": len(list) == 0, "value": d.Comment,
			})
		}
	}
	return jsonAnswer(list)
}
