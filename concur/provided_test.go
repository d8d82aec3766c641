package concur_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur"
	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// What each interface documents, all of it: a full answer of each.
const (
	toldEntry = `<TypeName>x</TypeName><SpendCategory>Meals</SpendCategory><TransactionDate>2026-05-01</TransactionDate>
<TransactionCurrencyName>Euro</TransactionCurrencyName><ExchangeRate>1.00000000000000</ExchangeRate><TransactionAmount>5.00000000</TransactionAmount>
<PostedAmount>5.00000000</PostedAmount><ApprovedAmount>5.00000000</ApprovedAmount><BusinessPurpose>p</BusinessPurpose><VendorDescription>v</VendorDescription>
<LocationName>l</LocationName><LocationSubdivision>US-WA</LocationSubdivision><LocationCountry>US</LocationCountry><OrgUnit1>o</OrgUnit1><Custom1>c</Custom1>
<HasVat>N</HasVat><CommentCount>0</CommentCount><IsItemized>Y</IsItemized><HasExceptions>N</HasExceptions><IsPersonal>N</IsPersonal>
<IsCreditCardCharge>N</IsCreditCardCharge><IsPersonalCardCharge>N</IsPersonalCardCharge><ReceiptRequired>N</ReceiptRequired><ImageRequired>N</ImageRequired><HasAttendees>N</HasAttendees><HasAllocation>N</HasAllocation>`
	toldItem = `<TransactionDate>2026-05-01</TransactionDate><TransactionAmount>5.00000000</TransactionAmount><PostedAmount>5.00000000</PostedAmount>
<ApprovedAmount>5.00000000</ApprovedAmount><BusinessPurpose>p</BusinessPurpose><IsPersonal>N</IsPersonal><OrgUnit1>o</OrgUnit1><Custom1>c</Custom1>`
	toldHeader = `<ReportName>n</ReportName><Purpose>p</Purpose><ReportDate>2026-05-01</ReportDate><CreationDate>2026-05-01</CreationDate><SubmitDate>2026-05-02</SubmitDate>
<EverSentBack>N</EverSentBack><HasException>N</HasException><ReportTotal>5.00000000</ReportTotal><PersonalExpenses>0.00000000</PersonalExpenses>
<AmountDueEmployee>5.00000000</AmountDueEmployee><AmountDueCompanyCard>0.00000000</AmountDueCompanyCard><TotalClaimedAmount>5.00000000</TotalClaimedAmount>
<TotalApprovedAmount>5.00000000</TotalApprovedAmount><LedgerName>l</LedgerName><OrgUnit1>o</OrgUnit1><Custom1>c</Custom1>`
	toldV1 = `<ReportDetails>` + toldHeader + `<ReportId>R</ReportId><RptKey>nK</RptKey><CrnCode>USD</CrnCode><ApsKey>A_EXTV</ApsKey><PayKey>P_NOTP</PayKey><PolKey>P</PolKey>
<Entries><ExpenseEntry>` + toldEntry + `<RpeKey>nE</RpeKey><ExpKey>MEALS</ExpKey><ExpName>Meals</ExpName><PaymentTypeKey>CASH</PaymentTypeKey><EreceiptId/><ReceiptImageId/><ItemizationsList><ItemizationEntryDetails>` + toldItem + `<ItemizationKey>nI</ItemizationKey><ExpenseKey>MEALS</ExpenseKey><ExpenseName>Meals</ExpenseName>
<AllocationsList><Allocations><AllocationKey>nA</AllocationKey><Percentage>100%</Percentage><AccountCode1>1</AccountCode1><AccountCode2>2</AccountCode2><Custom1>c</Custom1></Allocations></AllocationsList></ItemizationEntryDetails></ItemizationsList>
<Allocations><AllocationKey>nB</AllocationKey></Allocations></ExpenseEntry></Entries></ReportDetails>`
	toldV2 = `<ReportDetails>` + toldHeader + `<ReportID>R</ReportID><CurrencyCode>USD</CurrencyCode><ApprovalStatusCode>A_EXTV</ApprovalStatusCode><PaymentStatusCode>P_NOTP</PaymentStatusCode><PolicyID>P</PolicyID>
<ExpenseEntriesList><ExpenseEntry>` + toldEntry + `<ReportEntryID>nE</ReportEntryID><ExpenseTypeID>MEALS</ExpenseTypeID><ExpenseTypeName>Meals</ExpenseTypeName><PaymentTypeCode>CASH</PaymentTypeCode><E-ReceiptID/><EntryImageID/><ItemizationsList>
<Itemization><ItemType>Child</ItemType>` + toldItem + `<ItemizationID>nI</ItemizationID><ExpenseTypeID>MEALS</ExpenseTypeID><ExpenseTypeName>Meals</ExpenseTypeName>
<AllocationsList><Allocation><AllocationID>nA</AllocationID><Percentage>100%</Percentage><AccountCode1>1</AccountCode1><AccountCode2>2</AccountCode2><Custom1>c</Custom1></Allocation></AllocationsList></Itemization></ItemizationsList>
<AllocationsList><Allocation><AllocationID>nB</AllocationID></Allocation></AllocationsList></ExpenseEntry></ExpenseEntriesList></ReportDetails>`

	toldFieldsV3 = `"OrgUnit1":{"Value":"o"},"Custom1":{"Value":"c"}`
	toldRowV3    = `"ExpenseTypeCode":"MEALS","ExpenseTypeName":"Meals","TransactionDate":"2026-05-01","TransactionAmount":5,"PostedAmount":5,"ApprovedAmount":5,
"Description":"p","IsPersonal":false,"AllocationType":"F",` + toldFieldsV3
	toldCustomV4  = `"customData":[{"id":"orgUnit1","value":"o"},{"id":"custom1","value":"c"}]`
	toldExpenseV4 = `"expenseType":{"id":"MEALS","name":"Meals"},"transactionDate":"2026-05-01","transactionAmount":{"value":5,"currencyCode":"USD"},"exchangeRate":{"value":1,"operation":"MULTIPLY"},
"postedAmount":{"value":5,"currencyCode":"USD"},"approvedAmount":{"value":5,"currencyCode":"USD"},"businessPurpose":"p","vendor":{"name":"v"},
"location":{"city":"l","countrySubDivisionCode":"US-WA","countryCode":"US"},"paymentType":{"id":"CASH","code":"CASH"},"isPersonalExpense":false,
"expenseSourceIdentifiers":{"receipts":[],"personalCardTransactionId":null},"hasMissingReceiptDeclaration":false,"hasExceptions":false,"isPaperReceiptRequired":false,"isImageRequired":false,"receiptImageId":null,"ereceiptImageId":null,"allocationState":"FULLY_ALLOCATED"`
)

