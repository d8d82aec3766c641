package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"concur-connector/expense"
)

// Owned is a travel request with what package concur needs of it and keeps: whose it is.
type Owned struct {
	*expense.TravelRequest
	Owner string // UUID
	Mark  string // changes with whatever the document shows
}

// DecodeRequest reads a travel request as Request v4 gives it, in a read or in the answer
// to an action. Its expenses are links there; [DecodeExpected] reads them. No link of it
// is kept. The error names a field and no value.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.schemas.html
func DecodeRequest(body []byte) (Owned, error) {
	value, err := parseTree(body)
	if err == nil {
		var t tree
		if t, err = newTree(value, "an object"); err == nil {
			owned, fault := requestOf(t)
			owned.Mark = markOf(value)
			if fault == nil {
				return owned, nil
			}
			err = fault
		}
	}
	return Owned{}, fmt.Errorf("the travel request cannot be read: %w", err)
}

// markOf is a short hash of a document, in whatever order and spacing it was printed.
func markOf(value any) string {
	data, err := json.Marshal(value) // sorts the names
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

func requestOf(t tree) (Owned, error) {
	r := &expense.TravelRequest{
		ID: t.text("id"), Number: t.text("requestId"), Name: t.text("name"), Purpose: t.text("businessPurpose"),
		Type: t.object("type").text("code"), Status: t.object("approvalStatus").text("code"), Policy: t.object("policy").text("id"),
		Created: t.date("creationDate"), Submitted: t.date("submitDate"), Modified: t.date("lastModified"),
		Start: moment(t.text("startDate"), t.text("startTime")), End: moment(t.text("endDate"), t.text("endTime")),
		EverSentBack: t.yes("everSentBack"),
		Posted:       t.money("totalPostedAmount"), Approved: t.money("totalApprovedAmount"), Remaining: t.money("totalRemainingAmount"),
		Custom: t.custom("custom", 20),
	}
	level := t.text("highestExceptionLevel")
	r.HasException = level != "" && !strings.EqualFold(level, "NONE")
	destination := t.object("mainDestination")
	r.City = first(destination.text("city"), destination.text("name"))
	r.Subdivision, r.Country = destination.text("countrySubDivisionCode"), destination.text("countryCode")
	for _, operation := range t.list("operations") {
		if rel := strings.ToLower(operation.text("rel")); rel != "" && !slices.Contains(r.Operations, rel) {
			r.Operations = append(r.Operations, rel)
		}
	}
	setRequestCurrency(r)
	owner := t.object("owner").text("id")
	switch {
	case *t.fault != nil:
		return Owned{}, *t.fault
	case r.ID == "":
		return Owned{}, errors.New(t.at + "it has no id")
	case r.Status == "": // not one that waits elsewhere
		return Owned{}, errors.New(t.at + "it has no approval status (approvalStatus.code)")
	}
	return Owned{TravelRequest: r, Owner: owner}, nil
}

// setRequestCurrency takes the request's currency from its totals, which all are in it,
// and gives it to those that do not name one.
func setRequestCurrency(r *expense.TravelRequest) {
	totals := []*expense.Money{r.Posted, r.Approved, r.Remaining}
	for _, m := range totals {
		if m != nil {
			r.Currency = first(r.Currency, m.Currency)
		}
	}
	for _, m := range totals {
		if m != nil {
			m.Currency = first(m.Currency, r.Currency)
		}
	}
}

// custom reads the numbered fields of one name, of which a list field has the code and
// the identifier of its item, and any other a value.
func (t tree) custom(name string, most int) map[string]expense.Field {
	var all map[string]expense.Field
	for n := 1; n <= most; n++ {
		number := strconv.Itoa(n)
		field := t.field(name + number)
		if field == (expense.Field{}) {
			continue
		}
		if all == nil {
			all = map[string]expense.Field{}
		}
		all[number] = field
	}
	return all
}

func (t tree) field(name string) expense.Field {
	if _, ok := t.get(name).(map[string]any); !ok {
		return expense.Field{Value: t.text(name)}
	}
	o := t.object(name)
	f := expense.Field{Value: o.text("value"), Code: o.text("code")}
	if isGUID(f.Value) && (f.Code != "" || o.text("href") != "") {
		f.ListItem = f.Value
	}
	return f
}

// DecodeRequests reads one page of the list of travel requests, and the URL of the next
// page, as it was sent, or nothing. The documented rows name no operations.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
func DecodeRequests(body []byte) (rows []Owned, next string, err error) {
	value, err := parseTree(body)
	var root tree
	var list []tree
	if err == nil {
		root, list, err = trees(value, "row", "data")
	}
	for _, t := range list {
		var row Owned
		if row, err = requestOf(t); err != nil {
			break
		}
		rows = append(rows, row)
	}
	if err == nil {
		next, err = nextOf(root)
	}
	if err != nil {
		return nil, "", fmt.Errorf("the list of travel requests cannot be read: %w", err)
	}
	return rows, next, nil
}

// nextOf finds the link to the next page.
func nextOf(root tree) (string, error) {
	var next []string
	for _, link := range root.list("operations") {
		if strings.EqualFold(link.text("rel"), "next") {
			next = append(next, link.text("href"))
		}
	}
	switch {
	case *root.fault != nil:
		return "", *root.fault
	case len(next) > 1:
		return "", errors.New("it names more than one next page")
	case len(next) == 1 && next[0] == "":
		return "", errors.New("its next page has no href")
	case len(next) == 1:
		return next[0], nil
	}
	return "", nil
}

// DecodeRequestExceptions reads the exceptions that Concur holds on a travel request.
// Their messages are not kept.
//
// Source: https://developer.concur.com/api-reference/request/v4.endpoints.request-resources.html
func DecodeRequestExceptions(body []byte) ([]expense.RequestException, error) {
	exceptions := []expense.RequestException{}
	value, err := parseTree(body)
	var list []tree
	if err == nil {
		_, list, err = trees(value, "exception", "data", "exceptions")
	}
	for _, t := range list {
		e := expense.RequestException{Code: t.text("code"), Level: t.whole("level"), Blocking: t.yes("isBlocking")}
		if err = *t.fault; err == nil && e.Code == "" {
			err = errors.New(t.at + "it has no code")
		}
		if err != nil {
			break
		}
		exceptions = append(exceptions, e)
	}
	if err != nil {
		return nil, fmt.Errorf("the exceptions of the travel request cannot be read: %w", err)
	}
	return exceptions, nil
}
