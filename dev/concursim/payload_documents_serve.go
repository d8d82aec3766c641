package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// edit is a document that is served byte for byte, except for the values that follow the
// report.
type edit struct {
	body []byte
	keep []string
}

func (p *payload) edit(doc []byte) *edit { return &edit{bytes.Clone(doc), p.keep} }

// get returns a value of the document; nothing if the document cannot be read.
func (e *edit) get(path string) gjson.Result {
	if !gjson.ValidBytes(e.body) {
		return gjson.Result{}
	}
	return gjson.GetBytes(e.body, path)
}

// set replaces a value of the document unless it says the same already. It never adds a
// value.
func (e *edit) set(path string, value any) {
	there := e.get(path)
	name := path[strings.LastIndexByte(path, '.')+1:]
	if !there.Exists() || slices.Contains(e.keep, name) {
		return
	}
	if yes, is := value.(bool); is && yes == isYes(there) {
		return
	}
	if text, is := value.(string); is && there.Type == gjson.String && there.String() == text {
		return
	}
	if changed, err := sjson.SetBytes(e.body, path, value); err == nil {
		e.body = changed
	}
}

func (e *edit) answer() answer { return jsonBody(e.body) }

func jsonBody(body []byte) answer {
	return answer{status: http.StatusOK, contentType: jsonType, body: body}
}

// servePayload answers a call about a raw payload with its document. It returns false if
// the payload has no document for the interface; the usual handlers then show a short form
// of the other documents.
func (s *simulator) servePayload(c *call) (answer, bool) {
	r := c.report
	if r == nil || r.payload == nil || r.deleted || !r.payload.serves(c.endpoint) {
		return answer{}, false
	}
	p, d := r.payload, r.payload.docs
	switch c.endpoint {
	case reportV3Endpoint:
		if found, a := s.ownReportV3(c); found == nil {
			return a, true
		}
		return s.serveHeader(c, d.of(reportV3Endpoint), s.followV3), true
	case entriesV3Endpoint, itemizationsV3Endpoint, allocationsV3Endpoint:
		found, page, a := s.collectionV3(c, c.endpoint != allocationsV3Endpoint)
		if found == nil {
			return a, true
		}
		return s.serveListV3(c, page), true
	case reportV4Endpoint:
		if found, a := s.reportOf(c); found == nil {
			return a, true
		}
		return s.serveHeader(c, d.of(reportV4Endpoint), s.followV4), true
	case expensesV4Endpoint:
		if found, a := s.reportOf(c); found == nil {
			return a, true
		}
		e := p.edit(orEmpty(d.of(expensesV4Endpoint)))
		for i := range d.rows(expensesV4Endpoint) {
			s.followExpense(r, e, strconv.Itoa(i)+".")
		}
		return e.answer(), true
	case requestEndpoint:
		if found, a := s.requestOf(c); found == nil {
			return a, true
		}
		return s.serveHeader(c, d.of(requestEndpoint), s.followRequest), true
	case requestExpensesEndpoint, requestExceptionsEndpoint, requestCommentsEndpoint:
		if found, a := s.requestOf(c); found == nil {
			return a, true
		}
		return jsonBody(orEmpty(d.of(c.endpoint))), true
	case commentsV4Endpoint:
		return s.serveComments(c), true
	}
	return s.serveExpense(c), true
}

// serves reports whether the payload has documents for the endpoint's interface. Exceptions
// come from the state, never from a document alone.
func (p *payload) serves(endpoint string) bool {
	for _, family := range [][]string{documentsV3, documentsV4, documentsRequest, {attendeesV4Endpoint}, {commentsV4Endpoint}} {
		if slices.Contains(family, endpoint) {
			return p.docs.have(family) || p.doc != nil && len(p.docs) > 0
		}
	}
	return false
}

func orEmpty(list []byte) []byte {
	if list == nil {
		return []byte("[]")
	}
	return list
}

// serveHeader answers with a header that follows the report. A header that cannot be read
// is served unchanged, and does not count as a read.
func (s *simulator) serveHeader(c *call, doc []byte, follow func(*report, *edit)) answer {
	if doc == nil {
		return s.errorAnswer(c, http.StatusNotFound, "The report does not exist.")
	}
	e := c.report.payload.edit(doc)
	if gjson.ValidBytes(doc) {
		c.entry.ShowPosition(c.report.position())
		follow(c.report, e)
	} else {
		c.entry.AddNote("the payload cannot be read and is served as it is")
	}
	return e.answer()
}

