package expense

import "slices"

// Telling says whether an interface of Concur tells a field.
type Telling string

// The ways in which a field is told. Where an answer does not hold the field, it is absent:
// a pointer is nil and a text, a list or a map is empty. Absent is neither false nor zero.
const (
	Told          Telling = "yes"
	ToldWhenAsked Telling = "asked"     // only when the part of [Parts] is read that it belongs to
	ToldSometimes Telling = "sometimes" // Concur leaves it out of some answers
	NeverTold     Telling = "no"
)

// The interfaces that the tables below have columns for, in their order.
var (
	reportInterfaces  = []Interface{V1, V2, V3, V4}
	requestInterfaces = []Interface{RequestV4, RequestV1}
)

// reportTelling has a row for each field of a report that some interface does not always
// tell. All other fields are told by all.
var reportTelling = map[string][]Telling{
	"report.everSentBack":     {Told, Told, Told, ToldSometimes},
	"report.hasException":     {Told, Told, Told, ToldWhenAsked},
	"report.hasReceiptImage":  {NeverTold, NeverTold, NeverTold, Told},
	"report.key":              {Told, NeverTold, NeverTold, NeverTold},
	"report.purpose":          {Told, Told, NeverTold, Told},
	"report.submitted":        {ToldSometimes, ToldSometimes, Told, Told},
	"entry.allocations":       {Told, Told, ToldWhenAsked, ToldWhenAsked},
	"entry.attendeeCount":     {Told, Told, ToldWhenAsked, ToldWhenAsked},
	"entry.category":          {Told, Told, Told, NeverTold},
	"entry.commentCount":      {Told, Told, ToldWhenAsked, ToldWhenAsked},
	"entry.companyCard":       {ToldSometimes, ToldSometimes, ToldSometimes, ToldSometimes},
	"entry.currencyName":      {Told, Told, NeverTold, NeverTold},
	"entry.custom":            {Told, Told, Told, ToldWhenAsked},
	"entry.exchangeRate":      {Told, Told, ToldSometimes, Told},
	"entry.hasReceipt":        {Told, Told, Told, ToldSometimes},
	"entry.hasVat":            {Told, Told, Told, ToldWhenAsked},
	"entry.itemizations":      {Told, Told, ToldWhenAsked, ToldWhenAsked},
	"entry.itemized":          {Told, Told, Told, ToldWhenAsked},
	"entry.missingReceipt":    {NeverTold, NeverTold, NeverTold, Told},
	"entry.orgUnits":          {Told, Told, Told, ToldWhenAsked},
	"entry.personalCard":      {Told, Told, Told, ToldSometimes},
	"entry.receiptRequired":   {Told, Told, NeverTold, Told},
	"entry.rejected":          {NeverTold, NeverTold, NeverTold, ToldWhenAsked},
	"itemization.allocations": {Told, Told, ToldWhenAsked, ToldWhenAsked},
	"itemization.custom":      {Told, Told, Told, ToldWhenAsked},
	"itemization.orgUnits":    {Told, Told, Told, ToldWhenAsked},
	"allocation.hidden":       {ToldSometimes, ToldSometimes, Told, Told},
	"field.valid":             {NeverTold, NeverTold, NeverTold, ToldSometimes},
}

// requestTelling is the same for travel requests.
var requestTelling = map[string][]Telling{
	"request.city":              {Told, NeverTold},
	"request.country":           {Told, NeverTold},
	"request.subdivision":       {Told, NeverTold},
	"request.type":              {Told, NeverTold},
	"expected.currencyName":     {NeverTold, Told},
	"allocation.accountCode1":   {NeverTold, NeverTold},
	"allocation.accountCode2":   {NeverTold, NeverTold},
	"allocation.hidden":         {Told, NeverTold},
	"field.valid":               {ToldSometimes, NeverTold},
	"requestException.blocking": {Told, NeverTold},
}

// Tells says whether an interface tells a field, named as rules name it: "entry.category".
// An interface that does not always tell a field may still do so in one answer.
//
// Of reports, the fields that some interface does not always tell are:
//
//	field                    v1.1       v2.0       v3+v4      v4
//	report.everSentBack      yes        yes        yes        sometimes
//	report.hasException      yes        yes        yes        asked
//	report.hasReceiptImage   no         no         no         yes
//	report.key               yes        no         no         no
//	report.purpose           yes        yes        no         yes
//	report.submitted         sometimes  sometimes  yes        yes
//	entry.allocations        yes        yes        asked      asked
//	entry.attendeeCount      yes        yes        asked      asked
//	entry.category           yes        yes        yes        no
//	entry.commentCount       yes        yes        asked      asked
//	entry.companyCard        sometimes  sometimes  sometimes  sometimes
//	entry.currencyName       yes        yes        no         no
//	entry.custom             yes        yes        yes        asked
//	entry.exchangeRate       yes        yes        sometimes  yes
//	entry.hasReceipt         yes        yes        yes        sometimes
//	entry.hasVat             yes        yes        yes        asked
//	entry.itemizations       yes        yes        asked      asked
//	entry.itemized           yes        yes        yes        asked
//	entry.missingReceipt     no         no         no         yes
//	entry.orgUnits           yes        yes        yes        asked
//	entry.personalCard       yes        yes        yes        sometimes
//	entry.receiptRequired    yes        yes        no         yes
//	entry.rejected           no         no         no         asked
//	itemization.allocations  yes        yes        asked      asked
//	itemization.custom       yes        yes        yes        asked
//	itemization.orgUnits     yes        yes        yes        asked
//	allocation.hidden        sometimes  sometimes  yes        yes
//	field.valid              no         no         no         sometimes
//
// Of travel requests they are:
//
//	field                      Request v4  Request v1
//	request.city               yes         no
//	request.country            yes         no
//	request.subdivision        yes         no
//	request.type               yes         no
//	expected.currencyName      no          yes
//	allocation.accountCode1    no          no
//	allocation.accountCode2    no          no
//	allocation.hidden          yes         no
//	field.valid                sometimes   no
//	requestException.blocking  yes         no
func (i Interface) Tells(field string) Telling {
	if i == "" {
		i = V1
	}
	row, at := reportTelling[field], slices.Index(reportInterfaces, i)
	if at < 0 {
		row, at = requestTelling[field], slices.Index(requestInterfaces, i)
	}
	if row == nil || at < 0 {
		return Told
	}
	return row[at]
}

// True reports whether a field is told and true. One that is absent is not.
func True(b *bool) bool { return b != nil && *b }
