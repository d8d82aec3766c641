package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

// entryV3 and expenseV4 decode an entry with these members.
func entryV3(t *testing.T, inner string) expense.Entry {
	t.Helper()
	page, err := wire.DecodeEntriesV3([]byte(`{"Items":[{"ID":"gE"` + inner + `}]}`))
	require.NoError(t, err, inner)
	return page.Rows[0].Entry
}

func expenseV4(t *testing.T, inner string) expense.Entry {
	t.Helper()
	e, err := wire.DecodeExpenseV4([]byte(`{"expenseId":"E"` + inner + `}`))
	require.NoError(t, err, inner)
	return e.Entry
}

func TestHowAnEntryWasPaid(t *testing.T) {
	t.Parallel()
	yes, no := new(true), new(false)
	v1 := func(key, card, personal string) string {
		return "<PaymentTypeKey>" + key + "</PaymentTypeKey><IsCreditCardCharge>" + card + "</IsCreditCardCharge><IsPersonalCardCharge>" + personal + "</IsPersonalCardCharge>"
	}
	const nothing = `"expenseSourceIdentifiers":null,"paymentType":` // as the documented list has it
	for _, c := range []struct {
		name                  string
		read                  func(*testing.T, string) expense.Entry
		inner, paymentType    string
		companyCard, personal *bool
	}{
		{"v1.1: a card's feed, whose type is a number", entry, v1("1234", "Y", "N"), "1234", yes, no},
		{"v1.1: cash", entry, v1("CASH", "N", "N"), "CASH", no, no},
		{"v1.1: typed by hand, with another type than cash", entry, v1("1234", "N", "N"), "1234", nil, no},
		{"v1.1: a personal card's feed", entry, v1("1100", "N", "Y"), "1100", no, yes},
		{"v1.1: the flag in another form", entry, v1("1234", "true", "0"), "1234", yes, no},
		{"v1.1: both feeds, and a number", entry, v1("1100", "Y", "Y"), "1100", nil, yes},
		{"v1.1: both feeds, and cash", entry, v1("CASH", "Y", "Y"), "CASH", nil, yes},
		{"v1.1: no flag, and a number", entry, v1("1234", "", ""), "1234", nil, nil},
		{"v1.1: no flag, and cash", entry, v1("CASH", "", ""), "CASH", no, nil},
		{"v1.1: nothing", entry, "", "", nil, nil},
		{"v2.0: a code", entry, "<PaymentTypeCode>IBCP</PaymentTypeCode><IsCreditCardCharge>N</IsCreditCardCharge>", "IBCP", yes, no},

		{"v3: a transaction", entryV3, `,"CompanyCardTransactionID":"gT","PaymentTypeID":"gP","PaymentTypeName":"Mastercard","IsPersonalCardCharge":false`, "gP", yes, no},
		{"v3: cash", entryV3, `,"CompanyCardTransactionID":null,"PaymentTypeID":"gWurF7TC$pQAT4cqT0JokiYMobzQdz","PaymentTypeName":"Cash","IsPersonalCardCharge":false`, "gWurF7TC$pQAT4cqT0JokiYMobzQdz", no, no},
		{"v3: typed by hand", entryV3, `,"CompanyCardTransactionID":null,"PaymentTypeID":"gP","PaymentTypeName":"Mastercard","IsPersonalCardCharge":false`, "gP", nil, no},
		{"v3: a transaction, and a personal card", entryV3, `,"CompanyCardTransactionID":"gT","PaymentTypeName":"Visa","IsPersonalCardCharge":"Y"`, "", nil, yes},
		{"v3: no name of the payment type", entryV3, `,"CompanyCardTransactionID":"","PaymentTypeID":1022,"IsPersonalCardCharge":null`, "1022", nil, nil},
		{"v3: cash in another language", entryV3, `,"CompanyCardTransactionID":null,"PaymentTypeName":"Bar"`, "", nil, nil},
		{"v3: a personal card", entryV3, `,"CompanyCardTransactionID":null,"PaymentTypeName":"Visa","IsPersonalCardCharge":true`, "", no, yes},

		{"v4: a card's code without identifiers", expenseV4, `,` + nothing + `{"id":"1022","name":"Mastercard","code":"CBCP"}`, "CBCP", yes, no},
		{"v4: a card's code in lower case", expenseV4, `,` + nothing + `{"id":1022,"code":"cbcp"}`, "cbcp", yes, no},
		{"v4: identifiers that hold nothing", expenseV4, `,"paymentType":{"id":"1030","code":"X"},"expenseSourceIdentifiers":{"creditCardTransactionId":"","creditCardTransaction":{"id":null}}`, "X", nil, nil},
		{"v4: a code that is no card's, and both transactions", expenseV4, `,"paymentType":{"id":"1030","code":"X"},"expenseSourceIdentifiers":{"creditCardTransactionId":"T","personalCardTransactionId":"T"}`, "X", nil, yes},
		{"v4: the employee is billed", expenseV4, `,` + nothing + `{"id":"1023","name":"Visa","code":"IBIP"}`, "IBIP", yes, no},
		{"v4: cash", expenseV4, `,` + nothing + `{"id":"CASH","name":"Cash","code":"CASH"}`, "CASH", no, nil},
		{"v4: cash without a code", expenseV4, `,` + nothing + `{"id":"CASH","name":"Bar"}`, "CASH", no, nil},
		{"v4: a number without a code", expenseV4, `,` + nothing + `{"id":"1022","name":"Mastercard","code":null}`, "1022", nil, nil},
		{"v4: a code that is no card's", expenseV4, `,` + nothing + `{"id":"1030","name":"Paid by us","code":"COPD"}`, "COPD", nil, nil},
		{"v4: such a code, and a transaction", expenseV4, `,"paymentType":{"id":"1030","code":"X"},"expenseSourceIdentifiers":{"creditCardTransactionId":"T","personalCardTransactionId":null}`, "X", yes, no},
		{"v4: such a code, and a personal card", expenseV4, `,"paymentType":{"id":"1030","code":"X"},"expenseSourceIdentifiers":{"creditCardTransactionId":null,"personalCardTransactionId":"T"}`, "X", no, yes},
		{"v4: N/A in the place of the personal card", expenseV4, `,"paymentType":{"id":"1030","code":"X"},"expenseSourceIdentifiers":{"creditCardTransactionId":null,"personalCardTransactionId":"N/A"}`, "X", nil, nil},
		{"v4: identifiers that do not name the personal card", expenseV4, `,"paymentType":{"id":"CASH","code":"CASH"},"expenseSourceIdentifiers":{"receipts":null}`, "CASH", no, nil},
		{"v4: identifiers that identify nothing", expenseV4, `,"paymentType":{"id":"1030","code":"X"},"expenseSourceIdentifiers":{"creditCardTransactionId":0,"personalCardTransactionId":"N/A"}`, "X", nil, nil},
		{"v3: a transaction that identifies nothing", entryV3, `,"CompanyCardTransactionID":"0","PaymentTypeName":"Visa","IsPersonalCardCharge":"N/A"`, "", nil, nil},
		{"v4: nothing", expenseV4, "", "", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := c.read(t, c.inner)
			require.Equal(t, []any{c.paymentType, c.companyCard, c.personal}, []any{e.PaymentType, e.CompanyCard, e.PersonalCard})
		})
	}
}

