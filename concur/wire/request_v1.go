package wire

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"concur-connector/expense"
)

// DecodeRequestV1 reads a travel request as the details of Request v1 gave it, an
// interface that Concur has ended. Amounts are in the request's currency, but for what is
// to be paid, whose currency is only named. Names, logins, comments and cash advances are
// not kept.
//
// The documented example has an ampersand that begins no entity; such a one is read as
// itself.
//
// Source: https://developer.concur.com/api-reference/request/v1.request.html
func DecodeRequestV1(body []byte) (*expense.TravelRequest, error) {
	body, err := clean(body)
	if err != nil {
		return nil, unreadable("the travel request", err)
	}
	r, err := detailsV1(body)
	if err != nil && !errors.Is(err, errDTD) {
		if mended := escapeAmpersands(body); !bytes.Equal(mended, body) {
			r, err = detailsV1(mended)
		}
	}
	if err == nil && r.Status == "" {
		err = errors.New("it has no approval status (ApprovalStatusKey)")
	}
	if err != nil {
		return nil, unreadable("the travel request", err)
	}
	return r, nil
}

func detailsV1(body []byte) (*expense.TravelRequest, error) {
	reader := requestReader{request: &expense.TravelRequest{Via: expense.RequestV1}}
	err := parse(body, maxReportDepth, func(d *document) error {
		reader.reportReader = &reportReader{document: d}
		return reader.read()
	}, "TravelRequestDetails")
	reader.finish()
	return reader.request, err
}

var entity = regexp.MustCompile(`^&(amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});`)

// escapeAmpersands writes each ampersand that begins no entity as one. What XML takes as
// it is, CDATA and comments, stays as it is.
func escapeAmpersands(body []byte) []byte {
	var b bytes.Buffer
	for {
		next := bytes.IndexAny(body, "&<")
		if next < 0 {
			b.Write(body)
			return b.Bytes()
		}
		end := next + max(verbatim(body[next:]), 1)
		b.Write(body[:end])
		if body[next] == '&' && !entity.Match(body[next:min(len(body), next+12)]) {
			b.WriteString("amp;")
		}
		body = body[end:]
	}
}

// verbatim returns the length of the CDATA section or the comment that a text begins
// with, or 0.
func verbatim(body []byte) int {
	for _, mark := range [][2]string{{"<![CDATA[", "]]>"}, {"<!--", "-->"}} {
		opening, closing := mark[0], mark[1]
		if bytes.HasPrefix(body, []byte(opening)) {
			if i := bytes.Index(body[len(opening):], []byte(closing)); i >= 0 {
				return len(opening) + i + len(closing)
			}
			return len(body)
		}
	}
	return 0
}

// requestReader reads the parts of one travel request.
type requestReader struct {
	*reportReader
	request *expense.TravelRequest

	startDay, startTime, endDay, endTime string
}

func (d *requestReader) read() error {
	r := d.request
	return d.each(func(name string) error {
		switch name {
		case "requestkey":
			return d.string(&r.ID)
		case "requestid":
			return d.string(&r.Number)
		case "requestname":
			return d.string(&r.Name)
		case "purpose":
			return d.string(&r.Purpose)
		case "currencycode":
			return d.string(&r.Currency)
		case "approvalstatuskey":
			return d.string(&r.Status)
		case "travelrequestpolicykey":
			return d.string(&r.Policy)
		case "creationdate":
			return d.date(&r.Created)
		case "submitdate":
			return d.date(&r.Submitted)
		case "lastmodifieddate":
			return d.date(&r.Modified)
		case "startdate":
			return d.string(&d.startDay)
		case "starttime":
			return d.string(&d.startTime)
		case "enddate":
			return d.string(&d.endDay)
		case "endtime":
			return d.string(&d.endTime)
		case "eversentback":
			return d.bool(&r.EverSentBack)
		case "hasexception", "hasexceptions":
			return d.bool(&r.HasException)
		case "requesttotal":
			return d.money(&r.Posted)
		case "totalapprovedamount":
			return d.money(&r.Approved)
		case "totalremainingamount":
			return d.money(&r.Remaining)
		case "entrieslist":
			return d.items("requestentry", "entry", d.entry)
		case "exceptionslist":
			return d.items("exception", "exception", d.exception)
		}
		return d.fields(name, nil, &r.Custom)
	})
}

// items reads the elements of one name in a list. One without any content is none.
func (d *requestReader) items(element, what string, read func() (keep func(), err error)) error {
	number := 0
	return d.each(func(name string) error {
		if name != element {
			return nil
		}
		number++
		before := d.texts
		keep, err := read()
		if err != nil {
			return fmt.Errorf("%s %d: %w", what, number, err)
		}
		if d.texts > before {
			keep()
		}
		return nil
	})
}

