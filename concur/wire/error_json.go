package wire

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"concur-connector/concur/wire/lenient"
)

// maxFaults limits how many messages of one answer are repeated.
const maxFaults = 3

// fault is one error inside an answer. Each interface has its own names for the parts.
type fault struct{ code, message string }

// errorOfJSON reads the errors of the token endpoint, of Expense v4 (validationErrors), of
// Request v4 (a list, or errors) and of Identity v4 (SCIM), and errors of v1.1 in JSON. It ignores
// a field of an unexpected type.
//
// Source: https://developer.concur.com/api-reference/expense/expense-report/v4.workflows.html#schema-error
// Source: https://developer.concur.com/api-reference/request/v4.response-codes.html
func errorOfJSON(body []byte) (codes []string, message string) {
	value, err := lenient.ReadValue(body)
	if err != nil {
		return nil, ""
	}
	if list, ok := value.([]any); ok {
		return mergeFaults(nil, "", faultsOf(list))
	}
	e := objectOf(value)
	word, inner := wordOf(e["error"]), objectOf(e["error"])
	content := objectOf(objectOf(e["content"])["error"])
	// By falling weight; an ID that names one event and no cause comes last.
	codes = []string{wordOf(e["code"]), wordOf(e["errorcode"]), wordOf(e["scimtype"])}
	ids := []string{wordOf(e["errorid"]), wordOf(inner["id"]), wordOf(content["id"])}
	message = cmp.Or(wordOf(e["error_description"]), wordOf(e["errormessage"]), wordOf(inner["message"]),
		wordOf(content["message"]), wordOf(e["message"]), wordOf(e["detail"]), word)
	faults := faultsOf(e["validationerrors"])
	faults = append(faults, faultsOf(e["errors"])...)
	faults = append(faults, faultsOf(objectOf(e["urn:ietf:params:scim:api:messages:concur:2.0:error"])["messages"])...)
	for _, id := range ids {
		if !isEventID(id) {
			codes = append(codes, id)
		}
	}
	codes, message = mergeFaults(codes, message, faults)
	for _, id := range append(ids, word) {
		if id != "" {
			codes = append(codes, id)
		}
	}
	return codes, message
}

// mergeFaults adds the codes and messages of the inner errors after those of the answer itself.
func mergeFaults(codes []string, message string, faults []fault) ([]string, string) {
	messages := []string{message}
	for i, f := range faults {
		codes = append(codes, f.code)
		if i < maxFaults && f.message != "" && !strings.Contains(messages[0], f.message) {
			messages = append(messages, f.message)
		}
	}
	if messages[0] == "" {
		messages = messages[1:]
	}
	return codes, strings.Join(messages, " | ")
}

func faultsOf(value any) []fault {
	list, _ := value.([]any)
	var faults []fault
	for _, item := range list {
		o := objectOf(item)
		f := fault{
			code:    cmp.Or(wordOf(o["errorcode"]), wordOf(o["code"]), wordOf(o["id"])),
			message: cmp.Or(wordOf(o["errormessage"]), wordOf(o["message"]), wordOf(item)),
		}
		if f != (fault{}) && len(faults) < 100 {
			faults = append(faults, f)
		}
	}
	return faults
}

// isEventID reports whether an ID names one event and not a cause.
func isEventID(id string) bool {
	_, err := strconv.ParseUint(id, 10, 64)
	return id == "" || err == nil || IsGUID(id)
}

func objectOf(value any) map[string]any {
	o, _ := value.(map[string]any)
	return o
}

// wordOf returns a value that is a text or a number.
func wordOf(value any) string {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	}
	return ""
}
