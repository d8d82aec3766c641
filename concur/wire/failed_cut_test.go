package wire_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// entryIn writes an entry of a failed list; more stands in it, at its end.
func entryIn(format, id, more string) string {
	if format == "XML" {
		return "<Notification><NotificationURI>" + entryURI + id + "</NotificationURI><ObjectURI>" + reportURI + id + "</ObjectURI>" + more + "</Notification>"
	}
	return `{"NotificationURI":"` + entryURI + id + `","ObjectURI":"` + reportURI + id + `"` + more + "}"
}

// TestOneBadEntryHidesNoOther puts one bad entry between good ones.
func TestOneBadEntryHidesNoOther(t *testing.T) {
	t.Parallel()
	const bad = "Bad" // the good ones are A, B and C
	for name, test := range map[string]struct {
		format, entry string
		reason        string // empty: it is read like the others
	}{
		"a forbidden reference":              {"XML", entryIn("XML", bad, "<EventType>a&#xB;b</EventType>"), ""},
		"a forbidden character":              {"XML", entryIn("XML", bad, "<EventType>a\x0bb</EventType>"), ""},
		"a byte that is no UTF-8":            {"XML", entryIn("XML", bad, "<EventType>a\xffb</EventType>"), ""},
		"a CDATA section":                    {"XML", entryIn("XML", bad, "<EventType><![CDATA[</Notification> & <Notification>]]></EventType>"), ""},
		"a comment":                          {"XML", entryIn("XML", bad, "<!-- </Notification> <Notification> -->"), ""},
		"a brace in a text":                  {"XML", entryIn("XML", bad, `<EventType a="</x>'>">'}</EventType>`), "not well-formed"},
		"an entity":                          {"XML", entryIn("XML", bad, "<EventType>&nbsp;</EventType>"), "not well-formed"},
		"an ampersand":                       {"XML", entryIn("XML", bad, "<EventType>a & b</EventType>"), "not well-formed"},
		"a less-than sign":                   {"XML", entryIn("XML", bad, "<EventType>a < b</EventType>"), "not well-formed"},
		"an element without an end":          {"XML", entryIn("XML", bad, "<EventType>a"), "not well-formed"},
		"an end without an element":          {"XML", entryIn("XML", bad, "</EventType>"), "not well-formed"},
		"a document type":                    {"XML", entryIn("XML", bad, "<!DOCTYPE x>"), "not well-formed"},
		"a quote without an end":             {"XML", entryIn("XML", bad, `<EventType a="b></EventType>`), "not well-formed"},
		"a CDATA section without an end":     {"XML", entryIn("XML", bad, "<EventType><![CDATA[a</EventType>"), "not well-formed"},
		"a comment without an end":           {"XML", entryIn("XML", bad, "<!-- a"), "not well-formed"},
		"an instruction without an end":      {"XML", entryIn("XML", bad, "<?a"), "not well-formed"},
		"an ampersand in an address":         {"XML", entryIn("XML", bad, "<ObjectURI>https://x/?a=1&b=2&amp;c</ObjectURI>"), "not well-formed"},
		"an end tag that is cut":             {"XML", strings.TrimSuffix(entryIn("XML", bad, ""), "ication>"), "not well-formed"},
		"no end tag":                         {"XML", strings.TrimSuffix(entryIn("XML", bad, ""), "</Notification>"), "not well-formed"},
		"deep nesting":                       {"XML", entryIn("XML", bad, strings.Repeat("<a>", 20)+strings.Repeat("</a>", 20)), "not well-formed"},
		"a text that is very long":           {"XML", entryIn("XML", bad, "<EventType>"+strings.Repeat("a", 5<<20)+"</EventType>"), "not well-formed"},
		"a comment that is very long":        {"XML", entryIn("XML", bad, "<!-- "+strings.Repeat("a", 5<<20)+" -->"), "not well-formed"},
		"JSON: a forbidden escape":           {"JSON", entryIn("JSON", bad, `,"EventType":"a\u000bb"`), ""},
		"JSON: a forbidden character":        {"JSON", entryIn("JSON", bad, ",\"EventType\":\"a\x0b\nb\""), ""},
		"JSON: half a pair":                  {"JSON", entryIn("JSON", bad, `,"EventType":"a\ud800b"`), ""},
		"JSON: a byte that is no UTF-8":      {"JSON", entryIn("JSON", bad, ",\"EventType\":\"a\xffb\""), ""},
		"JSON: braces in a text":             {"JSON", entryIn("JSON", bad, `,"EventType":"}, {\"]\\"`), ""},
		"JSON: objects and lists":            {"JSON", entryIn("JSON", bad, `,"Failure":{"a":[{},{"b":"}"}]}`), ""},
		"JSON: a word":                       {"JSON", entryIn("JSON", bad, `,"EventType":tru`), "not well-formed"},
		"JSON: a comma too many":             {"JSON", entryIn("JSON", bad, `,`), "not well-formed"},
		"JSON: a name without quotes":        {"JSON", entryIn("JSON", bad, `,EventType:"a"`), "not well-formed"},
		"JSON: an escape that is none":       {"JSON", entryIn("JSON", bad, `,"EventType":"\x"`), "not well-formed"},
		"JSON: a text without an end":        {"JSON", entryIn("JSON", bad, `,"EventType":"a`), "not well-formed"},
		"JSON: a text without a beginning":   {"JSON", entryIn("JSON", bad, `,"EventType":a"`), "not well-formed"},
		"JSON: a list without an end":        {"JSON", entryIn("JSON", bad, `,"EventType":[1`), "not well-formed"},
		"JSON: an object without an end":     {"JSON", entryIn("JSON", bad, `,"Failure":{`), "not well-formed"},
		"JSON: an end that is cut":           {"JSON", strings.TrimSuffix(entryIn("JSON", bad, ""), `"}`), "not well-formed"},
		"JSON: a brace too many":             {"JSON", entryIn("JSON", bad, "") + "}", ""},
		"JSON: a bracket too many":           {"JSON", entryIn("JSON", bad, "") + "]", ""},
		"JSON: a text that is very long":     {"JSON", entryIn("JSON", bad, `,"EventType":"`+strings.Repeat("a", 5<<20)+`"`), "not well-formed"},
		"JSON: a comma too many between two": {"JSON", entryIn("JSON", bad, "") + ",", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := func(id string) string { return entryIn(test.format, id, "") }
			list := "<?xml version=\"1.0\"?><n:NotificationList xmlns:n=\"u\"><Count>4</Count><Notifications>\n" +
				good("A") + test.entry + "\n" + good("B") + good("C") + "</Notifications></n:NotificationList>\n"
			if test.format == "JSON" {
				list = `{"Count":4,"NotificationList":{"Notification":[ ` + good("A") + ",\n" + test.entry + " , " + good("B") + "," + good("C") + " ]}}\n"
			}
			items, err := failedItems(strings.NewReader(list))
			require.NoError(t, err)
			var read []string
			for _, item := range items {
				require.True(t, strings.HasPrefix(item.Notification.NotificationURI, entryURI), "every entry is named: %s", item.Reason)
				id := item.Notification.NotificationURI[len(entryURI):]
				read = append(read, id)
				if id == bad {
					require.Equal(t, test.reason, item.Reason)
					continue
				}
				require.Empty(t, item.Reason, id)
				require.Equal(t, reportURI+id, item.Notification.ObjectURI)
			}
			require.Equal(t, []string{"A", bad, "B", "C"}, read)
		})
	}
}

