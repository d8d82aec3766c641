package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DecodeError reads what the body of an error answer says: a code, or the ID under
// which Concur has recorded the error, and one line of at most 300 characters. Both
// are empty when the body says nothing that a person could use, such as the HTML of
// a gateway.
//
// Source: https://developer.concur.com/api-reference/http-status-codes.html
func DecodeError(body []byte) (code, message string) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))
	switch {
	case len(body) == 0 || !utf8.Valid(body) || IsHTML(body):
	case body[0] == '{':
		code, message = errorOfJSON(body)
	case body[0] == '<':
		code, message = errorOfXML(body)
	}
	return clip(code, maxShortText), sentence(message)
}

func errorOfJSON(body []byte) (code, message string) {
	type fault struct{ ID, Message string }
	var e struct {
		Error            any    `json:"error"` // a word, or an object in some answers
		ErrorDescription string `json:"error_description"`
		Code             any    `json:"code"` // a number or a text
		ErrorID          string `json:"errorId"`
		ErrorMessage     string `json:"errorMessage"`
		Message          string `json:"message"`
	}
	// A field of another type than expected leaves the others usable.
	_ = json.Unmarshal(body, &e)
	word, isWord := e.Error.(string)
	if !isWord {
		// The form of the XML, put into JSON.
		var inner struct {
			Error   fault
			Content struct{ Error fault }
		}
		_ = json.Unmarshal(body, &inner)
		e.ErrorID = first(e.ErrorID, inner.Error.ID, inner.Content.Error.ID)
		e.ErrorMessage = first(e.ErrorMessage, inner.Error.Message, inner.Content.Error.Message)
	}
	if number, ok := e.Code.(float64); ok {
		code = strconv.FormatFloat(number, 'f', -1, 64)
	} else {
		code, _ = e.Code.(string)
	}
	return first(code, e.ErrorID, word), first(e.ErrorDescription, e.ErrorMessage, e.Message, word)
}

// errorOfXML takes the first Message and the first Id, at whatever depth: the root
// of an error document is not documented.
func errorOfXML(body []byte) (code, message string) {
	d := newDocument(bytes.NewReader(body), maxReportDepth)
	for {
		token, err := d.next()
		if err != nil {
			return code, message
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := strings.ToLower(start.Name.Local); {
		case name == "message" && message == "":
			message, _, _ = d.content()
		case name == "id" && code == "":
			code, _, _ = d.content()
		}
	}
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// IsHTML reports whether a body is a web page, whatever its content type says: a
// gateway's, then, and not Concur's.
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
	start := strings.ToLower(string(body[:min(len(body), 14)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}