func TestWhetherThereIsAReceipt(t *testing.T) {
	t.Parallel()
	yes, no := new(true), new(false)
	for _, c := range []struct {
		name  string
		read  func(*testing.T, string) expense.Entry
		inner string
		want  *bool
	}{
		{"v1.1: an image", entry, "<EreceiptId/><ReceiptImageId>6EA8D791</ReceiptImageId>", yes},
		{"v1.1: an e-receipt", entry, "<EreceiptId>77</EreceiptId><ReceiptImageId/>", yes},
		{"v1.1: neither", entry, "<EreceiptId/><ReceiptImageId/>", no},
		{"v1.1: nothing is said of an image", entry, "<EreceiptId/>", nil},
		{"v1.1: no image, and nothing is said of an e-receipt", entry, "<ReceiptImageId/>", nil},
		{"v1.1: N/A in the place of an image", entry, "<EreceiptId/><ReceiptImageId>N/A</ReceiptImageId>", nil},
		{"v2.0: neither", entry, "<E-ReceiptID/><EntryImageID/>", no},
		{"v3: an image", entryV3, `,"HasImage":true,"ElectronicReceiptID":null`, yes},
		{"v3: an e-receipt", entryV3, `,"HasImage":false,"ElectronicReceiptID":"gR"`, yes},
		{"v3: neither", entryV3, `,"HasImage":false,"ElectronicReceiptID":null`, no},
		{"v3: nothing is said of an image", entryV3, `,"ElectronicReceiptID":null`, nil},
		{"v3: no image, and nothing is said of an e-receipt", entryV3, `,"HasImage":"N"`, nil},
		{"v3: an image as a text", entryV3, `,"HasImage":"Y"`, yes},
		{"v4: an image", expenseV4, `,"receiptImageId":"2E18099C","ereceiptImageId":null`, yes},
		{"v4: an e-receipt", expenseV4, `,"receiptImageId":null,"ereceiptImageId":"2E18099C"`, yes},
		{"v4: an image among the sources", expenseV4, `,"receiptImageId":null,"expenseSourceIdentifiers":{"receiptImageId":"2E18099C"}`, yes},
		{"v4: neither", expenseV4, `,"receiptImageId":null,"ereceiptImageId":null,"expenseSourceIdentifiers":null,"hasMissingReceiptDeclaration":false`, no},
		{"v4: it is declared missing", expenseV4, `,"receiptImageId":null,"ereceiptImageId":null,"hasMissingReceiptDeclaration":true`, nil},
		{"v4: it was declared missing, and is there", expenseV4, `,"receiptImageId":"2E18099C","hasMissingReceiptDeclaration":true`, yes},
		{"v4: nothing is said of a declaration", expenseV4, `,"receiptImageId":null,"ereceiptImageId":null,"hasMissingReceiptDeclaration":null`, nil},
		{"v4: nothing is said of an e-receipt", expenseV4, `,"receiptImageId":null,"hasMissingReceiptDeclaration":false`, nil},
		{"v4: sources that hold nothing", expenseV4, `,"receiptImageId":"","ereceiptImageId":"","expenseSourceIdentifiers":{"receipts":[null,{"id":null}],"ereceiptId":""},"hasMissingReceiptDeclaration":"false"`, no},
		{"v3: N/A in the place of an e-receipt", entryV3, `,"HasImage":false,"ElectronicReceiptID":"N/A"`, nil},
		{"v1.1: 0 in the place of an image", entry, "<EreceiptId/><ReceiptImageId>0</ReceiptImageId>", nil},
		{"v1.1: N in the place of an e-receipt", entry, "<EreceiptId>N</EreceiptId><ReceiptImageId/>", nil},
		{"v3: 0 in the place of an e-receipt", entryV3, `,"HasImage":false,"ElectronicReceiptID":0`, nil},
		{"v3: -1 in the place of an e-receipt", entryV3, `,"HasImage":false,"ElectronicReceiptID":-1`, nil},
		{"v4: zeros in the place of an image", expenseV4, `,"receiptImageId":"00000000-0000-0000-0000-000000000000","ereceiptImageId":null,"hasMissingReceiptDeclaration":false`, nil},
		{"v4: false in the place of an e-receipt", expenseV4, `,"receiptImageId":null,"ereceiptImageId":"false","hasMissingReceiptDeclaration":false`, nil},
		{"v4: a source with the number 0", expenseV4, `,"receiptImageId":null,"ereceiptImageId":null,"expenseSourceIdentifiers":{"ereceiptId":0},"hasMissingReceiptDeclaration":false`, nil},
		{"v4: N/A in the place of an image", expenseV4, `,"receiptImageId":"N/A","ereceiptImageId":null,"hasMissingReceiptDeclaration":false`, nil},
		{"v4: N/A among the sources", expenseV4, `,"receiptImageId":null,"ereceiptImageId":null,"expenseSourceIdentifiers":{"ereceiptId":"N/A"},"hasMissingReceiptDeclaration":false`, nil},
		{"v4: N/A within the receipts of the sources", expenseV4, `,"receiptImageId":null,"ereceiptImageId":null,"expenseSourceIdentifiers":{"receipts":[{"id":"N/A"}]},"hasMissingReceiptDeclaration":false`, nil},
		{"v4: N/A in the place of the sources", expenseV4, `,"receiptImageId":null,"ereceiptImageId":null,"expenseSourceIdentifiers":"N/A","hasMissingReceiptDeclaration":false`, nil},
		{"v4: N/A among the sources that name no receipt", expenseV4, `,"receiptImageId":null,"ereceiptImageId":null,"expenseSourceIdentifiers":{"quickExpenseId":"N/A"},"hasMissingReceiptDeclaration":false`, no},
		{"v4: nothing is said of an image", expenseV4, `,"expenseSourceIdentifiers":{"quickExpenseId":null}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.read(t, c.inner).HasReceipt)
		})
	}
	require.Equal(t, yes, expenseV4(t, `,"hasMissingReceiptDeclaration":"Y"`).MissingReceipt)
	require.Nil(t, expenseV4(t, "").MissingReceipt)
}

func TestWhatIsNotToldIsNeitherFalseNorZero(t *testing.T) {
	t.Parallel()
	header := func(inner string) *expense.Report {
		h, err := wire.DecodeReportV4([]byte(`{"reportId":"R","approvalStatusId":"A_EXTV"` + inner + `}`))
		require.NoError(t, err, inner)
		return h.Report
	}
	t.Run("of exceptions, where none is blocking", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, header(`,"hasBlockingExceptions":false`).HasException)
		require.Equal(t, new(true), header(`,"hasBlockingExceptions":true`).HasException)
		require.Nil(t, expenseV4(t, `,"hasBlockingExceptions":false`).HasExceptions)
		require.Equal(t, new(true), expenseV4(t, `,"hasBlockingExceptions":true,"hasExceptions":false`).HasExceptions)
		require.Equal(t, new(false), expenseV4(t, `,"hasBlockingExceptions":false,"hasExceptions":false`).HasExceptions)
	})
	t.Run("of the history, where the header leaves it out", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, header("").EverSentBack)
		require.Nil(t, header(`,"isSentBack":false`).EverSentBack, "it is not sent back now")
		require.Equal(t, new(true), header(`,"isSentBack":true`).EverSentBack)
		require.Equal(t, new(false), header(`,"isSentBack":false,"isReportEverSentBack":false`).EverSentBack)
		require.Equal(t, expense.Date(""), header(`,"submitDate":null`).Submitted)
		require.Nil(t, header("").HasReceiptImage)
	})
	t.Run("of attendees and comments", func(t *testing.T) {
		t.Parallel()
		zero, two := new(0), new(2)
		for inner, want := range map[string]*int{
			"":                               nil,
			"<AttendeeCount/>":               nil,
			"<AttendeeDetails/>":             zero,
			"<HasAttendees>N</HasAttendees>": zero,
			"<HasAttendees>0</HasAttendees>": zero,
			"<AttendeeDetails><AttendeeKey>1</AttendeeKey></AttendeeDetails><AttendeeDetails><AttendeeKey>2</AttendeeKey></AttendeeDetails>": two,
			"<ItemizationsList><Itemization><ItemType>Regular</ItemType><AttendeesList/></Itemization></ItemizationsList>":                   zero,
		} {
			require.Equal(t, want, entry(t, inner).AttendeeCount, inner)
		}
		require.Nil(t, entry(t, "<HasComments>Y</HasComments><CommentCount>0</CommentCount>").CommentCount, "they are on its itemizations")
		require.Equal(t, zero, entry(t, "<HasComments>N</HasComments><CommentCount>0</CommentCount>").CommentCount)
		require.Nil(t, entry(t, "").CommentCount)
	})
	t.Run("of taxes, where there is no summary", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, expenseV4(t, `,"expenseTaxSummary":null`).HasVAT)
		require.Nil(t, expenseV4(t, `,"expenseTaxSummary":{"totalTaxPostedAmount":null,"netTaxAmount":{"value":25}}`).HasVAT)
		require.Equal(t, new(false), expenseV4(t, `,"expenseTaxSummary":{"totalTaxPostedAmount":{"value":0E-8},"vatTaxTotal":null}`).HasVAT)
		require.Equal(t, new(true), expenseV4(t, `,"expenseTaxSummary":{"totalTaxPostedAmount":{"value":0E-8},"vatTaxTotal":{"value":4}}`).HasVAT)
	})
	t.Run("of an exchange rate, which v3 typically does not give", func(t *testing.T) {
		t.Parallel()
		for _, inner := range []string{"", `,"ExchangeRate":null`} {
			require.Empty(t, entryV3(t, inner).ExchangeRate)
		}
	})
	t.Run("of a submission, where v1.1 prints the year one", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, report(t, "<SubmitDate>0001-01-01T00:00:00</SubmitDate>").Submitted)
	})
}

func TestASecondAccountMayBeAText(t *testing.T) {
	t.Parallel()
	e := entry(t, "<Allocations><AllocationKey>nA</AllocationKey><AccountCode1>6750</AccountCode1><AccountCode2>Pending Client</AccountCode2></Allocations>")
	require.Equal(t, []expense.Allocation{{ID: "nA", AccountCode1: "6750", AccountCode2: "Pending Client"}}, e.Allocations)
}

func TestAListItemThatIsNotValidMayHaveNoAddress(t *testing.T) {
	t.Parallel()
	const id = "4366A89A916F074099A971B000989A94"
	listed, text := expense.Field{Value: id, ListItem: id}, expense.Field{Value: id}
	for inner, want := range map[string]expense.Field{
		`,"isValid":"N","listItemUrl":null`:  {Value: id, ListItem: id, Valid: new(false)},
		`,"isValid":false,"listItemUrl":"x"`: {Value: id, ListItem: id, Valid: new(false)},
		`,"isValid":true,"listItemUrl":null`: {Value: id, Valid: new(true)},
		`,"isValid":null,"listItemUrl":null`: text,
		`,"isValid":null,"listItemUrl":"x"`:  listed,
		`,"listItemUrl":""`:                  text,
		``:                                   listed, // as in an allocation
	} {
		require.Equal(t, map[string]expense.Field{"1": want}, expenseV4(t, `,"customData":[{"id":"custom1","value":"`+id+`"`+inner+`}]`).Custom, inner)
	}
	for inner, want := range map[string]expense.Field{
		`,"code":"C1"`:            {Value: id, ListItem: id, Code: "C1"},
		`,"code":null,"href":"x"`: listed,
		`,"code":null`:            listed,
		``:                        text,
	} {
		owned, err := wire.DecodeRequest([]byte(`{"id":"R","approvalStatus":{"code":"SUBMITTED"},"custom1":{"value":"` + id + `"` + inner + `}}`))
		require.NoError(t, err, inner)
		require.Equal(t, map[string]expense.Field{"1": want}, owned.Custom, inner)
	}
}
