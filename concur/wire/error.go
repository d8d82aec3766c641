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

// DecodeError reads the body of an error answer. It returns the most specific code, or else the
// ID under which Concur has recorded the error, and a message of one line with at most 300
// characters. Both are empty if the body says nothing useful, such as the HTML of a gateway.
//
// Source: https://developer.concur.com/api-reference/http-status-codes.html
func DecodeError(body []byte) (code, message string) {
	codes, message := errorParts(body)
	return cmp.Or(codes...), message
}

// ErrorCodes returns all codes of an error answer, the most specific one first.
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

// errorOfXML returns the first Id and the first Message at any depth. Concur does not document
// the root of an error document.
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

// IsHTML reports whether a body is a web page, whatever its content type says. Concur sends no
// web pages, so a gateway has answered. The first lines of the page may be missing.
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

// pageStart matches the beginning of a web page: its document type, or an element that HTML has
// and no document of Concur has.
var pageStart = regexp.MustCompile(`(?i)^<(!doctype\s+html|(html|head|body|title|meta|style|script|center|div|h[1-6]|p|pre|iframe)\b[^:])`)

// IsText reports whether a body is neither XML nor JSON, nor the beginning of such a document.
// Concur sends no such answers.
func IsText(body []byte) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	return len(body) > 0 && !strings.ContainsRune("<{[", rune(body[0])) && !json.Valid(body)
}

// unreadable adds to an error which document cannot be read. It returns nil for nil.
func unreadable(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s cannot be read: %w", what, err)
}
