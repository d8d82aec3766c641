package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"github.com/tidwall/gjson"
)

// documents are the JSON documents of a raw payload, by endpoint and by expense. The
// expense is empty for a document about all expenses.
type documents map[string]map[string][]byte

// The endpoints for which a raw payload may have documents.
var (
	documentsV3      = []string{reportV3Endpoint, entriesV3Endpoint, itemizationsV3Endpoint, allocationsV3Endpoint}
	documentsV4      = []string{reportV4Endpoint, expensesV4Endpoint, expenseV4Endpoint, itemizationsV4Endpoint, allocationsV4Endpoint}
	documentsBoth    = []string{attendeesV4Endpoint, commentsV4Endpoint, exceptionsV4Endpoint}
	documentsRequest = []string{requestEndpoint, requestExpensesEndpoint, requestExceptionsEndpoint, requestCommentsEndpoint}
	documentsOfAny   = slices.Concat(documentsV3, documentsV4, documentsBoth, documentsRequest)
)

// readDocuments reads ENDPOINT.json and ENDPOINT/ID.json of a folder. A file whose name is
// not an endpoint is an error, because it would never be served.
func readDocuments(dir string) (documents, error) {
	docs := documents{}
	for _, pattern := range []string{"*.json", "*/*.json"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			endpoint, id := strings.TrimSuffix(filepath.Base(file), ".json"), ""
			if pattern != "*.json" {
				endpoint, id = filepath.Base(filepath.Dir(file)), endpoint
			}
			if !slices.Contains(documentsOfAny, endpoint) {
				return nil, fmt.Errorf("%s is not a document of one of %s", filepath.Base(file), strings.Join(documentsOfAny, ", "))
			}
			content, err := readOptional(file)
			if err != nil {
				return nil, err
			}
			if docs[endpoint] == nil {
				docs[endpoint] = map[string][]byte{}
			}
			docs[endpoint][id] = content
		}
	}
	return docs, nil
}

// of returns the document of an endpoint about all expenses, or nil.
func (d documents) of(endpoint string) []byte { return d[endpoint][""] }

// have reports whether there is a document for one of the endpoints.
func (d documents) have(endpoints []string) bool {
	return slices.ContainsFunc(endpoints, func(one string) bool { return len(d[one]) > 0 })
}

// header returns the first header that can be read.
func (d documents) header() gjson.Result {
	for _, endpoint := range []string{reportV4Endpoint, reportV3Endpoint, requestEndpoint} {
		if doc := d.of(endpoint); gjson.ValidBytes(doc) {
			return gjson.ParseBytes(doc)
		}
	}
	return gjson.Result{}
}

// rows returns the rows of an endpoint's document: a list, a list under Items, or a single
// object.
func (d documents) rows(endpoint string) []gjson.Result {
	doc := d.of(endpoint)
	if !gjson.ValidBytes(doc) {
		return nil
	}
	rows := gjson.ParseBytes(doc)
	if items := rows.Get("Items"); items.Exists() {
		rows = items
	}
	return rows.Array()
}

// expenses returns the entries as the newest interface of the payload shows them.
func (d documents) expenses() []gjson.Result {
	for _, endpoint := range []string{expensesV4Endpoint, entriesV3Endpoint, requestExpensesEndpoint} {
		if len(d[endpoint]) > 0 {
			return d.rows(endpoint)
		}
	}
	return nil
}

// first returns the first value that is a non-empty text or a number.
func first(from gjson.Result, paths ...string) string {
	for _, path := range paths {
		if value := from.Get(path); (value.Type == gjson.String || value.Type == gjson.Number) && value.String() != "" {
			return value.String()
		}
	}
	return ""
}

// idOf returns the v4 identifier of an expense or an allocation.
func idOf(row gjson.Result) string {
	return first(row, "allocationId", "expenseId", "ExpenseID", "ID", "id")
}

// amountIn returns an amount of a document; zero if it is not an amount.
func amountIn(row gjson.Result, paths ...string) decimal.Decimal {
	amount, err := decimal.NewFromString(first(row, paths...))
	if e := amount.Exponent(); err != nil || e > 30 || e < -60 {
		return decimal.Zero
	}
	return amount
}

