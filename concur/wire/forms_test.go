package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func TestADateMayNameItsZoneWithoutAColon(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]expense.Date{
		"2026-02-03T04:05:06+0000":     "2026-02-03T04:05:06Z",
		"2026-02-03T04:05:06.120-0530": "2026-02-03T04:05:06.12-05:30",
		"0001-01-01T00:00:00+0000":     "",
	} {
		require.Equal(t, want, report(t, "<SubmitDate>"+text+"</SubmitDate>").Submitted, text)
		h, err := wire.DecodeReportV4([]byte(`{"reportId":"R1","approvalStatusId":"A_EXTV","submitDate":"` + text + `"}`))
		require.NoError(t, err)
		require.Equal(t, want, h.Report.Submitted, text)
	}
}
