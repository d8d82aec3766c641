package wire_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

type sentAction struct {
	XMLName xml.Name
	Action  string
	Comment string
}

func decodeAction(t *testing.T, body []byte) sentAction {
	t.Helper()
	var sent sentAction
	require.NoError(t, xml.Unmarshal(body, &sent))
	require.Equal(t, xml.Name{Space: "http://www.concursolutions.com/api/expense/expensereport/2011/03", Local: "WorkflowAction"}, sent.XMLName)
	return sent
}

func TestEncodeAction(t *testing.T) {
	t.Parallel()
	t.Run("the words are Concur's", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "Approve", decodeAction(t, wire.EncodeAction(expense.Approve, "")).Action)
		require.Equal(t, "Send Back to Employee", decodeAction(t, wire.EncodeAction(expense.SendBack, "why")).Action)
		require.Nil(t, wire.EncodeAction(expense.Ask, "why"))
		require.Nil(t, wire.EncodeAction("Recall to Employee", "why"))
	})
	t.Run("a comment arrives as it was, but for what XML cannot carry", func(t *testing.T) {
		t.Parallel()
		sent := decodeAction(t, wire.EncodeAction(expense.SendBack, "a < b & \"c\"\r\n\tdeé😀 \x00\x0b\uFFFE\xffend"))
		require.Equal(t, "a < b & \"c\"\r\n\tdeé😀 end", sent.Comment)
	})
	t.Run("a comment of the longest length is not cut", func(t *testing.T) {
		t.Parallel()
		comment := strings.Repeat("é", 2000)
		require.Equal(t, comment, decodeAction(t, wire.EncodeAction(expense.SendBack, comment+"\x00")).Comment)
	})
	t.Run("a longer comment is cut at a whole character and says so", func(t *testing.T) {
		t.Parallel()
		sent := decodeAction(t, wire.EncodeAction(expense.SendBack, strings.Repeat("é", 2001)))
		require.Equal(t, strings.Repeat("é", 1999)+"…", sent.Comment)
	})
}

func TestDecodeActionStatus(t *testing.T) {
	t.Parallel()
	const open = `<ActionStatus xmlns="http://www.concursolutions.com/api/expense/expensereport/2011/03">`
	for name, test := range map[string]struct {
		body    string
		ok      bool
		message string
	}{
		"the documented success":           {open + "<Message>SUCCESS!</Message><Status>SUCCESS!</Status></ActionStatus>", true, "SUCCESS!"},
		"success in another case":          {"<actionstatus><STATUS> Success </STATUS></actionstatus>", true, ""},
		"the documented failure":           {open + "<Message>It has been\n changed.</Message><Status>FAILURE</Status></ActionStatus>", false, "It has been changed."},
		"a status nobody knows":            {open + "<Status>UNSUCCESSFUL</Status></ActionStatus>", false, ""},
		"success that is only in the text": {open + "<Message>SUCCESS!</Message><Status>PENDING</Status></ActionStatus>", false, "SUCCESS!"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ok, message, err := wire.DecodeActionStatus([]byte(test.body))
			require.NoError(t, err)
			require.Equal(t, test.ok, ok)
			require.Equal(t, test.message, message)
		})
	}
	for _, body := range []string{
		"", "<Error><Status>SUCCESS</Status></Error>", open + "</ActionStatus>", open + "<Status/></ActionStatus>",
		open + "<Status>SUCCESS</Status><Status>FAILURE</Status></ActionStatus>", open + "<Status>SUCCESS</Status>",
	} {
		ok, _, err := wire.DecodeActionStatus([]byte(body))
		require.Error(t, err, body)
		require.False(t, ok)
	}
}

func FuzzEncodeAction(f *testing.F) {
	f.Add("plain")
	f.Add(strings.Repeat("😀\r\n", 1500))
	f.Add("\x00\xff]]></Comment>")
	f.Fuzz(func(t *testing.T, comment string) {
		sent := decodeAction(t, wire.EncodeAction(expense.SendBack, comment))
		require.LessOrEqual(t, utf8.RuneCountInString(sent.Comment), 2000)
		if clean := strings.ToValidUTF8(comment, ""); utf8.RuneCountInString(clean) <= 2000 {
			require.LessOrEqual(t, len(sent.Comment), len(clean))
		}
	})
}

func FuzzDecodeActionStatus(f *testing.F) {
	f.Add([]byte("<ActionStatus><Message>m</Message><Status>SUCCESS!</Status></ActionStatus>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		ok, message, err := wire.DecodeActionStatus(body)
		if err != nil {
			require.False(t, ok)
			require.Empty(t, message)
		}
		require.NotContains(t, message, "\n")
	})
}