// moved reports whether the report has changed since it was loaded.
func (r *report) moved() bool { return r.version != r.payload.version }

func (s *simulator) followV3(r *report, e *edit) {
	if e.get("ApprovalStatusCode").String() != r.status {
		e.set("ApprovalStatusCode", r.status)
		e.set("ApprovalStatusName", localised(s.opts.seed, r.status, r.statusName))
	}
	e.set("ID", r.reportID)
	e.set("OwnerLoginID", r.desc.Login)
	e.set("HasException", r.hasException)
	e.set("EverSentBack", r.everSentBack)
	if r.moved() {
		e.set("LastModifiedDate", r.lastModified())
	}
}

func (s *simulator) followV4(r *report, e *edit) {
	if e.get("approvalStatusId").String() != r.status {
		e.set("approvalStatusId", r.status)
		e.set("approvalStatus", localised(s.opts.seed, r.status, r.statusName))
		e.set("isSubmitted", r.at >= 0)
		e.set("isSentBack", r.status == toResubmit)
	}
	e.set("reportId", r.reportID)
	e.set("userId", s.userID(r.desc.Login))
	if r.everSentBack {
		e.set("isReportEverSentBack", true)
	}
	if r.blocked("") {
		e.set("hasBlockingExceptions", true)
	}
	if r.moved() {
		e.set("reportVersion", e.get("reportVersion").Int()+int64(r.version-r.payload.version))
		e.set("lastModifiedDate", r.changed.UTC().Format(timeV4Short))
	}
}

// followRequest changes nothing while the request is still where its document says. The
// document alone then decides which operations are offered.
func (s *simulator) followRequest(r *report, e *edit) {
	if r.status == r.payload.startStatus && !r.moved() {
		return
	}
	e.set("approvalStatus.code", r.shownStatus())
	e.set("approvalStatus.name", requestStatusName(s.opts.seed, r))
	e.set("approved", r.status == approved)
	e.set("pendingApproval", r.pending())
	e.set("everSentBack", r.everSentBack)
	e.set("operations", s.operations(r, s.homeBase()+requestsPath+"/"+r.uuid))
	if r.moved() {
		e.set("lastModified", r.changed.UTC().Format(timeV4))
	}
}

// followExpense lets the flags of a v4 expense follow the posted exceptions.
func (s *simulator) followExpense(r *report, e *edit, at string) {
	key, o, known := s.keyOf(r, e.get(at+"expenseId").String())
	if !known {
		return
	}
	item := -1
	if o.item >= 0 {
		item = o.item
	}
	if r.flagged(o.entry, item) {
		e.set(at+"hasExceptions", true)
	}
	if r.blocked(key) {
		e.set(at+"hasBlockingExceptions", true)
	}
}

// flagged reports whether a client's exception is on an entry, or on one of its
// itemizations.
func (r *report) flagged(entry *reportEntry, item int) bool {
	return slices.ContainsFunc(r.existing, func(h existingException) bool {
		o, known := r.objects[h.ObjectID]
		return known && !h.Own && o.entry == entry && (item < 0 || o.item == item)
	})
}

// serveListV3 answers with a v3 list. A list that fits into one page is served unchanged,
// as the last page.
func (s *simulator) serveListV3(c *call, page pageV3) answer {
	r := c.report
	d := r.payload.docs
	rows := d.rows(c.endpoint)
	doc := d.of(c.endpoint)
	if doc == nil {
		return s.pageOf(c, page, 0, nil)
	}
	e := r.payload.edit(doc)
	at := func(i int) string { return "Items." + strconv.Itoa(i) + "." }
	if !e.get("Items").Exists() && gjson.ValidBytes(doc) { // the documentation prints some rows without a list
		var items []json.RawMessage
		for _, row := range rows {
			items = append(items, json.RawMessage(row.Raw))
		}
		list, err := json.Marshal(fields{"Items": items})
		if err != nil {
			return s.errorAnswer(c, http.StatusInternalServerError, "The payload cannot be served.")
		}
		e = r.payload.edit(list)
	}
	for i, row := range rows {
		if row.Get("ReportID").Type == gjson.String {
			e.set(at(i)+"ReportID", r.reportID)
		}
		if c.endpoint == entriesV3Endpoint && i < len(r.entries) && r.flagged(r.entries[i], -1) {
			e.set(at(i)+"HasExceptions", true)
		}
	}
	if page.from == 0 && len(rows) <= page.limit && !c.hasFault("cut-next-page") && !c.hasFault("page-again") {
		if e.get("NextPage").String() != "" {
			e.set("NextPage", nil)
		}
		return e.answer()
	}
	shown := e.get("Items").Array()
	return s.pageOf(c, page, len(shown), func(i int) any { return json.RawMessage(shown[i].Raw) })
}