// tellsAll answers for one report by v3 and by v4, with everything that each documents.
func tellsAll(w http.ResponseWriter, r *http.Request) {
	const expenseID, itemID = "99F8CC6B1AEE6049B03652F018CAF096", "88F8CC6B1AEE6049B03652F018CAF096"
	v4 := "/expensereports/v4/users/" + ownerUUID + "/context/TRAVELER/reports/" + fakeID
	list := func(row string) string { return `{"Items":[{` + row + `}],"NextPage":null}` }
	allocation := `[{"allocationId":"A","percentage":100,"isSystemAllocation":false,"accountCode":"1","overLimitAccountCode":"2",` + toldCustomV4 + `}]`
	answers := map[string]string{
		reportPath + reportKey: `<ReportDetails><X_UserID>` + owner + `</X_UserID><ReportId>` + fakeID + `</ReportId><ApsKey>A_EXTV</ApsKey></ReportDetails>`,
		"/api/v3.0/expense/reports/" + fakeID: `{"ID":"` + fakeID + `","Name":"n","CurrencyCode":"USD","ApprovalStatusCode":"A_EXTV","PaymentStatusCode":"P_NOTP","PolicyID":"P","LedgerName":"l",
"UserDefinedDate":"2026-05-01","CreateDate":"2026-05-01","SubmitDate":"2026-05-02","EverSentBack":false,"HasException":false,"Total":5,"PersonalAmount":0,"AmountDueEmployee":5,
"AmountDueCompanyCard":0,"TotalClaimedAmount":5,"TotalApprovedAmount":5,` + toldFieldsV3 + `}`,
		"/api/v3.0/expense/entries": list(`"ID":"gE","ExpenseID":"` + expenseID + `","SpendCategoryName":"Meals","ExchangeRate":1,"TransactionCurrencyCode":"USD","VendorDescription":"v",
"LocationName":"l","LocationSubdivision":"US-WA","LocationCountry":"US","PaymentTypeID":"CASH","CompanyCardTransactionID":null,"PaymentTypeName":"Cash","IsPersonalCardCharge":false,"HasItemizations":true,
"HasVAT":false,"HasExceptions":false,"IsImageRequired":false,"HasImage":false,"ElectronicReceiptID":null,"HasAttendees":true,"HasComments":true,` + toldRowV3),
		"/api/v3.0/expense/itemizations": list(`"ID":"gI","EntryID":"gE",` + toldRowV3),
		"/api/v3.0/expense/allocations":  `{"Items":[{"ID":"gA","EntryID":"gI","Percentage":"100","IsHidden":false,"AccountCode1":"1","AccountCode2":"2",` + toldFieldsV3 + `},{"ID":"gB","EntryID":"gE","Percentage":"100"}]}`,
		v4: `{"reportId":"` + fakeID + `","name":"n","businessPurpose":"p","currencyCode":"USD","approvalStatusId":"A_EXTV","paymentStatusId":"P_NOTP","policyId":"P","ledger":"l","reportDate":"2026-05-01",
"creationDate":"2026-05-01","submitDate":"2026-05-02","isReportEverSentBack":false,"isReceiptImageAvailable":false,"reportTotal":{"value":5,"currencyCode":"USD"},"personalAmount":{"value":0,"currencyCode":"USD"},
"amountDueEmployee":{"value":5},"amountDueCompanyCard":{"value":0},"claimedAmount":{"value":5},"approvedAmount":{"value":5},` + toldCustomV4 + `}`,
		v4 + "/expenses":                                       `[{"expenseId":"` + expenseID + `",` + toldExpenseV4 + `},{"expenseId":"E2",` + toldExpenseV4 + `}]`,
		v4 + "/expenses/" + expenseID:                          `{"expenseId":"` + expenseID + `","isExpenseRejected":false,"expenseTaxSummary":{"totalTaxPostedAmount":{"value":0}},` + toldCustomV4 + `,` + toldExpenseV4 + `}`,
		v4 + "/expenses/E2":                                    `{"expenseId":"E2","expenseTaxSummary":{"totalTaxPostedAmount":{"value":0}},` + toldCustomV4 + `,` + toldExpenseV4 + `}`,
		v4 + "/expenses/" + expenseID + "/itemizations":        `[{"expenseId":"` + itemID + `",` + toldExpenseV4 + `}]`,
		v4 + "/expenses/" + itemID:                             `{"expenseId":"` + itemID + `",` + toldCustomV4 + `,` + toldExpenseV4 + `}`,
		v4 + "/expenses/E2/itemizations":                       `[]`,
		v4 + "/expenses/E2/allocations":                        allocation,
		v4 + "/expenses/" + itemID + "/allocations":            allocation,
		v4 + "/comments":                                       `[{"expenseId":"` + expenseID + `"}]`,
		"/expensereports/v4/reports/" + fakeID + "/comments":   `[{"expenseId":"` + expenseID + `"}]`,
		"/expensereports/v4/reports/" + fakeID + "/exceptions": `[]`,
		"/expensereports/v4/reports/" + fakeID + "/expenses/" + expenseID + "/attendees": `{"expenseAttendeeList":[{"associatedAttendeeCount":1}]}`,
	}
	for _, one := range []string{expenseID, itemID, "E2"} {
		answers[v4+"/expenses/"+one+"/attendees"] = `{"expenseAttendeeList":[{"associatedAttendeeCount":1}]}`
	}
	fmt.Fprint(w, answers[r.URL.Path])
}

