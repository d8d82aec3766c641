package lenient_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"concur-connector/concur/wire/lenient"
)

const lost = "\uFFFD"

func TestForbiddenCharactersAreReplacedAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in, out  string
		replaced int
	}{
		"a reference in hexadecimal":          {`<a>x&#xB;y</a>`, "<a>x" + lost + "y</a>", 1},
		"in small letters, with zeros":        {`<a>x&#x000b;y</a>`, "<a>x" + lost + "y</a>", 1},
		"in decimal":                          {`<a>&#11;&#0;&#31;</a>`, "<a>" + lost + lost + lost + "</a>", 3},
		"to a noncharacter":                   {`<a>&#xFFFE;&#65535;</a>`, "<a>" + lost + lost + "</a>", 2},
		"to half a pair":                      {`<a>&#xD800;&#xdfff;</a>`, "<a>" + lost + lost + "</a>", 2},
		"above the last character":            {`<a>&#x110000;&#99999999999999999999999;</a>`, "<a>" + lost + lost + "</a>", 2},
		"in an attribute":                     {`<a b='x&#xB;' c="&#1;"/>`, "<a b='x" + lost + `' c="` + lost + `"/>`, 2},
		"two beside one another":              {`<a>&&#xB;</a>`, "<a>&" + lost + "</a>", 1},
		"one that is allowed":                 {`<a>&#9;&#xA;&#13;&#x41;&#x10FFFF;&amp;&lt;</a>`, "", 0},
		"no reference":                        {`<a>& &# &#; &#x; &#xB &#xG; &#-1; &b &#x` + strings.Repeat("0", 99) + `b;</a>`, "", 0},
		"in a CDATA section it is text":       {`<a><![CDATA[&#xB;]]>&#xB;</a>`, "<a><![CDATA[&#xB;]]>" + lost + "</a>", 1},
		"in a comment, too":                   {`<a><!--&#xB;-->&#xB;<!--->&#xB;--></a>`, "<a><!--&#xB;-->" + lost + "<!--->&#xB;--></a>", 1},
		"and in an instruction":               {`<?x &#xB;?><a>&#xB;</a>`, "<?x &#xB;?><a>" + lost + "</a>", 1},
		"the character itself":                {"<a>\x00\x0b\x1f\uFFFE\uFFFF</a>", "<a>" + strings.Repeat(lost, 5) + "</a>", 5},
		"the character in a CDATA section":    {"<a><![CDATA[\x0b]]></a>", "<a><![CDATA[" + lost + "]]></a>", 1},
		"tab, line feed and carriage return":  {"<a>\t\r\n\u007f\u0085\uFDD0</a>", "", 0},
		"bytes that are no UTF-8":             {"<a>\xff\xc3(</a>", "<a>" + lost + lost + "(</a>", 2},
		"a surrogate in UTF-8":                {"<a>\xed\xa0\x80</a>", "<a>" + lost + lost + lost + "</a>", 3},
		"a replacement that was there":        {"<a>" + lost + "</a>", "", 0},
		"a byte order mark stays":             {"\uFEFF <a>&#xB;</a>", "\uFEFF <a>" + lost + "</a>", 1},
		"the end in a reference":              {`<a>&#x`, "", 0},
		"JSON: an escape":                     {`{"a":"x\u000By\u0000\b\f"}`, `{"a":"x\ufffdy\ufffd\ufffd\ufffd"}`, 4},
		"JSON: a noncharacter":                {`["\uFFFE\uffff"]`, `["\ufffd\ufffd"]`, 2},
		"JSON: half a pair":                   {`["\ud800","\uDC00","\ud800\u0041","\ud800\ud83d\ude00","\ud800\n","\ud800x"]`, `["\ufffd","\ufffd","\ufffd\u0041","\ufffd\ud83d\ude00","\ufffd\n","\ufffdx"]`, 6},
		"JSON: a pair":                        {`["\ud83d\ude00","\uD83D\uDE00"]`, "", 0},
		"JSON: an escaped backslash":          {`["\\u000b","\\\u000b"]`, `["\\u000b","\\\ufffd"]`, 1},
		"JSON: the character itself":          {"[\"\x00\x1f\",\"\uFFFF\"]", `["` + lost + lost + `","` + lost + `"]`, 3},
		"JSON: white space itself":            {"[\"a\tb\r\nc\"]\n", `["a b  c"]` + "\n", 0},
		"JSON: an escape that is none":        {`["\x","\u12","\`, "", 0},
		"JSON: outside of a string":           {"[\t\"a\",\r\n1]", "", 0},
		"JSON: a reference of XML is text":    {`["&#xB;"]`, "", 0},
		"an empty document":                   {"", "", 0},
		"white space":                         {" \n", "", 0},
		"a text that is neither XML nor JSON": {"no &#xB; \"\x01", "no &#xB; \"" + lost, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := test.out
			if test.replaced == 0 && want == "" {
				want = test.in
			}
			got, replaced, err := lenient.Bytes([]byte(test.in), "")
			require.NoError(t, err)
			require.Equal(t, want, string(got))
			require.Equal(t, test.replaced, replaced)
			slow, err := io.ReadAll(iotest.OneByteReader(lenient.NewReader(iotest.OneByteReader(strings.NewReader(test.in)), "")))
			require.NoError(t, err)
			require.Equal(t, want, string(slow), "byte by byte")
		})
	}
}

func utf16(t testing.TB, text string, big, mark bool) string {
	endian, policy := unicode.LittleEndian, unicode.IgnoreBOM
	if big {
		endian = unicode.BigEndian
	}
	if mark {
		policy = unicode.UseBOM
	}
	wide, err := unicode.UTF16(endian, policy).NewEncoder().String(text)
	require.NoError(t, err)
	return wide
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	const mark = "\uFEFF"
	xmlIn := func(name string) string { return `<?xml version="1.0" encoding="` + name + `"?><a>` }
	const xmlText = "application/xml; charset="
	for name, test := range map[string]struct{ in, contentType, out string }{
		"UTF-8 spelt otherwise":                 {xmlIn("UTF8") + "é", "", ""},
		"and again":                             {xmlIn("utf_8") + "é", "", ""},
		"ASCII":                                 {xmlIn("US-ASCII") + "é", "", ""},
		"UTF-16 that is not":                    {xmlIn("utf-16") + "é", "", ""},
		"UTF-16 that is not, big":               {xmlIn("UTF16-BE") + "é", "", ""},
		"UTF-16, little":                        {utf16(t, xmlIn("utf-16")+"é😀", false, true), "", mark + xmlIn("utf-16") + "é😀"},
		"UTF-16, big":                           {utf16(t, xmlIn("utf-16")+"é", true, true), "", mark + xmlIn("utf-16") + "é"},
		"UTF-16 without a mark":                 {utf16(t, xmlIn("utf-16")+"é", false, false), "", mark + xmlIn("utf-16") + "é"},
		"UTF-16 without a mark, big":            {utf16(t, "<a>é", true, false), "", mark + "<a>é"},
		"JSON in UTF-16":                        {utf16(t, `{"a":"é"}`, false, true), "", mark + `{"a":"é"}`},
		"UTF-16 whatever the content type says": {utf16(t, "<a>é", true, true), xmlText + "utf-8", mark + "<a>é"},
		"half a pair in UTF-16":                 {utf16(t, "<a>", false, true) + "\x00\xd8<\x00", "", mark + "<a>" + lost + "<"},
		"ISO-8859-1":                            {xmlIn("ISO-8859-1") + "\xe9", "", mark + xmlIn("ISO-8859-1") + "é"},
		"ISO-8859-1 in single quotes":           {"<?xml version='1.0' encoding = 'iso-8859-1' ?><a>\xe9", "", mark + "<?xml version='1.0' encoding = 'iso-8859-1' ?><a>é"},
		"in capitals, after white space":        {"\r\n<?XML VERSION='1.0' ENCODING='Latin1'?><a>\xe9", "", mark + "\r\n<?XML VERSION='1.0' ENCODING='Latin1'?><a>é"},
		"curly quotes of windows-1252":          {xmlIn("ISO-8859-1") + "\x93a\x94", "", mark + xmlIn("ISO-8859-1") + "“a”"},
		"windows-1252":                          {xmlIn("windows-1252") + "\x80\xe9", "", mark + xmlIn("windows-1252") + "€é"},
		"windows-1252, spelt otherwise":         {xmlIn("cp1252") + "\x80", "", mark + xmlIn("cp1252") + "€"},
		"ISO-8859-15":                           {xmlIn("ISO-8859-15") + "\xa4", "", mark + xmlIn("ISO-8859-15") + "€"},
		"Shift_JIS":                             {xmlIn("Shift_JIS") + "\x83\x65", "", mark + xmlIn("Shift_JIS") + "テ"},
		"by the content type":                   {"<a>\xe9", xmlText + "ISO-8859-1", mark + "<a>é"},
		"UTF-8 in spite of the content type":    {"<a>é", xmlText + "ISO-8859-1", mark + "<a>é"},
		"both alike":                            {xmlIn("iso-8859-1") + "\xc3\xa9", xmlText + "iso-8859-1", mark + xmlIn("iso-8859-1") + "Ã©"},
		"the content type wins":                 {xmlIn("iso-8859-2") + "\xb1", xmlText + "iso-8859-1", mark + xmlIn("iso-8859-2") + "±"},
		"UTF-8 by the content type":             {xmlIn("iso-8859-1") + "é\xe9", xmlText + "utf-8", mark + xmlIn("iso-8859-1") + "éé"},
		"UTF-8 by the declaration":              {xmlIn("utf-8") + "é\xe9", xmlText + "iso-8859-1", mark + xmlIn("utf-8") + "éé"},
		"a mark of UTF-8 wins":                  {mark + xmlIn("iso-8859-1") + "é", xmlText + "iso-8859-1", mark + xmlIn("iso-8859-1") + "é"},
		"JSON is UTF-8":                         {`{"a":"é"}`, "application/json; charset=iso-8859-1", mark + `{"a":"é"}`},
		"JSON, bytes that are not":              {"{\"a\":\"\xe9\"}", "application/json;charset=windows-1252", mark + `{"a":"é"}`},
		"a content type that is none":           {"<a>é", ";;charset", "<a>é"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := test.out
			if want == "" {
				want = test.in
			}
			got, _, err := lenient.Bytes([]byte(test.in), test.contentType)
			require.NoError(t, err)
			require.Equal(t, want, string(got))
			again, replaced, err := lenient.Bytes(got, "")
			require.NoError(t, err)
			require.Equal(t, string(got), string(again), "a second time changes nothing")
			require.Zero(t, replaced)
		})
	}
	for _, unknown := range []string{"x-unknown", "utf-7", "iso-2022-cn", "é"} {
		_, _, err := lenient.Bytes([]byte(xmlIn(unknown)), "")
		require.ErrorIs(t, err, lenient.ErrEncoding, unknown)
	}
	_, _, err := lenient.Bytes([]byte("<a/>"), xmlText+"x-unknown")
	require.ErrorIs(t, err, lenient.ErrEncoding)
}

func TestAReaderWaitsForNoMoreThanThereIs(t *testing.T) {
	t.Parallel()
	for _, document := range []string{`<?xml version="1.0"?><a>x`, `<a>x`, `[{"a":"x"},`} {
		r, w := io.Pipe()
		go func() { _, _ = io.WriteString(w, document) }()
		got := make([]byte, len(document))
		_, err := io.ReadFull(lenient.NewReader(r, ""), got)
		require.NoError(t, err)
		require.Equal(t, document, string(got))
	}
}

func TestAnErrorOfTheReaderComesAfterWhatWasRead(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"<a>&#xB;b", "<a>&", `["\`, `["\ud800`, ""} {
		got, err := io.ReadAll(lenient.NewReader(io.MultiReader(strings.NewReader(document), iotest.ErrReader(io.ErrClosedPipe)), ""))
		require.ErrorIs(t, err, io.ErrClosedPipe, document)
		require.LessOrEqual(t, len(got), len(document))
	}
}

// FuzzBytes holds what is promised: the result is clean, cleaning it again changes
// nothing, and a document that is clean and that a decoder takes is not touched.
func FuzzBytes(f *testing.F) {
	for _, document := range []string{
		`<?xml version="1.0" encoding="utf-16"?><a b="&#xB;"><![CDATA[&#1;]]><!-- &#2; --></a>`, `{"a":["\ud800","\u0000"]}`,
		"\xff\xfe<\x00a\x00", "<a>\xff</a>", `<a>&#x41;</a>`, "[\"\x01\t\"]", utf16(f, "<a>é</a>", true, true),
	} {
		f.Add([]byte(document), "")
		f.Add([]byte(document), "text/xml; charset=iso-8859-1")
	}
	f.Fuzz(func(t *testing.T, document []byte, contentType string) {
		clean, replaced, err := lenient.Bytes(document, contentType)
		if err != nil {
			require.ErrorIs(t, err, lenient.ErrEncoding)
			return
		}
		require.True(t, utf8.Valid(clean))
		require.NotContains(t, string(clean), "\x00")
		require.NotContains(t, string(clean), "\x0b")
		again, more, err := lenient.Bytes(clean, "")
		require.NoError(t, err)
		require.Equal(t, string(clean), string(again))
		require.Zero(t, more)
		if replaced == 0 && utf8.Valid(document) && contentType == "" && (isXML(document) || json.Valid(document)) &&
			!bytes.Contains(document, []byte("encoding")) && !bytes.HasPrefix(document, []byte("\uFEFF")) {
			require.Equal(t, string(document), string(clean))
		}
	})
}

// isXML reports whether a decoder takes the document as it is.
func isXML(document []byte) bool {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		if _, err := decoder.Token(); err != nil {
			return err == io.EOF && bytes.Contains(document, []byte("<"))
		}
	}
}

func BenchmarkBytes(b *testing.B) {
	document := []byte("<a>" + strings.Repeat("<Entry><Vendor>Café &amp; Söhne</Vendor></Entry>\n", 20_000) + "</a>")
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		_, _, _ = lenient.Bytes(document, "")
	}
}