func (d *requestReader) exception() (func(), error) {
	var e expense.RequestException
	err := d.each(func(name string) error {
		switch name {
		case "exceptioncode":
			return d.string(&e.Code)
		case "exceptionlevel":
			return d.count(&e.Level)
		}
		return nil
	})
	return func() { d.request.Exceptions = append(d.request.Exceptions, e) }, err
}

func (d *requestReader) entry() (func(), error) {
	e := &expense.Expected{}
	err := d.each(func(name string) error {
		switch name {
		case "requestentrykey":
			return d.string(&e.ID)
		case "expensetypekey":
			return d.string(&e.Type)
		case "expensetypename":
			return d.string(&e.TypeName)
		case "transactiondate":
			return d.date(&e.Date)
		case "entrydescription":
			return d.string(&e.Purpose)
		case "foreignamount":
			return d.money(&e.Transaction)
		case "foreigncurrencyname":
			return d.string(&e.CurrencyName)
		case "exchangerate":
			return d.number(&e.ExchangeRate)
		case "postedamount":
			return d.money(&e.Posted)
		case "approvedamount":
			return d.money(&e.Approved)
		case "remainingamount":
			return d.money(&e.Remaining)
		case "allocationslist":
			return d.allocations(&e.Allocations)
		case "segmentslist":
			return d.items("segment", "segment", func() (func(), error) { return d.segment(e) })
		}
		return d.fields(name, &e.OrgUnits, &e.Custom)
	})
	return func() { d.request.Expenses = append(d.request.Expenses, *e) }, err
}

func (d *requestReader) segment(e *expense.Expected) (func(), error) {
	var s expense.Segment
	var from, to, departs, arrives string
	err := d.each(func(name string) error {
		switch name {
		case "segmentkey":
			return d.string(&s.ID)
		case "segmenttype":
			return d.string(&s.Type)
		case "classofservicecode":
			return d.string(&s.Class)
		case "fromlocationname":
			return d.string(&s.From)
		case "tolocationname":
			return d.string(&s.To)
		case "departuredate":
			return d.string(&from)
		case "departuretime":
			return d.string(&departs)
		case "arrivaldate":
			return d.string(&to)
		case "arrivaltime":
			return d.string(&arrives)
		}
		return d.fields(name, nil, &s.Custom)
	})
	s.Departure, s.Arrival = moment(from, departs), moment(to, arrives)
	return func() { e.Segments = append(e.Segments, s) }, err
}

// finish sets what stands apart in the document.
func (d *requestReader) finish() {
	r := d.request
	r.Start, r.End = moment(d.startDay, d.startTime), moment(d.endDay, d.endTime)
	r.Currency = strings.ToUpper(r.Currency)
	amounts := []*expense.Money{r.Posted, r.Approved, r.Remaining}
	for _, e := range r.Expenses {
		amounts = append(amounts, e.Posted, e.Approved, e.Remaining)
	}
	for _, m := range amounts {
		if m != nil {
			m.Currency = r.Currency
		}
	}
}

// DecodeRequestListV1 reads a list of travel requests of Request v1. Its rows have the
// name of a status and no code.
//
// Source: https://developer.concur.com/api-reference/request/v1.request.html
func DecodeRequestListV1(body []byte) ([]expense.TravelRequest, error) {
	rows := []expense.TravelRequest{}
	err := parse(body, maxReportDepth, func(d *document) error {
		reader := &requestReader{reportReader: &reportReader{document: d}}
		return reader.summaries(&rows)
	}, "RequestsWithCount", "RequestsList", "TravelRequestsList")
	if err != nil {
		return nil, unreadable("the list of travel requests", err)
	}
	return rows, nil
}

func (d *requestReader) summaries(rows *[]expense.TravelRequest) error {
	return d.each(func(name string) error {
		switch name {
		case "requestslist":
			return d.summaries(rows)
		case "requestsummary":
			before := d.texts
			row, err := d.summary()
			if err == nil && d.texts > before {
				*rows = append(*rows, row)
			}
			return err
		}
		return nil
	})
}

func (d *requestReader) summary() (r expense.TravelRequest, err error) {
	r.Via = expense.RequestV1
	err = d.each(func(name string) error {
		switch name {
		case "requestid":
			return d.string(&r.Number)
		case "requestname":
			return d.string(&r.Name)
		case "purpose":
			return d.string(&r.Purpose)
		case "requestcurrency":
			return d.string(&r.Currency)
		case "requestdate":
			return d.date(&r.Created)
		case "requesttotal":
			return d.money(&r.Posted)
		case "requestdetailsurl":
			var url string
			err := d.string(&url)
			if _, key, bad := expense.Identify(url); bad == nil {
				r.ID = key
			}
			return err
		}
		return nil
	})
	if r.Posted != nil {
		r.Posted.Currency = r.Currency
	}
	return r, err
}
