package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"concur-connector/expense"
)

// DecodeReportJSON reads the details of a report (v1.1 or v2.0) that were asked for, or
// turned into, JSON. They are put into the XML that they stand for, and read as that.
// The connector itself asks for XML.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/expense-report-get.html
func DecodeReportJSON(body []byte) (*expense.Report, error) {
	d, err := DecodeDetailsJSON(body)
	return d.Report, err
}

// DecodeDetailsJSON is DecodeReportJSON with what else the document says.
func DecodeDetailsJSON(body []byte) (Details, error) {
	r, err := readObject(body)
	if err != nil {
		return Details{}, fmt.Errorf("the report cannot be read: %w", err)
	}
	if inner, ok := r.values["reportdetails"].(map[string]any); ok {
		r.values = inner
	}
	var out bytes.Buffer
	writeElement(&out, "ReportDetails", r.values)
	return DecodeDetails(out.Bytes())
}

// inLists are the elements of the lists that have a name of their own; others repeat.
var inLists = map[string]string{
	"expenseentrieslist": "expenseentry", "entries": "expenseentry", "itemizationslist": "itemization",
	"itemizationlist": "itemization", "allocationslist": "allocation", "attendeeslist": "attendee",
}

// writeElement writes a JSON value as the element that it stands for. A name that no
// element can have, such as that of an attribute, is left out with what it names.
func writeElement(out *bytes.Buffer, name string, value any) {
	if !isElementName(name) {
		return
	}
	list, isList := value.([]any)
	item := inLists[name]
	if isList && item == "" {
		for _, one := range list {
			writeElement(out, name, one)
		}
		return
	}
	out.WriteString("<" + name + ">")
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			writeElement(out, item, one)
		}
	case map[string]any:
		for _, inner := range slices.Sorted(maps.Keys(v)) {
			writeElement(out, inner, v[inner])
		}
	case string:
		_ = xml.EscapeText(out, []byte(v)) // a buffer takes everything
	case json.Number:
		out.WriteString(v.String())
	case bool:
		out.WriteString(strconv.FormatBool(v))
	}
	out.WriteString("</" + name + ">")
}

func isElementName(name string) bool {
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '_' && c != '-') {
			return false
		}
	}
	return name != ""
}