// describe turns the documents into a description, for the interfaces that the payload has
// no documents for.
func (d documents) describe(name string) description {
	header := d.header()
	desc := description{
		Name: name, ReportName: first(header, "name", "Name"), Purpose: first(header, "businessPurpose"),
		Currency: first(header, "currencyCode", "CurrencyCode", "totalPostedAmount.currency"),
		Request:  d.have(documentsRequest), Submit: new(false),
	}
	if login := gjson.GetBytes(d.of(reportV3Endpoint), "OwnerLoginID"); login.Type == gjson.String {
		desc.Login = login.String()
	} else if user := d.userID(); user != "" {
		desc.Login = "owner-" + user + "@example.com"
	}
	for _, row := range d.expenses() {
		e := entryDescription{
			Type: first(row, "expenseType.id", "ExpenseTypeCode"), Name: first(row, "expenseType.name", "ExpenseTypeName"),
			Amount: amountIn(row, "postedAmount.value", "PostedAmount"), Date: "-", PaymentType: first(row, "paymentType.code"),
		}
		if date := first(row, "transactionDate", "TransactionDate"); len(date) >= len(time.DateOnly) {
			if _, err := time.Parse(time.DateOnly, date[:len(time.DateOnly)]); err == nil {
				e.Date = date[:len(time.DateOnly)]
			}
		}
		for _, item := range d.itemizationsOf(row) {
			e.Itemizations = append(e.Itemizations, itemDescription{
				Type: first(item, "expenseType.id", "ExpenseTypeCode"), Amount: amountIn(item, "postedAmount.value", "PostedAmount"),
			})
		}
		desc.Entries = append(desc.Entries, e)
	}
	return desc
}

// userID returns the owner's UUID, if a document names it.
func (d documents) userID() string { return first(d.header(), "userId", "owner.id") }

// itemizationsOf returns the itemizations that name the entry. The first entry also gets
// those that name no known entry.
func (d documents) itemizationsOf(entry gjson.Result) []gjson.Result {
	if len(d[expensesV4Endpoint]) > 0 {
		return d.about(itemizationsV4Endpoint, idOf(entry), "parentExpenseId", d.expenses())
	}
	var items []gjson.Result
	for _, item := range d.rows(itemizationsV3Endpoint) {
		if item.Get("EntryID").String() == entry.Get("ID").String() {
			items = append(items, item)
		}
	}
	return items
}

// about returns the rows of an endpoint that belong to the expense: those of
// ENDPOINT/ID.json, or those of ENDPOINT.json that name the expense in the given field. The
// first expense also gets the rows that name no known expense.
func (d documents) about(endpoint, id, name string, expenses []gjson.Result) []gjson.Result {
	for own, doc := range d[endpoint] {
		if own != "" && sameID(own, id) && gjson.ValidBytes(doc) {
			return gjson.ParseBytes(doc).Array()
		}
	}
	owner := func(row gjson.Result) string {
		for _, e := range expenses {
			if sameID(idOf(e), row.Get(name).String()) {
				return idOf(e)
			}
		}
		if len(expenses) > 0 {
			return idOf(expenses[0])
		}
		return ""
	}
	rows := []gjson.Result{}
	for _, row := range d.rows(endpoint) {
		if sameID(owner(row), id) {
			rows = append(rows, row)
		}
	}
	return rows
}

// plainID writes an identifier without dashes, in upper case.
func plainID(id string) string { return strings.ToUpper(strings.ReplaceAll(id, "-", "")) }

func sameID(a, b string) bool { return plainID(a) == plainID(b) }

