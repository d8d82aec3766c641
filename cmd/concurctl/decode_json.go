package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"concur-connector/concur/wire"
	"concur-connector/expense"
)

func decodeJSON(body []byte) (payload, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\uFEFF"))))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return payload{}, fmt.Errorf("the payload is not well-formed JSON (byte %d)", syntax.Offset)
		}
		return payload{}, errors.New("the payload is JSON that ends before it is complete")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return payload{}, errors.New("the payload is JSON with something after its end")
	}
	object, _ := value.(map[string]any)
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { _, ok := object[name]; return ok })
	}
	switch {
	case has("access_token"):
		return decodeToken(object)
	case isFailedList(value):
		return decodeFailedList(body)
	case has("error", "error_description", "errorId", "errorMessage", "Error"), has("code") && has("message"):
		return decodeError(body, object)
	case has("eventType") && has("facts"):
		return payload{}, errors.New("the payload is an event of the Event Subscription Service; it is not read")
	case has("Items"):
		return decodePending(body)
	case has("reportId", "ApprovalStatusCode", "approvalStatusId"):
		return payload{}, errors.New("the payload is of the v3 or v4 interfaces; of reports, the v1.1 full details are read")
	}
	return payload{}, errors.New("the payload is JSON, and none of Concur's that the connector reads")
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

// pendingView is a page of the list of reports, of which those at external validation
// are looked at.
type pendingView struct {
	Waiting []expense.PendingReport `json:"waiting"`
	Others  int                     `json:"others"` // at any other status
	More    bool                    `json:"more"`   // a next page is named
}

func decodePending(body []byte) (payload, error) {
	waiting, others, next, err := wire.DecodePendingReports(bytes.TrimPrefix(body, []byte("\uFEFF")))
	if err != nil {
		return payload{}, err
	}
	view := pendingView{Waiting: append([]expense.PendingReport{}, waiting...), Others: others, More: next != ""}
	about := fmt.Sprintf("a page of the list of reports (v3) with %s, of which %d wait at an external validation", count(len(waiting)+others, "report"), len(waiting))
	return payload{Payload: "report list", About: about, View: view}, nil
}

// errorView is an error that Concur reports.
type errorView struct {
	Code        string `json:"code,omitempty"`
	Error       string `json:"error,omitempty"` // of the token endpoint: OAuth's word
	Message     string `json:"message,omitempty"`
	Geolocation string `json:"geolocation,omitempty"` // of code 16: where the user lives
}

func decodeError(body []byte, object map[string]any) (payload, error) {
	var view errorView
	view.Code, view.Message = wire.DecodeError(body)
	if view == (errorView{}) {
		return payload{}, errors.New("the payload is an error of Concur that says nothing")
	}
	word, ofToken := object["error"].(string)
	if !ofToken {
		return payload{Payload: "error", About: "an error that Concur reports", View: view}, nil
	}
	view.Error = plain(word)
	if text, ok := object["geolocation"].(string); ok {
		var err error
		if view.Geolocation, err = base(text); err != nil {
			return payload{}, err
		}
	}
	return payload{Payload: "token error", About: "a refusal of the token endpoint", View: view}, nil
}

// tokenAnswer is what an answer of the token endpoint says beside its secrets.
type tokenAnswer struct {
	TokenType        string         `json:"tokenType"`
	Scopes           []string       `json:"scopes"`
	Geolocation      string         `json:"geolocation,omitempty"` // scheme and host
	ExpiresIn        string         `json:"expiresIn,omitempty"`
	RefreshExpiresAt *time.Time     `json:"refreshExpiresAt,omitempty"`
	Lengths          map[string]int `json:"lengths"` // of the secrets, in characters
}

func decodeToken(object map[string]any) (payload, error) {
	var err error
	refuse := func(format string, args ...any) (payload, error) {
		return payload{}, fmt.Errorf("the token answer cannot be used: "+format, args...)
	}
	view := tokenAnswer{Lengths: map[string]int{}, Scopes: []string{}}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		switch text, ok := object[name].(string); {
		case !ok && object[name] != nil:
			return refuse("%s is not a text", name)
		case text != "":
			view.Lengths[name] = len([]rune(text))
		case name == "access_token":
			return refuse("its access token is empty")
		}
	}
	for _, field := range []struct {
		name string
		into func(text string)
	}{
		{"token_type", func(text string) { view.TokenType = plain(text) }},
		{"scope", func(text string) { view.Scopes = append(view.Scopes, strings.Fields(plain(text))...) }},
	} {
		text, ok := object[field.name].(string)
		if !ok && object[field.name] != nil {
			return refuse("%s is not a text", field.name)
		}
		field.into(text)
	}
	if !strings.EqualFold(view.TokenType, "bearer") {
		return refuse("it is not a bearer token")
	}
	if text, _ := object["geolocation"].(string); strings.TrimSpace(text) != "" {
		if view.Geolocation, err = base(text); err != nil {
			return refuse("%w", err)
		}
	}
	if life, given, err := seconds(object, "expires_in"); err != nil {
		return refuse("%w", err)
	} else if given {
		view.ExpiresIn = (time.Duration(life) * time.Second).String()
	}
	if end, given, err := seconds(object, "refresh_expires_in"); err != nil {
		return refuse("%w", err)
	} else if given {
		at := time.Unix(end, 0).UTC()
		view.RefreshExpiresAt = &at
	}
	about := "an answer of the token endpoint with " + strings.Join(slices.Sorted(maps.Keys(view.Lengths)), ", ")
	return payload{Payload: "token", About: about, View: view}, nil
}

// seconds reads a number that Concur prints as a number or as a text.
func seconds(object map[string]any, name string) (n int64, given bool, err error) {
	const farthest = 1 << 33 // in the 23rd century
	value := object[name]
	if value == nil || value == "" {
		return 0, false, nil
	}
	text := strings.TrimSpace(fmt.Sprint(value))
	if n, err = strconv.ParseInt(text, 10, 64); err != nil || n < 0 || n > farthest {
		return 0, false, fmt.Errorf("%s is not a number of seconds", name)
	}
	return n, true, nil
}

// base reduces a geolocation to scheme and host: Concur prints one with a path, too.
func base(geolocation string) (string, error) {
	u, err := expense.SplitURL(strings.TrimSpace(geolocation))
	if err != nil {
		return "", fmt.Errorf("geolocation %w", err)
	}
	if strings.Contains(u.Host, "@") {
		return "", errors.New("geolocation has a user name before its host")
	}
	return plain(strings.ToLower(u.Scheme + "://" + u.Host)), nil
}