// TestDamageToOneEntryHidesNoOther cuts an entry at each place, and takes away or puts in one
// character at each place.
func TestDamageToOneEntryHidesNoOther(t *testing.T) {
	t.Parallel()
	for format, more := range map[string]string{"XML": `<EventType a="b">x &amp; y</EventType><!-- c -->`, "JSON": `,"EventType":"a\"b","Failure":{"x":null}`} {
		entry := entryIn(format, "Bad", more)
		var damaged []string
		for i := range entry {
			damaged = append(damaged, entry[:i], entry[i:], entry[:i]+entry[i+1:])
			for _, c := range `<>"&{}:,` {
				damaged = append(damaged, entry[:i]+string(c)+entry[i:])
			}
		}
		good := func(id string) string { return entryIn(format, id, "") }
		for _, bad := range damaged {
			list := "<NotificationList>" + good("A") + bad + good("B") + good("C") + "</NotificationList>"
			if format == "JSON" {
				list = `{"List":[` + good("A") + "," + bad + ", " + good("B") + "," + good("C") + `],"Count":4}`
			}
			items, err := failedItems(strings.NewReader(list))
			require.NoError(t, err, bad)
			var read []string
			for _, item := range items {
				if item.Reason == "" {
					read = append(read, strings.TrimPrefix(item.Notification.NotificationURI, entryURI))
				}
			}
			require.Subset(t, read, []string{"A", "B", "C"}, bad)
		}
	}
}

