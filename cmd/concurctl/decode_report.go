package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// reportView is a report and what the connector derives from it.
type reportView struct {
	AtStop   bool            `json:"atStop"`
	Stop     string          `json:"stop,omitempty"`
	Revision string          `json:"revision"`
	Report   *expense.Report `json:"report"`
	// Missing says what Concur claims of the report and what of it is not in the payload, as
	// a worker would say it that parks the report for that reason.
	Missing string `json:"missing,omitempty"`
}

func shownReport(report *expense.Report, missing, about string) payload {
	if report.AtStop() {
		about += ", which waits at an external validation"
	} else {
		about += ", which does not wait at an external validation"
	}
	return payload{Payload: "report", About: about, View: reportView{
		AtStop: report.AtStop(), Stop: report.Stop(), Revision: report.Revision(), Report: report, Missing: missing,
	}}
}

func decodeReport(body []byte, s shape) (payload, error) {
	details, err := wire.DecodeDetails(body)
	name, generation := "ApsKey", ""
	if strings.HasSuffix(s.namespace, "/2012/07") || s.has("approvalstatuscode", "expenseentrieslist") && !s.has("apskey") {
		name, generation = "ApprovalStatusCode", " (v2.0)"
	}
	return shownDetails(details, err, generation, name)
}

// decodeReportJSON reads details in JSON, for which the connector does not ask.
func decodeReportJSON(body []byte) (payload, error) {
	details, err := wire.DecodeDetailsJSON(body)
	return shownDetails(details, err, " (in JSON)", "ApprovalStatusCode")
}

func shownDetails(d wire.Details, err error, generation, status string) (payload, error) {
	switch {
	case err != nil:
		return payload{}, err
	case d.Report.Status == "":
		return payload{}, fmt.Errorf("the report cannot be used: it has no approval status (%s)", status)
	}
	about, missing := "a report"+generation+" with "+count(len(d.Report.Entries), "entry"), d.Missing.Of(expense.AllParts)
	if missing != "" {
		about += ", which is not complete"
	}
	return shownReport(d.Report, missing, about), nil
}

func decodeReportsList(body []byte) (payload, error) {
	rows, err := wire.DecodeReportsListV2(body)
	if err != nil {
		return payload{}, err
	}
	return payload{Payload: "report list", About: "a list of reports (v2.0) with " + count(len(rows), "report"), View: rows}, nil
}

func decodeHeader(decode func([]byte) (wire.Header, error), generation string) func([]byte) (payload, error) {
	return func(body []byte) (payload, error) {
		h, err := decode(body)
		if err != nil {
			return payload{}, err
		}
		return shownReport(h.Report, "", "the header of a report ("+generation+")"), nil
	}
}

