package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"concur-connector/concur/wire/lenient"
)

// DecodeError reads what the body of an error answer says: the code that tells most, or
// else the ID under which Concur has recorded the error, and one line of at most 300
// characters. Both are empty when the body says nothing that a person could use, such as
// the HTML of a gateway.
//
// Source: https://developer.concur.com/api-reference/http-status-codes.html
func DecodeError(body []byte) (code, message string) {
	codes, message := errorParts(body)
	return cmp.Or(codes...), message
}

// ErrorCodes returns all codes of an error answer, the one that tells most first.
func ErrorCodes(body []byte) []string {
	codes, _ := errorParts(body)
	return codes
}

func errorParts(body []byte) (codes []string, message string) {
	body, err := lenient.Clean(body)
	body = bytes.TrimSpace(body)
	switch {
	case err != nil || len(body) == 0 || IsHTML(body):
	case body[0] == '{', body[0] == '[':
		codes, message = errorOfJSON(body)
	case body[0] == '<':
		var code string
		code, message = errorOfXML(body)
		codes = []string{code}
	}
	for i, code := range codes {
		codes[i] = clip(strings.Join(strings.Fields(code), " "), maxShortText)
	}
	return slices.DeleteFunc(codes, func(code string) bool { return code == "" }), sentence(message)
}

// errorOfXML takes the first Message and the first Id, at whatever depth: the root
// of an error document is not documented.
func errorOfXML(body []byte) (code, message string) {
	d := lenient.NewXML(bytes.NewReader(body), maxReportDepth)
	for {
		token, err := d.Next()
		if err != nil {
			return code, message
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := strings.ToLower(start.Name.Local); {
		case name == "message" && message == "":
			message, _, _ = d.Content()
		case name == "id" && code == "":
			code, _, _ = d.Content()
		}
	}
}

// IsHTML reports whether a body is a web page, whatever its content type says: a
// gateway's, then, and not Concur's. A page may lack its first lines.
func IsHTML(body []byte) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	for bytes.HasPrefix(body, []byte("<!--")) || bytes.HasPrefix(body, []byte("<?")) {
		end := []byte("-->")
		if body[1] == '?' {
			end = []byte("?>")
		}
		i := bytes.Index(body, end)
		if i < 0 {
			return false
		}
		body = bytes.TrimSpace(body[i+len(end):])
	}
	return pageStart.Match(body)
}

// pageStart is how a web page begins: with its document type, or with an element that HTML
// has and no document of Concur.
var pageStart = regexp.MustCompile(`(?i)^<(!doctype\s+html|(html|head|body|title|meta|style|script|center|div|h[1-6]|p|pre|iframe)\b[^:])`)

// IsText reports whether a body is neither XML nor JSON, not even a part of such a document.
// Concur answers with nothing of the kind.
func IsText(body []byte) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	return len(body) > 0 && !strings.ContainsRune("<{[", rune(body[0])) && !json.Valid(body)
}

// unreadable says what it is that cannot be read, unless it can.
func unreadable(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s cannot be read: %w", what, err)
}
