package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

const (
	wrongContext = "Specified context type is invalid for this API"
	notCompany   = "This endpoint is only accessible by a valid company JWT or a trusted caller"
)

// contexts are the documented contexts of each long path.
var contexts = map[string][]string{
	reportV4Endpoint:       {"TRAVELER", "MANAGER", "PROCESSOR", "PROXY"},
	expensesV4Endpoint:     {"TRAVELER"},
	expenseV4Endpoint:      {"TRAVELER", "MANAGER", "PROXY"},
	itemizationsV4Endpoint: {"TRAVELER"},
	allocationsV4Endpoint:  {"TRAVELER", "MANAGER"},
	attendeesV4Endpoint:    {"TRAVELER", "PROXY"},
	commentsV4Endpoint:     {"TRAVELER", "PROXY"},
}

// reportOf returns the report that a call of Expense v4 may read. A long path must name the
// owner. If the call may not read the report, it is nil and the answer says why.
func (s *simulator) reportOf(c *call) (*report, answer) {
	if c.about.long && !slices.Contains(contexts[c.endpoint], c.about.context) {
		return nil, s.errorAnswer(c, http.StatusForbidden, wrongContext)
	}
	r := c.readable()
	if r == nil || c.about.long && !strings.EqualFold(c.about.user, s.userID(r.desc.Login)) {
		return nil, s.errorAnswer(c, http.StatusNotFound, "The report does not exist.")
	}
	return r, answer{}
}

// expenseOf returns the entry or the itemization that a call names.
func (s *simulator) expenseOf(c *call) (*report, described, answer) {
	r, a := s.reportOf(c)
	if r == nil {
		return nil, described{}, a
	}
	_, o, known := s.keyOf(r, c.about.expense)
	if !known || o.kind != "Entry" {
		return nil, described{}, s.errorAnswer(c, http.StatusNotFound, "The expense does not exist.")
	}
	return r, r.expenseAt(slices.Index(r.entries, o.entry), o.item), answer{}
}

// handleReportV4 simulates the header of a report:
// https://developer.concur.com/api-reference/expense/expense-report/v4.reports.html.
func (s *simulator) handleReportV4(c *call) answer {
	r, a := s.reportOf(c)
	if r == nil {
		return a
	}
	c.entry.ShowPosition(r.position())
	shown := s.renderReportV4(r, c.about.context)
	shown["reportTotal"] = amountV4(c.claimedTotal(r.desc.sums().total), r.desc.Currency)
	return jsonAnswer(shown)
}

// renderReportV4 shows no step. Only reportVersion shows that the step has changed.
func (s *simulator) renderReportV4(r *report, context string) fields {
	desc, sums := r.desc, r.desc.sums()
	money := func(d decimal.Decimal) fields { return amountV4(d, desc.Currency) }
	hex := func(what string) string { return letters(s.draw(what), hexDigits, 32) }
	v := fields{
		"reportId": r.reportID, "reportNumber": r.reportID[:min(6, len(r.reportID))], "reportVersion": r.version, "reportType": "Regular",
		"name": desc.ReportName, "businessPurpose": textOrNull(desc.Purpose), "reportDate": dateOf(desc.Date), "startDate": nil, "endDate": nil,
		"creationDate": r.created.Format(timeV4Short), "submitDate": timeOrNull(r.submitDate, timeV4Short),
		"approvalStatusId": r.status, "approvalStatus": localised(s.opts.seed, r.status, r.statusName),
		"paymentStatusId": "P_NOTP", "paymentStatus": "Not Paid", "concurAuditStatus": "NOTR",
		"currencyCode": desc.Currency, "currency": currencyName(desc.Currency),
		"reportTotal": money(sums.total), "claimedAmount": money(sums.claimed), "approvedAmount": money(sums.claimed),
		"personalAmount": money(sums.personal), "amountDueEmployee": money(sums.employee), "amountNotApproved": money(decimal.Zero),
		"amountDueCompanyCard": money(sums.card), "amountDueCompany": money(decimal.Zero), "amountCompanyPaid": money(sums.company),
		"paymentConfirmedAmount": money(decimal.Zero),
		"isSubmitted":            r.at >= 0, "isSentBack": r.status == toResubmit, "isReportEverSentBack": r.everSentBack,
		"isReopened": false, "canReopen": false, "canRecall": r.pending(), "isFinancialIntegrationEnabled": false,
		"isReceiptImageAvailable": desc.ReceiptImage, "isReceiptImageRequired": true, "isPaperReceiptsReceived": false,
		"receiptStatus": "NOT_RECEIVED", "imageStatus": "NOT_RECEIVED",
		"ledger": "DEFAULT", "ledgerId": hex("ledger"), "policy": "Expense Policy", "policyId": s.policyV4(r),
		"analyticsGroupId": hex("analytics"), "hierarchyNodeId": hex("hierarchy"), "allocationFormId": hex("allocation form"), "reportFormId": hex("report form"),
		"country": "UNITED STATES", "countryCode": "US", "countrySubDivisionCode": "US-WA",
		"userId": s.userID(desc.Login), "redirectFund": nil,
		"customData": s.customData(desc.Custom, desc.OrgUnit),
		"links":      []any{s.linkV4("self", s.longPath(r, context))},
	}
	if s.draw(r.name, "header v4").IntN(2) == 0 { // like the documented header
		for _, name := range []string{"isSubmitted", "isSentBack", "isReportEverSentBack", "reportNumber", "receiptStatus", "imageStatus"} {
			delete(v, name)
		}
	} else { // like the header in the tax integration guide
		v["hasBlockingExceptions"] = r.blocked("")
	}
	return v
}

