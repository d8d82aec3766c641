package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

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
	object := namesOf(value)
	has := func(names ...string) bool { return hasAny(object, names...) }
	newer, ok, err := decodeNewer(body, value)
	switch {
	case ok && !has("access_token"):
		return newer, err
	case has("access_token") && !has("error"):
		return decodeToken(object)
	case isFailedList(value):
		return decodeFailedList(body)
	case has("error", "error_description", "errorId", "errorMessage"), has("code") && has("message"):
		return decodeError(body, object)
	case len(object) == 1 && has("message"):
		return decodeMessage(body)
	case has("eventType") && has("facts"):
		return payload{}, errors.New("the payload is an event of the Event Subscription Service; it is not read")
	}
	if read := reportReader(value); read != nil {
		return read(body)
	}
	if rows := documentOf(value).under("Items"); rows.list && isReportRow(rows.item) {
		return decodePending(body)
	}
	return payload{}, errors.New("the payload is JSON, and none of Concur's that the connector reads")
}

// isReportRow reports whether the first row of a page of v3 may be a report; a page may
// have none.
func isReportRow(row map[string]any) bool {
	return row == nil || hasAny(row, "approvalStatusCode", "total", "name") && !hasAny(row, "listID", "level1Code")
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
	Others  int                     `json:"others"`           // at any other status
	Unread  []string                `json:"unread,omitempty"` // why rows cannot be read
	More    bool                    `json:"more"`             // a next page is named
}

func decodePending(body []byte) (payload, error) {
	page, others, err := wire.DecodePendingReports(bytes.TrimPrefix(body, []byte("\uFEFF")))
	if err != nil {
		return payload{}, err
	}
	view := pendingView{Waiting: []expense.PendingReport{}, Others: others, More: page.Next != ""}
	for _, row := range page.Rows {
		view.Waiting = append(view.Waiting, row.PendingReport)
	}
	view.Unread = messages(page.Unread)
	about := fmt.Sprintf("a page of the list of reports (v3) with %s, of which %d wait at an external validation", count(len(page.Rows)+others, "report"), len(page.Rows))
	if len(view.Unread) > 0 {
		about += "; other rows cannot be read"
	}
	return payload{Payload: "report list", About: about, View: view}, nil
}

func messages(errs []error) (texts []string) {
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return texts
}

// decodeMessage reads a message that stands alone, as gateways refuse a call; as some
// interfaces take one, too, it is not called an error.
func decodeMessage(body []byte) (payload, error) {
	_, message := wire.DecodeError(body)
	if message == "" {
		return payload{}, errors.New("the payload is a message of Concur that says nothing")
	}
	return payload{Payload: "message", About: "a message alone, as some refusals are", View: errorView{Message: message}}, nil
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
	if !ofToken || hasAny(object, "status", "path", "timestamp") { // a server's own error page has the word, too
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
