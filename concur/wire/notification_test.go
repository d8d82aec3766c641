package wire_test

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

const reportURI = "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/nKey$p1"

func payload(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return body
}

func callout(inner string) string { return "<Notification>" + inner + "</Notification>" }

var withURI = "<ObjectURI>" + reportURI + "</ObjectURI>"

func TestDecodeNotification(t *testing.T) {
	t.Parallel()
	t.Run("the documented callout is read, no-break space and stray percent sign included", func(t *testing.T) {
		t.Parallel()
		body := payload(t, "callout.xml")
		require.Contains(t, string(body), "\u00a0?>")
		n, err := wire.DecodeNotification(body)
		require.NoError(t, err)
		require.Equal(t, expense.Notification{
			Kind:          expense.ReportObject,
			Key:           "7%Tuv31$pQr%KL9$sXyZ",
			ObjectURI:     "https://www.concursolutions.com/api/expense/expensereport/v1.1/reportfulldetails/7%Tuv31$pQr%KL9$sXyZ",
			ObjectType:    "EXPRPT",
			EventType:     "Report Entered Expense Report Workflow Step - VALIDATION",
			EventDateTime: "2026-02-03",
		}, n)
	})

	accepted := map[string]string{
		"a default namespace":           `<Notification xmlns="http://www.concursolutions.com/api/notification/2012/06">` + withURI + `</Notification>`,
		"a prefixed namespace":          `<n:Notification xmlns:n="urn:any"><n:ObjectURI>` + reportURI + `</n:ObjectURI></n:Notification>`,
		"a byte order mark":             "\uFEFF" + `<?xml version="1.0"?>` + callout(withURI),
		"white space before the root":   "\n  " + callout(withURI) + "\n",
		"another order and case":        `<NOTIFICATION><context/><objecturi>` + reportURI + `</objecturi><EVENTTYPE>x</EVENTTYPE></NOTIFICATION>`,
		"white space round a text":      callout("<ObjectURI>\n\t" + reportURI + " \n</ObjectURI>"),
		"a nil context":                 `<Notification xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Context i:nil="true"/>` + withURI + `</Notification>`,
		"an element nobody knows":       callout("<Extra><Object>https://elsewhere/</Object></Extra>" + withURI),
		"comments and instructions":     `<?pi x?><!-- a -->` + callout(`<!-- b --><?pi y?>`+withURI) + `<!-- c --><?pi z?>`,
		"a comment in a text":           callout("<ObjectURI>" + reportURI[:20] + "<!-- -->" + reportURI[20:] + "</ObjectURI>"),
		"a CDATA section":               callout("<ObjectURI><![CDATA[" + reportURI + "]]></ObjectURI>"),
		"character references":          callout("<ObjectURI>&#x68;ttps" + reportURI[5:] + "</ObjectURI>"),
		"the encoding us-ascii":         `<?xml version="1.0" encoding="US-ASCII"?>` + callout(withURI),
		"the encoding Utf-8":            `<?xml version='1.0' encoding='Utf-8' standalone='yes'?>` + callout(withURI),
		"the encoding UTF8":             `<?xml version="1.0" encoding="UTF8"?>` + callout(withURI),
		"UTF-16 that is not":            `<?xml version="1.0" encoding="utf-16"?>` + callout(withURI),
		"UTF-16":                        utf16(t, `<?xml version="1.0" encoding="utf-16"?>`+callout(withURI)),
		"Latin-1":                       `<?xml version="1.0" encoding="ISO-8859-1"?>` + callout(withURI+"<Context>\xe9</Context>"),
		"invalid UTF-8":                 callout(withURI + "<Context>\xff</Context>"),
		"invalid UTF-8 in a comment":    callout(withURI + "<!-- \xc3( -->"),
		"a null character":              callout(withURI + "<Context>&#0;</Context>"),
		"a forbidden attribute":         callout(withURI + `<Context a="&#xB;"/>`),
		"a date nobody can read":        callout(withURI + "<EventDateTime>last tuesday</EventDateTime>"),
		"a NotificationURI is not kept": callout(withURI + "<NotificationURI>https://www.concursolutions.com/x</NotificationURI>"),
	}
	for name, body := range accepted {
		t.Run("accepted: "+name, func(t *testing.T) {
			t.Parallel()
			n, err := wire.DecodeNotification([]byte(body))
			require.NoError(t, err)
			require.Equal(t, "EXPRPT:nKey$p1", n.ID())
			require.Empty(t, n.NotificationURI)
		})
	}

	refused := map[string]struct{ body, why string }{
		"nothing":                        {"", "empty"},
		"white space":                    {" \n", "empty"},
		"no XML":                         {"hello", "text before the root"},
		"JSON":                           {`{"ObjectURI":"x"}`, "text before the root"},
		"a wrong root":                   {"<Report>" + withURI + "</Report>", "the root element is not Notification"},
		"a DTD":                          {"<!DOCTYPE Notification>" + callout(withURI), "document type"},
		"an entity of its own":           {`<!DOCTYPE n [<!ENTITY a "b">]>` + callout(withURI+"<Context>&a;</Context>"), "document type"},
		"an undefined entity":            {callout(withURI + "<Context>&nbsp;</Context>"), "not well-formed"},
		"a DTD inside":                   {callout(withURI + "<!DOCTYPE x>"), "document type"},
		"two roots":                      {callout(withURI) + callout(withURI), "follows the end"},
		"text after the root":            {callout(withURI) + "x", "follows the end"},
		"two ObjectURIs":                 {callout(withURI + withURI), "more than one ObjectURI"},
		"two ObjectURIs, one empty":      {callout(withURI + "<objecturi/>"), "more than one ObjectURI"},
		"an encoding that is none":       {`<?xml version="1.0" encoding="x-nobody"?>` + callout(withURI), "an encoding that is not known"},
		"UTF-16 that is cut":             {"\xff\xfe<\x00N\x00", "ends before"},
		"a DTD in UTF-16":                {utf16(t, "<!DOCTYPE Notification>"+callout(withURI)), "document type"},
		"an entity in UTF-16":            {utf16(t, callout(withURI+"<Context>&nbsp;</Context>")), "not well-formed"},
		"deep nesting in UTF-16":         {utf16(t, callout(strings.Repeat("<a>", 20)+strings.Repeat("</a>", 20)+withURI)), "deeper than 16"},
		"a forbidden character in a key": {callout("<ObjectURI>" + reportURI + "&#xB;</ObjectURI>"), "printable ASCII"},
		"deep nesting":                   {callout(strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20) + withURI), "deeper than 16"},
		"an early end":                   {"<Notification>" + withURI, "ends before"},
		"an end tag that does not fit":   {"<Notification>" + withURI + "</Other>", "not well-formed"},
		"no ObjectURI":                   {callout("<ObjectType>EXPRPT</ObjectType>"), "no ObjectURI"},
		"an empty ObjectURI":             {callout("<ObjectURI> </ObjectURI>"), "no ObjectURI"},
		"a nil ObjectURI":                {callout(`<ObjectURI nil="true">` + reportURI + `</ObjectURI>`), "no ObjectURI"},
		"an ObjectURI holding elements":  {callout("<ObjectURI>" + reportURI + "<b/></ObjectURI>"), "holds elements"},
		"an ObjectURI without a key":     {callout("<ObjectURI>https://www.concursolutions.com</ObjectURI>"), "no key"},
		"a relative ObjectURI":           {callout("<ObjectURI>/api/expense/expensereport/v1.1/x</ObjectURI>"), "not an absolute URL"},
		"an ObjectURI with one slash":    {callout("<ObjectURI>https:/www.concursolutions.com/a/b</ObjectURI>"), "not an absolute URL"},
		"a key that is not ASCII":        {callout("<ObjectURI>" + reportURI + "é</ObjectURI>"), "printable ASCII"},
	}
	for name, test := range refused {
		t.Run("refused: "+name, func(t *testing.T) {
			t.Parallel()
			n, err := wire.DecodeNotification([]byte(test.body))
			require.ErrorContains(t, err, test.why)
			require.Zero(t, n)
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error(), "nKey")
			require.NotContains(t, err.Error(), "Other")
		})
	}

	t.Run("a character that XML forbids is replaced", func(t *testing.T) {
		t.Parallel()
		for text, want := range map[string]string{
			"a&#xB;b": "a\uFFFDb", "a&#11;b": "a\uFFFDb", "a\x0bb": "a\uFFFDb", "a&#xFFFF;b": "a\uFFFDb", "a&#xD800;b": "a\uFFFDb",
			"a\xffb": "a\uFFFDb", "<![CDATA[a&#xB;b]]>": "a&#xB;b",
		} {
			n, err := wire.DecodeNotification([]byte(callout(withURI + "<EventType>" + text + "</EventType>")))
			require.NoError(t, err)
			require.Equal(t, want, n.EventType)
		}
	})

	t.Run("kept texts are cut at a whole character", func(t *testing.T) {
		t.Parallel()
		long := strings.Repeat("ü", 1000)
		n, err := wire.DecodeNotification([]byte(callout(withURI +
			"<EventType>" + long + "</EventType><ObjectType>" + long + "</ObjectType><EventDateTime>" + long + "</EventDateTime>")))
		require.NoError(t, err)
		require.Equal(t, strings.Repeat("ü", 256), n.EventType)
		require.Equal(t, strings.Repeat("ü", 64), n.ObjectType)
		require.Equal(t, strings.Repeat("ü", 64), n.EventDateTime)
	})
}

