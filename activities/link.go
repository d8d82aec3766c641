package activities

import (
	"strings"

	"concur-connector/expense"
)

// The placeholders in a template of [Links].
const (
	reportPlaceholder  = "{reportId}"
	requestPlaceholder = "{requestId}"
)

// Links are templates of the addresses that open a report or a travel request in Concur. An
// empty template makes no link.
//
// Source: https://developer.concur.com/api-guides/expense/deeplink-url.html
// Source: https://developer.concur.com/api-guides/request/deeplink-url-request.html
type Links struct {
	Report  string // has {reportId} in place of the report's ID
	Request string // has {requestId} in place of the request's ID
}

// link puts an ID into a template. An ID with characters that no ID of Concur has could lead
// elsewhere, and makes no link.
func link(template, placeholder, id string) string {
	plain := func(c rune) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
	}
	if template == "" || id == "" || strings.ContainsFunc(id, func(c rune) bool { return !plain(c) }) {
		return ""
	}
	return strings.ReplaceAll(template, placeholder, id)
}

// addTo adds the address that opens the report or travel request to what approvers see.
func (l Links) addTo(v *expense.Verdict, report *expense.Report, request *expense.TravelRequest) {
	address := ""
	switch {
	case v.Action != expense.Ask:
	case report != nil:
		address = link(l.Report, reportPlaceholder, report.ID)
	case request != nil:
		address = link(l.Request, requestPlaceholder, request.ID)
	}
	if address == "" {
		return
	}
	if v.Shown == nil {
		v.Shown = &expense.ShownReport{}
	}
	v.Shown.URL = address
}
