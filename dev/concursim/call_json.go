package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

const jsonType = "application/json"

// fields is a JSON object in an answer.
type fields = map[string]any

func jsonAnswer(value any) answer { return jsonStatus(http.StatusOK, value) }

func jsonStatus(status int, value any) answer {
	body, err := json.Marshal(value)
	if err != nil {
		return answer{status: http.StatusInternalServerError, contentType: jsonType}
	}
	return answer{status: status, contentType: jsonType, body: body}
}

// digits is a number that is printed exactly as written, without a float.
type digits string

// MarshalJSON writes the digits.
func (d digits) MarshalJSON() ([]byte, error) { return []byte(d), nil }

// plain prints a number as v3 does, without zeros at the end.
func plain(d decimal.Decimal) digits { return digits(d.String()) }

// padded prints a number as v4 does, with eight decimals; zero is 0E-8.
func padded(d decimal.Decimal) digits {
	if d.IsZero() {
		return "0E-8"
	}
	return digits(d.StringFixed(8))
}

func amountV4(d decimal.Decimal, currency string) fields {
	return fields{"value": padded(d), "currencyCode": currency}
}

// textOrNull returns null for an empty text.
func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

const (
	timeV3 = "2006-01-02T15:04:05.999"
	timeV4 = "2006-01-02T15:04:05.000Z"
	// timeV4Short is how the v4 header prints a time, without fractions of a second.
	timeV4Short = "2006-01-02T15:04:05Z"
)

func timeOrNull(t time.Time, form string) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(form)
}

// dateOf returns the date part of a description's date.
func dateOf(date string) any {
	if len(date) < len(time.DateOnly) {
		return nil
	}
	return date[:len(time.DateOnly)]
}

// errorForm is the form in which an endpoint writes its errors.
type errorForm int

const (
	xmlErrors errorForm = iota
	v3Errors
	expenseErrors
	requestErrors
	scimErrors
	listErrors
)

// jsonError is an error in the form of its endpoint. The id is that of a validation error,
// or an errorCode.
func (s *simulator) jsonError(c *call, form errorForm, status int, id, message string) answer {
	now := time.Now().UTC()
	phrase := strconv.Itoa(status) + " " + http.StatusText(status)
	switch form {
	case requestErrors:
		return jsonStatus(status, fields{"errors": []any{fields{"errorCode": id, "errorMessage": message}}})
	case scimErrors:
		return jsonStatus(status, fields{
			"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
			"status":  strconv.Itoa(status), "detail": message,
		})
	case listErrors:
		return jsonStatus(status, fields{
			"error":      fields{"id": c.correlation(s), "message": message},
			"httpStatus": phrase, "path": c.path, "timestamp": now.Format("2006-01-02T15:04:05.000-0700"),
			"validationErrors": []any{},
		})
	case expenseErrors:
		errors := []any{}
		if id != "" {
			errors = append(errors, fields{"source": "report", "message": message, "id": id})
		}
		return jsonStatus(status, fields{
			"timestamp": now.Format(timeV4), "httpStatus": phrase, "errorMessage": message, "errorId": c.correlation(s),
			"validationErrors": errors, "customResponseData": nil, "path": c.path,
		})
	}
	return jsonStatus(status, fields{
		"Error": fields{"Message": message, "Server-Time": now.Format(wireTime), "Id": c.correlation(s)},
	})
}

// requestCodes are the errorCodes of Request v4 for errors that every service can have.
var requestCodes = map[int]string{
	http.StatusBadRequest: "badParam", http.StatusUnauthorized: "invalidUser", http.StatusForbidden: "permissionDenied",
	http.StatusNotFound: "notFound", http.StatusMethodNotAllowed: "methodNotAllowed", http.StatusConflict: "conflict",
	http.StatusTooManyRequests: "tooManyRequests", http.StatusInternalServerError: "internalServerError",
	http.StatusRequestEntityTooLarge: "badParam",
}