// It compares the table of provided fields with a full answer of each interface.
func TestEachInterfaceReturnsTheFieldsInTheTable(t *testing.T) {
	t.Parallel()
	t.Run("v1.1 and v2.0", func(t *testing.T) {
		t.Parallel()
		for via, body := range map[expense.Interface]string{expense.V1: toldV1, expense.V2: toldV2} {
			report, err := wire.DecodeReport([]byte(body))
			require.NoError(t, err)
			requireTold(t, via, report, true)
		}
	})
	for via, uri := range map[expense.Interface]string{expense.V3: objectURI, expense.V4: v4URI} {
		t.Run(string(via), func(t *testing.T) {
			t.Parallel()
			c := newServer(t, tellsAll).client(t)
			for _, all := range []bool{true, false} {
				parts := expense.Parts{}
				if all {
					parts = expense.AllParts
				}
				read, err := c.ReadReport(context.Background(), uri, concur.ReadOptions{Via: via, Parts: parts})
				require.NoError(t, err)
				requireTold(t, via, read.Report, all)
			}
		})
	}
}

// requireTold compares which fields of a report are there with the table. Asked is whether
// every part was asked for.
func requireTold(t *testing.T, via expense.Interface, report *expense.Report, asked bool) {
	t.Helper()
	there, seen := map[string]bool{}, map[string]bool{}
	var walk func(name string, v reflect.Value)
	walk = func(name string, v reflect.Value) {
		for i := range v.NumField() {
			field, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if slices.Contains([]string{"via", "actionUrl", "owner", "-"}, field) {
				continue
			}
			full, value := name+"."+field, v.Field(i)
			seen[full] = true
			there[full] = there[full] || !value.IsZero()
			if value.Kind() != reflect.Slice {
				continue
			}
			for j := range value.Len() {
				walk(map[string]string{"entries": "entry", "itemizations": "itemization", "allocations": "allocation"}[field], value.Index(j))
			}
		}
	}
	walk("report", reflect.ValueOf(report).Elem())
	for field := range seen {
		want := true
		switch via.Provides(field) {
		case expense.NeverProvided:
			want = false
		case expense.ProvidedWhenRequested:
			want = asked
		}
		require.Equal(t, want, there[field], "%s by %s, everything asked for: %t", field, via, asked)
	}
}
