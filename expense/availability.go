package expense

import (
	"cmp"
	"slices"
)

// Availability says whether an interface of Concur provides a field.
type Availability string

// The availabilities. If an answer does not hold a field, the field is absent: a pointer is
// nil, and a text, a list or a map is empty. Absent does not mean false or zero.
const (
	AlwaysProvided        Availability = "yes"
	ProvidedWhenRequested Availability = "asked"     // only if its part of [Parts] is read
	SometimesProvided     Availability = "sometimes" // Concur omits it from some answers
	NeverProvided         Availability = "no"
)

// reportInterfaces are the columns of reportFields.
var reportInterfaces = []Interface{V1, V2, V3, V4}

// reportFields has a row for each report field that some interface does not always provide.
// All interfaces always provide all other fields.
var reportFields = map[string][]Availability{
	"report.everSentBack":     {AlwaysProvided, AlwaysProvided, AlwaysProvided, SometimesProvided},
	"report.hasException":     {AlwaysProvided, AlwaysProvided, AlwaysProvided, ProvidedWhenRequested},
	"report.hasReceiptImage":  {NeverProvided, NeverProvided, NeverProvided, AlwaysProvided},
	"report.key":              {AlwaysProvided, NeverProvided, NeverProvided, NeverProvided},
	"report.purpose":          {AlwaysProvided, AlwaysProvided, NeverProvided, AlwaysProvided},
	"report.submitted":        {SometimesProvided, SometimesProvided, AlwaysProvided, AlwaysProvided},
	"entry.allocations":       {AlwaysProvided, AlwaysProvided, ProvidedWhenRequested, ProvidedWhenRequested},
	"entry.attendeeCount":     {AlwaysProvided, AlwaysProvided, ProvidedWhenRequested, ProvidedWhenRequested},
	"entry.category":          {AlwaysProvided, AlwaysProvided, AlwaysProvided, NeverProvided},
	"entry.commentCount":      {AlwaysProvided, AlwaysProvided, ProvidedWhenRequested, ProvidedWhenRequested},
	"entry.companyCard":       {SometimesProvided, SometimesProvided, SometimesProvided, SometimesProvided},
	"entry.currencyName":      {AlwaysProvided, AlwaysProvided, NeverProvided, NeverProvided},
	"entry.custom":            {AlwaysProvided, AlwaysProvided, AlwaysProvided, ProvidedWhenRequested},
	"entry.exchangeRate":      {AlwaysProvided, AlwaysProvided, SometimesProvided, AlwaysProvided},
	"entry.hasReceipt":        {AlwaysProvided, AlwaysProvided, AlwaysProvided, SometimesProvided},
	"entry.hasVat":            {AlwaysProvided, AlwaysProvided, AlwaysProvided, ProvidedWhenRequested},
	"entry.itemizations":      {AlwaysProvided, AlwaysProvided, ProvidedWhenRequested, ProvidedWhenRequested},
	"entry.itemized":          {AlwaysProvided, AlwaysProvided, AlwaysProvided, ProvidedWhenRequested},
	"entry.missingReceipt":    {NeverProvided, NeverProvided, NeverProvided, AlwaysProvided},
	"entry.orgUnits":          {AlwaysProvided, AlwaysProvided, AlwaysProvided, ProvidedWhenRequested},
	"entry.personalCard":      {AlwaysProvided, AlwaysProvided, AlwaysProvided, SometimesProvided},
	"entry.receiptRequired":   {AlwaysProvided, AlwaysProvided, NeverProvided, AlwaysProvided},
	"entry.rejected":          {NeverProvided, NeverProvided, NeverProvided, ProvidedWhenRequested},
	"itemization.allocations": {AlwaysProvided, AlwaysProvided, ProvidedWhenRequested, ProvidedWhenRequested},
	"itemization.custom":      {AlwaysProvided, AlwaysProvided, AlwaysProvided, ProvidedWhenRequested},
	"itemization.orgUnits":    {AlwaysProvided, AlwaysProvided, AlwaysProvided, ProvidedWhenRequested},
	"allocation.hidden":       {SometimesProvided, SometimesProvided, AlwaysProvided, AlwaysProvided},
	"field.valid":             {NeverProvided, NeverProvided, NeverProvided, SometimesProvided},
}

// requestFields has the travel request fields that Request v4 does not always provide.
var requestFields = map[string]Availability{
	"allocation.accountCode1": NeverProvided,
	"allocation.accountCode2": NeverProvided,
	"field.valid":             SometimesProvided,
}

// Provides says whether an interface provides a field. The field has its name in rules, such
// as "entry.category".
//
// These report fields are not always provided by every interface:
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
// These travel request fields are not always provided:
//
//	field                    Request v4
//	allocation.accountCode1  no
//	allocation.accountCode2  no
//	field.valid              sometimes
func (i Interface) Provides(field string) Availability {
	if i == RequestV4 {
		return cmp.Or(requestFields[field], AlwaysProvided)
	}
	row, column := reportFields[field], slices.Index(reportInterfaces, cmp.Or(i, V1))
	if row == nil || column < 0 {
		return AlwaysProvided
	}
	return row[column]
}

// True reports whether a field is present and true.
func True(b *bool) bool { return b != nil && *b }
