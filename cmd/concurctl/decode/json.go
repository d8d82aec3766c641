package decode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/concur/wire"
)

func decodeJSON(body []byte) (Payload, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\uFEFF"))))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return Payload{}, fmt.Errorf("the payload is not well-formed JSON (byte %d)", syntax.Offset)
		}
		return Payload{}, errors.New("the payload is JSON that ends before it is complete")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Payload{}, errors.New("the payload is JSON with something after its end")
	}
	object := namesOf(value)
	has := func(names ...string) bool { return hasAny(object, names...) }
	switch {
	case isFault(object, value):
		return decodeError(body, object)
	case has("access_token") && !has("error"):
		return decodeToken(object)
	case isTravelRequest(object):
		return decodeTravelRequest(body)
	case isFailedList(value):
		return decodeFailedList(body)
	case has("error", "error_description", "errorId", "errorMessage"), has("code") && has("message"):
		return decodeError(body, object)
	case len(object) == 1 && has("message"):
		return decodeMessage(body)
	case has("eventType") && has("facts"):
		return Payload{}, errors.New("the payload is an event of the Event Subscription Service; it is not read")
	}
	if read := reportReader(value); read != nil {
		return read(body)
	}
	return Payload{}, errors.New("the payload is JSON, and none of Concur's that the connector reads")
}

// namesOf returns the values of an object by their lower-case names.
func namesOf(value any) map[string]any {
	object, _ := value.(map[string]any)
	lower := make(map[string]any, len(object))
	for name, inner := range object {
		lower[strings.ToLower(name)] = inner
	}
	return lower
}

// hasAny reports whether an object, its names in lower case, has one of these names.
func hasAny(object map[string]any, wanted ...string) bool {
	return slices.ContainsFunc(wanted, func(name string) bool {
		_, ok := object[strings.ToLower(name)]
		return ok
	})
}

// isFailedList finds the list, an empty one, too, and wherever it stands.
func isFailedList(value any) bool {
	switch v := value.(type) {
	case []any:
		return len(v) == 0 || slices.ContainsFunc(v, isNotification)
	case map[string]any:
		for name, inner := range v {
			_, list := inner.([]any)
			_, wrapper := inner.(map[string]any)
			if strings.HasPrefix(strings.ToLower(name), "notification") && (list || wrapper) || wrapper && isFailedList(inner) ||
				list && len(inner.([]any)) > 0 && isFailedList(inner) {
				return true
			}
		}
	}
	return false
}

func isNotification(value any) bool {
	object, _ := value.(map[string]any)
	for name, inner := range object {
		switch strings.ToLower(name) {
		case "objecturi", "notificationuri", "notificationurl":
			return true
		case "failure", "notification":
			if isNotification(inner) {
				return true
			}
		}
	}
	return false
}

// decodeMessage reads a message that stands alone, as gateways refuse a call; as some
// interfaces take one, too, it is not called an error.
func decodeMessage(body []byte) (Payload, error) {
	_, message := wire.DecodeError(body)
	if message == "" {
		return Payload{}, errors.New("the payload is a message of Concur that says nothing")
	}
	return Payload{Payload: "message", About: "a message alone, as some refusals are", View: errorView{Message: message}}, nil
}

// errorView is an error that Concur reports.
type errorView struct {
	Code        string `json:"code,omitempty"`
	Error       string `json:"error,omitempty"` // of the token endpoint: OAuth's word
	Message     string `json:"message,omitempty"`
	Geolocation string `json:"geolocation,omitempty"` // of code 16: where the user lives
}

// isFault recognises an error of the v4 interfaces.
func isFault(object map[string]any, value any) bool {
	if list, ok := value.([]any); ok {
		return len(list) > 0 && hasAny(namesOf(list[0]), "errorCode")
	}
	if list, ok := object["errors"].([]any); ok && len(list) > 0 && hasAny(namesOf(list[0]), "errorCode", "errorMessage", "message") {
		return true
	}
	return hasAny(object, "validationErrors", "scimType") || hasAny(object, "detail") && hasAny(object, "status")
}

func decodeError(body []byte, object map[string]any) (Payload, error) {
	var view errorView
	view.Code, view.Message = wire.DecodeError(body)
	if view == (errorView{}) {
		return Payload{}, errors.New("the payload is an error of Concur that says nothing")
	}
	word, ofToken := object["error"].(string)
	if !ofToken || hasAny(object, "status", "path", "timestamp") { // a server's own error page has the word, too
		return Payload{Payload: "error", About: "an error that Concur reports", View: view}, nil
	}
	view.Error = cli.Plain(word)
	if text, ok := object["geolocation"].(string); ok {
		var err error
		if view.Geolocation, err = base(text); err != nil {
			return Payload{}, err
		}
	}
	return Payload{Payload: "token error", About: "a refusal of the token endpoint", View: view}, nil
}