// utf16 encodes a text as UTF-16 with a byte order mark.
func utf16(t testing.TB, text string) string {
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	require.NoError(t, err)
	return wide
}

func FuzzDecodeNotification(f *testing.F) {
	f.Add(payload(f, "callout.xml"))
	f.Add([]byte(callout(withURI + withURI)))
	f.Add([]byte("\uFEFF<Notification><ObjectURI>https://h/%/a?b#c</ObjectURI></Notification>"))
	f.Add([]byte(`<!DOCTYPE n [<!ENTITY a "b">]><Notification/>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := wire.DecodeNotification(body)
		if err != nil {
			require.Zero(t, n)
			require.True(t, utf8.ValidString(err.Error()))
			return
		}
		require.True(t, utf8.ValidString(n.EventType))
		kind, key, err := expense.Identify(n.ObjectURI)
		require.NoError(t, err)
		require.Equal(t, expense.Notification{Kind: kind, Key: key}.ID(), n.ID())
		require.LessOrEqual(t, utf8.RuneCountInString(n.EventType), 256)
	})
}

func TestADocumentTypeInUTF16IsRefused(t *testing.T) {
	t.Parallel()
	_, err := wire.DecodeNotification([]byte(utf16(t, `<!DOCTYPE n [<!ENTITY a "b">]>`+callout(withURI))))
	require.ErrorContains(t, err, "document type")
	_, err = wire.DecodeReport([]byte(utf16(t, `<!DOCTYPE n [<!ENTITY a "b">]><ReportDetails>&a;</ReportDetails>`)))
	require.ErrorContains(t, err, "document type")
}
