package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
)

func TestATextThatSaysThatThereIsNoneIsAbsent(t *testing.T) {
	t.Parallel()
	for _, none := range []string{"N/A", "n/a", " NA ", "n.a.", "-", "none"} {
		t.Run(none, func(t *testing.T) {
			t.Parallel()
			e := entry(t, "<ExchangeRate>"+none+"</ExchangeRate><PostedAmount>"+none+"</PostedAmount><IsPersonal>"+none+"</IsPersonal>")
			require.Empty(t, e.ExchangeRate)
			require.Nil(t, e.Posted)
			require.Nil(t, e.Personal)

			e = entryV3(t, `,"ExchangeRate":"`+none+`","PostedAmount":"`+none+`","IsPersonal":"`+none+`","HasImage":"`+none+`","HasAttendees":"`+none+`","CompanyCardTransactionID":"`+none+`"`)
			require.Empty(t, e.ExchangeRate)
			require.Nil(t, e.Posted)
			require.Nil(t, e.Personal)
			require.Nil(t, e.HasReceipt)
			require.Nil(t, e.AttendeeCount)
			require.Nil(t, e.CompanyCard)

			e = expenseV4(t, `,"exchangeRate":{"value":"`+none+`","operation":"MULTIPLY"},"postedAmount":{"value":"`+none+`","currencyCode":"USD"},"isPersonalExpense":"`+none+`","attendeeCount":"`+none+`","vendor":"`+none+`","customData":"`+none+`"`)
			require.Empty(t, e.ExchangeRate)
			require.Nil(t, e.Posted)
			require.Nil(t, e.Personal)
			require.Nil(t, e.AttendeeCount)
			require.Empty(t, e.Vendor)

			page, err := wire.DecodeExpected([]byte(`[{"id":"E","exchangeRate":"`+none+`","postedAmount":{"value":"`+none+`"},"allocations":[{"percentage":"`+none+`","systemAllocation":"`+none+`"}]}]`), "USD")
			require.NoError(t, err)
			require.Nil(t, page.Rows[0].Posted)
			require.Empty(t, page.Rows[0].Allocations[0].Percentage)
			require.Nil(t, page.Rows[0].Allocations[0].Hidden)
		})
	}
	t.Run("and any other text is an error", func(t *testing.T) {
		t.Parallel()
		for _, odd := range []string{"1,50", "N/A 5", "many"} {
			_, err := wire.DecodeExpenseV4([]byte(`{"expenseId":"E","postedAmount":{"value":"` + odd + `"}}`))
			require.Error(t, err, odd)
			_, err = wire.DecodeReport([]byte("<ReportDetails><ReportTotal>" + odd + "</ReportTotal></ReportDetails>"))
			require.Error(t, err, odd)
		}
	})
	t.Run("in the text of a field it is a text", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "N/A", expenseV4(t, `,"vendor":{"description":"N/A"}`).Vendor)
		require.Equal(t, "NA", expenseV4(t, `,"location":{"countryCode":"NA"}`).Country)
	})
}