// reportReader recognises a document in JSON that shows something of a report, by the
// names in it: of a list, those in its first row. Nothing else is nil.
func reportReader(value any) func(body []byte) (payload, error) {
	object, rows, isPage := namesOf(value), []any(nil), false
	if list, ok := value.([]any); ok {
		rows = list
	} else if rows, isPage = object["items"].([]any); isPage && len(rows) == 0 {
		return nil
	}
	if len(rows) > 0 {
		object = namesOf(rows[0])
	}
	has := func(name string) bool { _, ok := object[name]; return ok }
	isList := rows != nil && !isPage
	isExpense := has("expenseid") && hasAny(object, "expenseType", "transactionDate", "transactionAmount", "postedAmount")
	switch {
	case has("exceptioncode"): // which names the same objects
	case has("reportdetails"), has("expenseentrieslist"), has("reportid") && (has("apskey") || has("approvalstatuscode")) && !isPage:
		return decodeReportJSON
	case has("requestid") && has("approvalstatuscode"):
		return refuseStranger("a travel request as v3 gives it")
	case has("expensetypecode") && has("ownerloginid") && !has("reportid"):
		return refuseStranger("quick expenses, which are on no report yet")
	case has("expensetypecode") && !has("entryid"):
		return decodeRows(isPage, "entries", "entry", wire.DecodeEntriesV3)
	case has("expensetypecode"):
		return decodeRows(isPage, "itemizations", "itemization", wire.DecodeItemizationsV3)
	case has("entryid") && has("percentage"):
		return decodeRows(isPage, "allocations", "allocation", wire.DecodeAllocationsV3)
	case isPage:
	case has("allocationid"):
		return decodeList(isList, "allocations", "a list of allocations (v4) with %s", "allocation", wire.DecodeAllocationsV4)
	case isExpense && isList:
		return decodeList(isList, "expenses", "a list of expenses (v4), of a report or of an itemized one, with %s", "expense", wire.DecodeExpensesV4)
	case isExpense:
		return decodeExpense
	case has("expenseattendeelist"):
		return decodeAttendees
	case has("comment") && isList:
		return decodeComments
	case has("approvalstatusid") && !isList:
		return decodeHeader(wire.DecodeReportV4, "v4")
	case has("approvalstatuscode") && !isList:
		return decodeHeader(wire.DecodeReportV3, "v3")
	case has("reportid") && isList:
		return decodeList(isList, "report list", "the list of the reports that somebody is to approve (v4) with %s", "report", wire.DecodeReportsToApproveV4)
	case has("reportid") && has("reporttotal"):
		return decodeHeader(wire.DecodeReportV4, "v4")
	}
	return nil
}

// refuseStranger says what a document is that looks like one of a report.
func refuseStranger(what string) func([]byte) (payload, error) {
	return func([]byte) (payload, error) {
		return payload{}, fmt.Errorf("the payload is %s; it is not read", what)
	}
}

// namesOf returns the values of an object by their lower-case names.
func namesOf(value any) map[string]any {
	object, _ := value.(map[string]any)
	lower := make(map[string]any, len(object))
	for name, inner := range object {
		lower[strings.ToLower(name)] = inner
	}
	return lower
}

// pageView is one page of a list of v3.
type pageView struct {
	Rows any  `json:"rows"`
	More bool `json:"more"` // a next page is named
}

// decodeRows reads a page of a list of v3, or one of its rows alone.
func decodeRows[T any](isPage bool, rows, row string, decode func([]byte) (wire.Page[T], error)) func([]byte) (payload, error) {
	return func(body []byte) (payload, error) {
		if !isPage {
			body = slices.Concat([]byte(`{"Items":[`), trimmed(body), []byte(`]}`))
		}
		page, err := decode(body)
		if err != nil {
			return payload{}, err
		}
		return payload{Payload: rows, About: "a page of " + rows + " (v3) with " + count(len(page.Rows), row), View: pageView{page.Rows, page.Next != ""}}, nil
	}
}

// decodeList reads a list of v4, or one of its rows alone.
func decodeList[T any](isList bool, name, about, row string, decode func([]byte) ([]T, error)) func([]byte) (payload, error) {
	return func(body []byte) (payload, error) {
		if !isList {
			body = slices.Concat([]byte("["), trimmed(body), []byte("]"))
		}
		list, err := decode(body)
		if err != nil {
			return payload{}, err
		}
		return payload{Payload: name, About: fmt.Sprintf(about, count(len(list), row)), View: list}, nil
	}
}

func trimmed(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\uFEFF")) }

func decodeExpense(body []byte) (payload, error) {
	e, err := wire.DecodeExpenseV4(body)
	if err != nil {
		return payload{}, err
	}
	return payload{Payload: "expense", About: "an expense (v4)", View: e}, nil
}

func decodeAttendees(body []byte) (payload, error) {
	a, err := wire.DecodeAttendeesV4(body)
	if err != nil {
		return payload{}, err
	}
	return payload{Payload: "attendees", About: "the attendees of an expense (v4), of which only the number is kept", View: a}, nil
}