// serveExpense answers calls about one v4 expense, from the document of that expense or
// from the document of all expenses.
func (s *simulator) serveExpense(c *call) answer {
	r := c.report
	p, d := r.payload, r.payload.docs
	if found, a := s.reportOf(c); found == nil {
		return a
	}
	_, o, known := s.keyOf(r, c.about.expense)
	if !known || o.kind != "Entry" {
		return s.errorAnswer(c, http.StatusNotFound, "The expense does not exist.")
	}
	for id, doc := range d[c.endpoint] {
		if id != "" && sameID(id, c.about.expense) {
			e := p.edit(doc)
			s.followExpense(r, e, "")
			return e.answer()
		}
	}
	switch c.endpoint {
	case attendeesV4Endpoint:
		if doc := d.of(attendeesV4Endpoint); doc != nil {
			return jsonBody(doc)
		}
		return jsonAnswer(fields{"noShowAttendeeCount": 0, "expenseAttendeeList": []any{}})
	case expenseV4Endpoint:
		e := p.edit(d.expense(c.about.expense))
		if whole := d.of(expenseV4Endpoint); whole != nil {
			e = p.edit(whole)
			e.set("expenseId", c.about.expense)
		}
		s.followExpense(r, e, "")
		return e.answer()
	}
	name := map[string]string{itemizationsV4Endpoint: "parentExpenseId", allocationsV4Endpoint: "expenseId"}[c.endpoint]
	list := []json.RawMessage{}
	for _, row := range d.about(c.endpoint, c.about.expense, name, d.expenses()) {
		e := p.edit([]byte(row.Raw))
		if c.endpoint == itemizationsV4Endpoint {
			s.followExpense(r, e, "")
		} else {
			e.set("expenseId", c.about.expense)
		}
		list = append(list, e.body)
	}
	return jsonAnswer(list)
}

// expense returns what the v4 lists say about an expense.
func (d documents) expense(id string) []byte {
	for _, endpoint := range []string{expensesV4Endpoint, itemizationsV4Endpoint} {
		for _, row := range d.rows(endpoint) {
			if sameID(idOf(row), id) {
				return []byte(row.Raw)
			}
		}
	}
	return []byte("{}")
}

// serveComments answers with the comments on the expense or the header. The header's
// comments include those of the client.
func (s *simulator) serveComments(c *call) answer {
	r := c.report
	d := r.payload.docs
	if found, a := s.reportOf(c); found == nil {
		return a
	}
	list := []any{}
	for _, row := range d.rows(commentsV4Endpoint) {
		on := first(row, "expenseId")
		if sameID(on, c.about.expense) || c.about.expense == "" && c.query.Get("includeAllComments") == "true" {
			list = append(list, json.RawMessage(row.Raw))
		}
	}
	for _, made := range r.decisions {
		if c.about.expense == "" && made.Comment != "" {
			list = append(list, s.commentV4(r, nil, made.Comment, made.At.Format(timeV4)))
		}
	}
	return jsonAnswer(list)
}

// shownRequest is a travel request as reads and actions answer it.
func (s *simulator) shownRequest(r *report) any {
	if r.payload == nil || r.payload.docs.of(requestEndpoint) == nil {
		return s.renderRequest(r)
	}
	e := r.payload.edit(r.payload.docs.of(requestEndpoint))
	s.followRequest(r, e)
	return json.RawMessage(e.body)
}

// rowOf returns the payload's header as a row of a list, or nil if there is no readable
// header.
func (s *simulator) rowOf(r *report, endpoint string, follow func(*report, *edit)) *edit {
	if r.payload == nil || !gjson.ValidBytes(r.payload.docs.of(endpoint)) {
		return nil
	}
	e := r.payload.edit(r.payload.docs.of(endpoint))
	follow(r, e)
	return e
}