func TestAnEntryInAnotherHidesNoOther(t *testing.T) {
	t.Parallel()
	good := func(id string) string { return entryIn("XML", id, "") }
	for inner, read := range map[string]string{
		"<Notification>" + good("X") + "</Notification>":                           "A!X!B",
		"<Notification><Notification>" + good("X") + good("Y") + "</Notification>": "A!!XY!B",
		"</Notification>":                      "A!B",
		"<Notification":                        "A!B",
		"</EventType>":                         "A!B",
		"<EventType>":                          "AB",
		"<otification>" + good("X"):            "AXB",
		"&nbsp;":                               "A!B",
		"<Notification/>":                      "A!B",
		"<!-- a -- b --><?x ?><![CDATA[ & ]]>": "AB",
		"text":                                 "AB",
	} {
		items, err := failedItems(strings.NewReader("<NotificationList>" + good("A") + inner + good("B") + "</NotificationList>"))
		require.NoError(t, err, inner)
		got := ""
		for _, item := range items {
			if item.Reason != "" {
				got += "!"
				continue
			}
			got += strings.TrimPrefix(item.Notification.NotificationURI, entryURI)
		}
		require.Equal(t, read, got, inner)
	}
}

func TestAListOfBadEntriesIsReadInTime(t *testing.T) {
	t.Parallel()
	for format, between := range map[string]string{"XML": "", "JSON": ","} {
		var list strings.Builder
		list.WriteString(map[string]string{"XML": "<NotificationList>", "JSON": "["}[format])
		for i := range 2000 {
			more := map[string]string{"XML": "<!-- a", "JSON": `,"EventType":"a`}[format]
			if i > 0 {
				list.WriteString(between)
			}
			list.WriteString(entryIn(format, fmt.Sprint("n", i), more))
		}
		list.WriteString(map[string]string{"XML": "</NotificationList>", "JSON": "]"}[format])
		items, err := failedItems(strings.NewReader(list.String()))
		require.NoError(t, err, format)
		require.Len(t, items, 2000, format)
	}
}

func TestAListThatNeedsNoNoteIsNotTouched(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"failed_list.xml", "failed_list.json"} {
		slow, err := failedItems(iotest.OneByteReader(bytes.NewReader(payload(t, file))))
		require.NoError(t, err)
		fast, err := failedItems(bytes.NewReader(payload(t, file)))
		require.NoError(t, err)
		require.Equal(t, slow, fast)
	}
	for _, list := range []string{
		utf16(t, "<NotificationList>"+entryIn("XML", "a", "")+"</NotificationList>"), utf16(t, "["+entryIn("JSON", "a", "")+"]"),
		`<?xml version="1.0" encoding="utf-16"?><NotificationList>` + entryIn("XML", "a", "") + "</NotificationList>",
	} {
		items, err := failedItems(strings.NewReader(list))
		require.NoError(t, err)
		require.Len(t, items, 1)
		require.Empty(t, items[0].Reason)
	}
	for list, why := range map[string]string{
		utf16(t, "<!DOCTYPE x><NotificationList/>"):                      "document type",
		"<NotificationList>" + entryIn("XML", "a", "")[:60]:              "ends before",
		"<NotificationList><Notification>":                               "ends before",
		"[" + entryIn("JSON", "a", "")[:60]:                              "ends before",
		`<?xml version="1.0" encoding="x-nobody"?><NotificationList/>`:   "not known",
		"<NotificationList><!DOCTYPE x></NotificationList>":              "document type",
		"<NotificationList><Notification>" + strings.Repeat("a", 17<<20): "longer than",
		`[{"a":"` + strings.Repeat("a", 17<<20):                          "longer than",
	} {
		_, err := failedItems(strings.NewReader(list))
		require.ErrorContains(t, err, why)
	}
}
