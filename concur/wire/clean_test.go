package wire_test

import (
	"bytes"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"concur-connector/concur/wire"
)

// decoders are what reads each kind of payload; what they return is compared.
var decoders = map[string]func(body []byte) (any, error){
	"callout.xml":          func(b []byte) (any, error) { return wire.DecodeNotification(b) },
	"report.xml":           func(b []byte) (any, error) { return wire.DecodeDetails(b) },
	"report_v2.xml":        func(b []byte) (any, error) { return wire.DecodeDetails(b) },
	"exception_result.xml": func(b []byte) (any, error) { return wire.DecodeExceptionResult(b, 3) },
	"failed_list.xml":      func(b []byte) (any, error) { return failedItems(bytes.NewReader(b)) },
	"failed_list.json":     func(b []byte) (any, error) { return failedItems(bytes.NewReader(b)) },
	"report_v3.json":       func(b []byte) (any, error) { return wire.DecodeReportV3(b) },
	"entries_v3.json":      func(b []byte) (any, error) { return wire.DecodeEntriesV3(b) },
	"report_v4.json":       func(b []byte) (any, error) { return wire.DecodeReportV4(b) },
	"expense_v4.json":      func(b []byte) (any, error) { return wire.DecodeExpenseV4(b) },
}

var declared = regexp.MustCompile(`^<\?xml[^>]*\?>`)

// TestEveryPayloadIsReadInEveryEncoding re-encodes each payload. What is read is the same.
func TestEveryPayloadIsReadInEveryEncoding(t *testing.T) {
	t.Parallel()
	utf16 := func(endian unicode.Endianness, mark unicode.BOMPolicy) encoding.Encoding {
		return unicode.UTF16(endian, mark)
	}
	for file, decode := range decoders {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			plain := declared.ReplaceAllString(string(bytes.TrimSpace(payload(t, file))), "")
			want, err := decode([]byte(plain))
			require.NoError(t, err)
			for name, c := range map[string]struct {
				declaration string
				in          encoding.Encoding
			}{
				"UTF-8 by a mark":             {"\uFEFF", encoding.Nop},
				"UTF-8 called UTF-16":         {`<?xml version="1.0" encoding="utf-16"?>`, encoding.Nop},
				"UTF-8 called UTF8":           {`<?xml version="1.0" encoding="UTF8"?>`, encoding.Nop},
				"UTF-8 in single quotes":      {`<?xml version='1.0' encoding='Utf-8' standalone='yes'?>`, encoding.Nop},
				"UTF-8 after white space":     {"\r\n <?xml version=\"1.0\" encoding=\"utf-8\"?>", encoding.Nop},
				"UTF-16, big":                 {"", utf16(unicode.BigEndian, unicode.IgnoreBOM)},
				"UTF-16, little":              {"", utf16(unicode.LittleEndian, unicode.IgnoreBOM)},
				"UTF-16 with a mark, big":     {`<?xml version="1.0" encoding="UTF-16"?>`, utf16(unicode.BigEndian, unicode.UseBOM)},
				"UTF-16 with a mark, little":  {`<?xml version="1.0" encoding="UTF-16"?>`, utf16(unicode.LittleEndian, unicode.UseBOM)},
				"UTF-16 called UTF-8, little": {`<?xml version="1.0" encoding="utf-8"?>`, utf16(unicode.LittleEndian, unicode.UseBOM)},
				"windows-1252":                {`<?xml version="1.0" encoding="Windows-1252"?>`, charmap.Windows1252},
				"ISO-8859-1":                  {`<?xml version="1.0" encoding="iso-8859-1"?>`, charmap.Windows1252},
			} {
				if strings.HasSuffix(file, ".json") {
					if strings.Contains(name, "1252") || strings.Contains(name, "8859") {
						continue // JSON declares nothing
					}
					c.declaration = strings.TrimLeft(c.declaration, "\r\n ")
					c.declaration = declared.ReplaceAllString(c.declaration, "")
				}
				encoded, err := encoding.ReplaceUnsupported(c.in.NewEncoder()).String(c.declaration + plain)
				require.NoError(t, err)
				got, err := decode([]byte(encoded))
				require.NoError(t, err, name)
				require.Equal(t, want, got, name)
			}
		})
	}
}

// textIn begins a free text in each payload.
var textIn = map[string]string{
	"callout.xml": "<EventType>", "report.xml": "<ReportName>", "report_v2.xml": "<ReportName>", "exception_result.xml": "<message>", "failed_list.xml": "<EventType>",
	"failed_list.json": `"EventType": "`, "report_v3.json": `"Name": "`, "entries_v3.json": `"VendorDescription": "`, "report_v4.json": `"name": "`, "expense_v4.json": `"businessPurpose": "`,
}

// TestAForbiddenCharacterSpoilsNoPayload puts what XML forbids before a text of each payload.
// Nothing else of what is read changes.
func TestAForbiddenCharacterSpoilsNoPayload(t *testing.T) {
	t.Parallel()
	bad := map[string]map[string]string{
		".xml": {
			"&#x0;": "?", "&#0;": "?", "&#11;": "?", "&#xB;": "?", "&#xFFFE;": "?", "&#xD800;": "?", "&#x110000;": "?", "&#xDFFF;&#xD800;": "??", "\x0b": "?", "\x00": "?",
			"\uFFFE": "?", "\xed\xa0\x80": "???", "\xc0\xaf": "??", "\xff": "?", "<!-- \x0b -->": "", "<![CDATA[\x0b&#xB;]]>": "?&amp;#xB;", "<?x \x0b?>": "",
		},
		".json": {
			`\u0000`: "?", `\u000b`: "?", `\ud800`: "?", `\udc00x`: "?x", `\ud800\u0041`: "?A", `\ud83d\ude00`: "😀", "\x00": "?", "\x0b": "?", "a\nb": "a b",
			"\xed\xa0\x80": "???", "\xc0\xaf": "??", "\xff": "?", "\uFFFF": "?", `\b\f`: "??",
		},
	}
	for file, decode := range decoders {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			body, before := string(payload(t, file)), textIn[file]
			require.Contains(t, body, before)
			spoil := func(with string) any {
				got, err := decode([]byte(strings.Replace(body, before, before+with, 1)))
				require.NoError(t, err, "%q", with)
				return got
			}
			for sent, read := range bad[path.Ext(file)] {
				require.Equal(t, spoil(strings.ReplaceAll(read, "?", "\uFFFD")), spoil(sent), "%q", sent)
			}
		})
	}
}
