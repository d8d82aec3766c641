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

// documents are the JSON documents of a raw payload: by the endpoint that each answers, and
// by the expense that it is about, which is empty where the document is about all of them.
type documents map[string]map[string][]byte

// The endpoints that a raw payload may have documents of.
var (
	documentsV3      = []string{reportV3Endpoint, entriesV3Endpoint, itemizationsV3Endpoint, allocationsV3Endpoint}
	documentsV4      = []string{reportV4Endpoint, expensesV4Endpoint, expenseV4Endpoint, itemizationsV4Endpoint, allocationsV4Endpoint}
	documentsBoth    = []string{attendeesV4Endpoint, commentsV4Endpoint, exceptionsV4Endpoint}
	documentsRequest = []string{requestEndpoint, requestExpensesEndpoint, requestExceptionsEndpoint, requestCommentsEndpoint}
	documentsOfAny   = slices.Concat(documentsV3, documentsV4, documentsBoth, documentsRequest)
)

// readDocuments reads ENDPOINT.json and ENDPOINT/ID.json of a folder. A name that is no
// endpoint's is an error: the file would never be served.
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
				return nil, fmt.Errorf("%s is not the document of one of %s", filepath.Base(file), strings.Join(documentsOfAny, ", "))
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

// of is the document of an endpoint about all expenses, or nil.
func (d documents) of(endpoint string) []byte { return d[endpoint][""] }

// have says whether there is a document of one of the endpoints.
func (d documents) have(endpoints []string) bool {
	return slices.ContainsFunc(endpoints, func(one string) bool { return len(d[one]) > 0 })
}

// header is the first header that can be read.
func (d documents) header() gjson.Result {
	for _, endpoint := range []string{reportV4Endpoint, reportV3Endpoint, requestEndpoint} {
		if doc := d.of(endpoint); gjson.ValidBytes(doc) {
			return gjson.ParseBytes(doc)
		}
	}
	return gjson.Result{}
}

// rows are those of the document of an endpoint: a list, one under Items, or one alone.
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

// expenses are the entries as the newest interface has them that the payload tells.
func (d documents) expenses() []gjson.Result {
	for _, endpoint := range []string{expensesV4Endpoint, entriesV3Endpoint, requestExpensesEndpoint} {
		if len(d[endpoint]) > 0 {
			return d.rows(endpoint)
		}
	}
	return nil
}

// first is the first of the values that holds a text or a number.
func first(from gjson.Result, paths ...string) string {
	for _, path := range paths {
		if value := from.Get(path); (value.Type == gjson.String || value.Type == gjson.Number) && value.String() != "" {
			return value.String()
		}
	}
	return ""
}

// idOf is the identifier by which v4 knows an expense or an allocation.
func idOf(row gjson.Result) string {
	return first(row, "allocationId", "expenseId", "ExpenseID", "ID", "id")
}

// amountIn is an amount of a document, or nothing where it is not one.
func amountIn(row gjson.Result, paths ...string) decimal.Decimal {
	amount, err := decimal.NewFromString(first(row, paths...))
	if e := amount.Exponent(); err != nil || e > 30 || e < -60 {
		return decimal.Zero
	}
	return amount
}

// describe says in the small form what the documents say, for the interfaces of which the
// payload has none.
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

// userID is the owner's UUID, where a document names it.
func (d documents) userID() string { return first(d.header(), "userId", "owner.id") }

// itemizationsOf are the itemizations of an entry: those that name it and, of the first entry,
// those that name none that there is.
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

// about are the rows of the document of an endpoint that are about the expense: those of
// ENDPOINT/ID.json, and of ENDPOINT.json those that name it under that name, and, of the first
// of the expenses, those that name none of them.
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

// plainID is an identifier in one form: with or without the dashes of a UUID, in any case.
func plainID(id string) string { return strings.ToUpper(strings.ReplaceAll(id, "-", "")) }

func sameID(a, b string) bool { return plainID(a) == plainID(b) }

// enterDocuments makes of a payload's documents what the simulator must know of the report:
// whose it is, where it is in its workflow, and which objects it has.
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
		s.told["user "+strings.ToLower(desc.Login)] = user
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
		r.desc.Entries = nil // version 1.1 is told, and the others are by documents or not at all
	}
	s.knowIDs(r)
	for _, row := range d.rows(exceptionsV4Endpoint) {
		key, _, known := s.keyOf(r, first(row, "allocationId", "expenseId", "parentExpenseId"))
		h := heldException{Visibility: first(row, "exceptionVisibility"), Blocking: isYes(row.Get("isBlocking")), Own: true, raw: json.RawMessage(row.Raw)}
		h.ObjectType, h.ObjectID, h.Code = "Report", key, first(row, "exceptionCode")
		if known {
			h.ObjectType = r.objects[key].kind
		} else if first(row, "expenseId") != "" {
			h.ObjectType = "Entry"
		}
		r.held = append(r.held, h)
	}
	return nil
}

func isYes(value gjson.Result) bool {
	return value.Bool() || strings.EqualFold(value.String(), "Y")
}

// requestStatus is where a travel request is that shows this: at an external validation when
// its status is called so, or when it may be approved and names no approver.
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

// knowIDs gives the objects of the report the identifiers that the documents print.
func (s *simulator) knowIDs(r *report) {
	d := r.payload.docs
	s.keyOf(r, "") // those that the simulator makes up
	know := func(key string, row gjson.Result) {
		id := idOf(row)
		s.told["v4 "+key] = id
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
				s.knowAllocations(r, e, j, item)
			}
		}
		s.knowAllocations(r, e, -1, row)
	}
	for i, row := range d.rows(entriesV3Endpoint) { // v3 may name them otherwise
		if i < len(r.entries) {
			r.v4Keys[plainID(idOf(row))] = r.entries[i].key
		}
	}
}

// knowAllocations enters the allocations of an expense, which nobody has described.
func (s *simulator) knowAllocations(r *report, e *reportEntry, item int, row gjson.Result) {
	for i, share := range r.payload.docs.about(allocationsV4Endpoint, idOf(row), "expenseId", r.payload.docs.expenses()) {
		key := makeKey(s.draw(r.name, "told allocation", idOf(row), i))
		r.objects[key] = object{"Allocation", e, item}
		s.told["v4 "+key] = idOf(share)
		r.v4Keys[plainID(idOf(share))] = key
	}
}
