package decode

import (
	"bytes"
	"errors"
	"slices"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// Report is a report and what the connector derives from it.
type Report struct {
	AwaitsValidation bool   `json:"awaitsValidation"`
	ValidationID     string `json:"validationId,omitempty"`
	Revision         string `json:"revision"`
	// OwnerKnown is true if the payload names one owner by login. The owner is not shown.
	OwnerKnown bool            `json:"ownerKnown"`
	Report     *expense.Report `json:"report"`
	// Missing names the parts of the report that Concur announces and the payload lacks. A worker
	// parks such a report with the same text.
	Missing string `json:"missing,omitempty"`
}

func shownReport(report *expense.Report, missing, about string) Payload {
	if report.AwaitsValidation() {
		about += ", which waits at an external validation"
	} else {
		about += ", which does not wait at an external validation"
	}
	shown := *report
	shown.Owner = expense.Owner{}
	return Payload{Payload: "report", About: about, View: Report{
		OwnerKnown:       report.Owner.Login != "",
		AwaitsValidation: report.AwaitsValidation(), ValidationID: report.ValidationID(), Revision: report.Revision(), Report: &shown, Missing: missing,
	}}
}

func decodeReport(body []byte) (Payload, error) {
	d, err := wire.DecodeDetails(body)
	switch {
	case err != nil:
		return Payload{}, err
	case d.Report.Status == "":
		return Payload{}, errors.New("the report cannot be used: it has no approval status (ApsKey)")
	}
	about, missing := "a report with "+cli.Count(len(d.Report.Entries), "entry"), d.Missing.Of(expense.AllParts)
	if missing != "" {
		about += ", which is not complete"
	}
	return shownReport(d.Report, missing, about), nil
}

func decodeHeader(decode func([]byte) (wire.Header, error), generation string) func([]byte) (Payload, error) {
	return func(body []byte) (Payload, error) {
		h, err := decode(body)
		if err != nil {
			return Payload{}, err
		}
		return shownReport(h.Report, "", "the header of a report ("+generation+")"), nil
	}
}

// reportReader recognises a document in JSON that shows something of a report, by the
// names in it: of a list, those in its first row. Nothing else is nil.
func reportReader(value any) func(body []byte) (Payload, error) {
	object, rows, isPage := namesOf(value), []any(nil), false
	list, isList := value.([]any)
	if rows, isPage = object["items"].([]any); !isPage {
		rows = list
	}
	if len(rows) > 0 {
		object = namesOf(rows[0])
	}
	has := func(names ...string) bool { return hasAny(object, names...) }
	switch {
	case has("expenseTypeCode") && has("reportId") && !has("entryId"):
		return decodeEntries(isPage)
	case isPage, has("exceptionCode"):
	case has("expenseId") && has("expenseType", "transactionDate", "transactionAmount", "postedAmount"):
		return decodeExpenses(isList)
	case isList, has("requestId"):
	case has("approvalStatusId"), has("reportId") && has("reportTotal"):
		return decodeHeader(wire.DecodeReportV4, "v4")
	case has("approvalStatusCode"):
		return decodeHeader(wire.DecodeReportV3, "v3")
	}
	return nil
}

// pageView is one page of a list of v3.
type pageView struct {
	Rows any  `json:"rows"`
	More bool `json:"more"` // a next page is named
}

// decodeEntries reads a page of entries of v3, or one of them alone.
func decodeEntries(isPage bool) func([]byte) (Payload, error) {
	return func(body []byte) (Payload, error) {
		if !isPage {
			body = slices.Concat([]byte(`{"Items":[`), Trimmed(body), []byte(`]}`))
		}
		page, err := wire.DecodeEntriesV3(body)
		if err != nil {
			return Payload{}, err
		}
		return Payload{Payload: "entries", About: "a page of entries (v3) with " + cli.Count(len(page.Rows), "entry"), View: pageView{page.Rows, page.Next != ""}}, nil
	}
}

// decodeExpenses reads a list of expenses of v4, or one of them alone.
func decodeExpenses(isList bool) func([]byte) (Payload, error) {
	return func(body []byte) (Payload, error) {
		if !isList {
			e, err := wire.DecodeExpenseV4(body)
			return Payload{Payload: "expense", About: "an expense (v4)", View: e}, err
		}
		list, err := wire.DecodeExpensesV4(body)
		return Payload{Payload: "expenses", About: "a list of expenses (v4) with " + cli.Count(len(list), "expense"), View: list}, err
	}
}

func Trimmed(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\uFEFF")) }

// Request is a travel request and what the connector derives from it.
type Request struct {
	AwaitsValidation bool                   `json:"awaitsValidation"`
	Unclear          string                 `json:"unclear,omitempty"` // why it is not known whether it waits for the connector
	ValidationID     string                 `json:"validationId,omitempty"`
	Revision         string                 `json:"revision"`
	Request          *expense.TravelRequest `json:"request"`
}

func isTravelRequest(object map[string]any) bool {
	status, _ := object["approvalstatus"].(map[string]any)
	return status != nil || hasAny(object, "requestId") && hasAny(object, "owner") || hasAny(object, "id") && hasAny(object, "totalPostedAmount")
}

func decodeTravelRequest(body []byte) (Payload, error) {
	r, err := wire.DecodeRequest(body)
	if err != nil {
		return Payload{}, err
	}
	r.TravelRequest.Owner = expense.Owner{} // is not shown
	about := "a travel request (v4) without its expenses, which "
	view := Request{Revision: r.Revision(), Request: r.TravelRequest}
	switch standing := r.Standing(expense.ExternalValidation{}); {
	case standing.Unclear != "":
		view.Unclear = standing.Unclear
		about += "may wait for the connector: " + standing.Unclear
	case standing.ValidationID != "":
		view.AwaitsValidation, view.ValidationID = true, standing.ValidationID
		about += "waits for the connector"
	default:
		about += "does not wait for the connector"
	}
	return Payload{Payload: "travel request", About: about, View: view}, nil
}