func (s *simulator) longPath(r *report, context string) string {
	return s.homeBase() + expenseV4Path + "users/" + s.userID(r.desc.Login) + "/context/" + context + "/reports/" + r.reportID
}

func (s *simulator) linkV4(rel, href string) fields {
	return fields{"rel": rel, "href": href, "method": "GET", "isTemplated": false}
}

// customData prints the fields that have a value. Of a list value it prints only the GUID.
// The URL is the documented one, but List v4 documents no such query.
func (s *simulator) customData(custom, orgUnit map[int]string) []any {
	data := []any{}
	add := func(id, text string) {
		if text == "" {
			return
		}
		value, link, valid := text, any(nil), true
		if item, is := itemOf(text); is {
			value, valid = s.guid(item), s.validItem(item)
			link = s.homeBase() + "/list/v4/items?id=" + value
		}
		data = append(data, fields{"id": id, "value": value, "isValid": valid, "listItemUrl": link})
	}
	for _, n := range slices.Sorted(maps.Keys(custom)) {
		add(fmt.Sprint("custom", n), custom[n])
	}
	for _, n := range slices.Sorted(maps.Keys(orgUnit)) {
		add(fmt.Sprint("orgUnit", n), orgUnit[n])
	}
	return data
}

// localised returns the name of a status, or of cash, in the language of the token's owner.
// The seed chooses the language.
func localised(seed uint64, status, name string) string {
	languages := []map[string]string{
		{},
		{"CASH": "Bar", notSubmitted: "Nicht übermittelt", waiting: "Externe Prüfung steht aus", approved: "Genehmigt", toResubmit: "An Mitarbeiter zurückgesendet"},
		{"CASH": "Espèces", notSubmitted: "Non soumis", waiting: "En attente de validation externe", approved: "Approuvé", toResubmit: "Renvoyé à l'employé"},
	}
	if other, known := languages[draw(seed, "language").IntN(len(languages))][status]; known {
		return other
	}
	return name
}

// handleCommentsV4 simulates the comments on a report's header or on an expense:
// https://developer.concur.com/api-reference/expense/expense-report/v4.comments.html.
func (s *simulator) handleCommentsV4(c *call) answer {
	if c.about.expense != "" {
		r, d, a := s.expenseOf(c)
		if r == nil {
			return a
		}
		return jsonAnswer(s.expenseComments(r, d))
	}
	r, a := s.reportOf(c)
	if r == nil {
		return a
	}
	comments := []any{}
	for _, d := range r.decisions {
		if d.Comment != "" {
			comments = append(comments, s.commentV4(r, nil, d.Comment, d.At.Format(timeV4)))
		}
	}
	comments = latestLast(comments)
	if c.query.Get("includeAllComments") == "true" {
		comments = append(comments, s.commentsOfAll(r)...)
	}
	return jsonAnswer(comments)
}

// commentsOfAll returns the comments on the expenses.
func (s *simulator) commentsOfAll(r *report) []any {
	all := []any{}
	for n := range r.entries {
		all = append(all, s.expenseComments(r, r.expenseAt(n, -1))...)
	}
	return all
}

func (s *simulator) expenseComments(r *report, d described) []any {
	comments := []any{}
	for i := range d.whole.Comments {
		if d.item == nil {
			comments = append(comments, s.commentV4(r, s.v4ID(d.key), fmt.Sprintf("Comment %d of the employee", i+1), r.created.Format(timeV4)))
		}
	}
	return latestLast(comments)
}

func latestLast(comments []any) []any {
	if len(comments) > 0 {
		comments[len(comments)-1].(fields)["isLatest"] = true
	}
	return comments
}

// commentV4 is a comment on an expense; nil stands for the header. The documented answer of
// 2026 names the expense, that of 2021 does not.
func (s *simulator) commentV4(r *report, expense any, text, at string) fields {
	family, given := names(r.desc.Employee)
	v := fields{
		"comment": text, "creationDate": at, "isLatest": false,
		"author":               fields{"firstName": "System", "lastName": "Concur", "middleInitial": ""},
		"createdForEmployee":   fields{"firstName": given, "lastName": family, "middleInitial": ""},
		"createdForEmployeeId": s.userID(r.desc.Login),
	}
	if s.draw(r.name, "comments v4").IntN(2) == 0 {
		v["expenseId"], v["isAuditorComment"], v["stepInstanceId"] = expense, false, nil
	}
	return v
}