// enterDocuments learns from the documents what the simulator must know about the report:
// its owner, its place in the workflow and its objects.
func (s *simulator) enterDocuments(r *report) error {
	p, d := r.payload, r.payload.docs
	desc := d.describe(r.name)
	desc.Steps = r.steps
	if err := desc.complete(r.created); err != nil {
		return err
	}
	r.steps = desc.Steps
	header := d.header()
	if user := d.userID(); user != "" {
		s.documentIDs["user "+strings.ToLower(desc.Login)] = user
	}
	setDefault(&r.reportID, first(header, "reportId", "ID", "requestId"))
	setDefault(&r.status, first(header, "approvalStatusId", "ApprovalStatusCode"))
	r.hasException = r.hasException || isYes(gjson.GetBytes(d.of(reportV3Endpoint), "HasException"))
	r.everSentBack = r.everSentBack || isYes(header.Get("EverSentBack")) || isYes(header.Get("everSentBack"))
	if total := first(header, "reportTotal.value", "Total", "totalPostedAmount.value"); total != "" && len(desc.Entries) == 0 {
		amount := amountIn(header, "reportTotal.value", "Total", "totalPostedAmount.value")
		desc.totals = &sums{total: amount, claimed: amount, employee: amount}
	}
	r.desc = desc
	if desc.Request {
		r.uuid = first(header, "id")
		if p.callout == nil || pathOf(p.callout.ObjectURI) == "" {
			r.path = requestV1Path + r.key
		}
		r.status = requestStatus(header)
		p.startStatus = r.status
	}
	if p.doc == nil {
		for i, e := range desc.Entries {
			r.addEntry(s, i, e, r.created)
		}
	} else {
		r.desc.Entries = nil // report.xml already describes the entries
	}
	s.rememberIDs(r)
	for _, row := range d.rows(exceptionsV4Endpoint) {
		key, _, known := s.keyOf(r, first(row, "allocationId", "expenseId", "parentExpenseId"))
		h := existingException{Visibility: first(row, "exceptionVisibility"), Blocking: isYes(row.Get("isBlocking")), Own: true, raw: json.RawMessage(row.Raw)}
		h.ObjectType, h.ObjectID, h.Code = "Report", key, first(row, "exceptionCode")
		if known {
			h.ObjectType = r.objects[key].kind
		} else if first(row, "expenseId") != "" {
			h.ObjectType = "Entry"
		}
		r.existing = append(r.existing, h)
	}
	return nil
}

func isYes(value gjson.Result) bool {
	return value.Bool() || strings.EqualFold(value.String(), "Y")
}

// requestStatus returns the status of a travel request. It is at an external validation if
// its status says so, or if it offers approve and names no approver.
func requestStatus(header gjson.Result) string {
	code := first(header, "approvalStatus.code")
	for status, shown := range requestStatuses {
		if shown == code {
			return status
		}
	}
	offered := header.Get(`operations.#(rel=="approve")`).Exists() && !header.Get("approver").Exists()
	if offered || strings.Contains(strings.ToLower(first(header, "approvalStatus.name")), "external") {
		return waiting
	}
	return "A_PEND"
}

// rememberIDs gives the objects of the report the identifiers that the documents print.
func (s *simulator) rememberIDs(r *report) {
	d := r.payload.docs
	s.keyOf(r, "") // creates the identifiers that the simulator makes up
	know := func(key string, row gjson.Result) {
		id := idOf(row)
		s.documentIDs["v4 "+key] = id
		r.v4Keys[plainID(id)] = key
	}
	for i, row := range d.expenses() {
		if i >= len(r.entries) {
			break
		}
		e := r.entries[i]
		know(e.key, row)
		for j, item := range d.itemizationsOf(row) {
			if j < len(e.itemizations) {
				know(e.itemizations[j].Key, item)
				s.rememberAllocations(r, e, j, item)
			}
		}
		s.rememberAllocations(r, e, -1, row)
	}
	for i, row := range d.rows(entriesV3Endpoint) { // v3 may use other identifiers
		if i < len(r.entries) {
			r.v4Keys[plainID(idOf(row))] = r.entries[i].key
		}
	}
}

// rememberAllocations adds the allocations of an expense, which the description does not have.
func (s *simulator) rememberAllocations(r *report, e *reportEntry, item int, row gjson.Result) {
	for i, share := range r.payload.docs.about(allocationsV4Endpoint, idOf(row), "expenseId", r.payload.docs.expenses()) {
		key := makeKey(s.draw(r.name, "told allocation", idOf(row), i))
		r.objects[key] = object{"Allocation", e, item}
		s.documentIDs["v4 "+key] = idOf(share)
		r.v4Keys[plainID(idOf(share))] = key
	}
}
