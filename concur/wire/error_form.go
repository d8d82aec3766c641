package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"

	"concur-connector/concur/wire/lenient"
)

// IsError reports whether a body is an error in a form that Concur documents, or has no content.
// An error in another form, a web page or a text comes from a proxy, a firewall or a gateway
// between the connector and Concur.
//
// Source: https://developer.concur.com/api-reference/http-status-codes.html
func IsError(body []byte) bool {
	body, err := lenient.Clean(body)
	body = bytes.TrimSpace(body)
	switch {
	case err != nil:
		return false
	case len(body) == 0:
		return true
	case body[0] == '{', body[0] == '[':
		return isErrorInJSON(body)
	case body[0] == '<':
		return !IsHTML(body) && isErrorInXML(body)
	}
	return false
}

// IsOwnError reports whether a body is an error with content that only Concur can have written.
// It is narrower than [IsError]: it excludes an empty body, and the forms that other services
// use, too.
func IsOwnError(body []byte) bool {
	code, message := DecodeError(body)
	if code == "" && message == "" || !IsError(body) {
		return false
	}
	value, err := lenient.ReadValue(bytes.TrimSpace(body))
	if err != nil {
		return true // in XML
	}
	if _, list := value.([]any); list {
		return true
	}
	e := objectOf(value)
	return hasField(e, concurFields) || e["errors"] != nil || isMessage(objectOf(e["error"])) || isMessage(objectOf(objectOf(e["content"])["error"]))
}

// Fields of errors in JSON.
var (
	// concurFields are of a form that Concur documents: of Expense v4, of Request v4, of
	// Identity v4 (SCIM), of List v4, and of the token endpoint.
	concurFields = []string{"errormessage", "errorid", "validationerrors", "errorcode", "httpstatus", "schemas", "error_description"}
	// grantWords are the words of the OAuth standard, which the token endpoint answers.
	grantWords = []string{
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
		"access_denied", "server_error", "temporarily_unavailable", "invalid_token", "insufficient_scope",
	}
)

func isErrorInJSON(body []byte) bool {
	value, err := lenient.ReadValue(body)
	if err != nil {
		return false
	}
	if list, ok := value.([]any); ok {
		return len(list) == 0 || areErrors(list)
	}
	e := objectOf(value)
	switch word := wordOf(e["error"]); {
	case len(e) == 0:
		return true
	case hasField(e, concurFields):
		return true
	case word != "" && (slices.Contains(grantWords, word) || isNumber(e["code"]) || e["timestamp"] != nil && e["path"] != nil):
		return true
	}
	if list, ok := e["errors"].([]any); ok {
		return len(list) == 0 || areErrors(list)
	}
	return isMessage(objectOf(e["error"])) || isMessage(objectOf(objectOf(e["content"])["error"])) || isOldMessage(body)
}

func hasField(o map[string]any, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { _, has := o[name]; return has })
}

// areErrors reports whether a list holds errors as Request v4 writes them.
func areErrors(list []any) bool {
	return slices.ContainsFunc(list, func(item any) bool {
		o := objectOf(item)
		return o["errorcode"] != nil || o["errormessage"] != nil
	})
}

// isMessage recognises the documented error of v1.1 in JSON.
func isMessage(e map[string]any) bool {
	return e["message"] != nil && (e["id"] != nil || e["server-time"] != nil)
}

// isOldMessage recognises the error of an older service of Concur: a Message with a capital
// letter. Gateways write it without.
func isOldMessage(body []byte) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return false
	}
	_, has := fields["Message"]
	return has
}

func isNumber(value any) bool {
	word := wordOf(value)
	return word != "" && strings.Trim(word, "0123456789") == ""
}

// isErrorInXML looks for the Message of Concur's errors, or for an empty root element. A file
// store behind a gateway also writes a Message, beside a Code or a RequestId.
func isErrorInXML(body []byte) bool {
	d := lenient.NewXML(bytes.NewReader(body), maxReportDepth)
	elements, message := 0, false
	for {
		token, err := d.Next()
		if err != nil {
			return message || elements == 1
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		elements++
		switch strings.ToLower(start.Name.Local) {
		case "message":
			message = true
		case "code", "requestid", "hostid":
			return false
		}
	}
}
