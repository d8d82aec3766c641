package concur

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"concur-connector/concur/wire"
)

// maxErrorBody is how many bytes of an error answer are read.
const maxErrorBody = 64 << 10

// maxRetryAfter limits how long Concur can make the client wait.
const maxRetryAfter = time.Hour

const notFollowed = "a redirect is not followed"

// revoked is what some of Concur's pages show as the answer to a revocation. Others show none.
const revoked = `"deleted"`

// refusal returns the error of an answer that is no success.
func (r request) refusal(resp *http.Response, body []byte) *Error {
	kind, code := kindOf(resp.StatusCode, body, r.write)
	e := &Error{
		Op: r.op, Kind: kind, Status: resp.StatusCode, Fix: code.Fix,
		CorrelationID: correlationOf(resp), RetryAfter: retryAfter(resp.Header),
	}
	if said := gatewayAnswer(resp, body); said != "" {
		return r.asGatewayError(e, said)
	}
	e.Code, e.Message = wire.DecodeError(body)
	if code.written != "" {
		e.Code = code.written
	}
	if e.Kind == CommentMissing {
		e.RequiredFields, e.Fix = requiredFields(wire.ErrorCodes(body))
	}
	if r.omitMessage {
		e.Code, e.Message = codeWord(e.Code), ""
	}
	switch {
	case e.Status >= 300 && e.Status < 400:
		e.Message = notFollowed
	case e.Kind == Forbidden:
		e.Message = strings.TrimSuffix("the access token needs "+r.needs+": "+e.Message, ": ")
	case e.Kind == Unauthorized && e.Message == "":
		e.Message = "the access token is refused"
	case e.Message == "":
		e.Message = strings.ToLower(http.StatusText(e.Status))
	}
	if e.CorrelationID == "" && isEmpty(body) && e.Status < 500 {
		e.Message += "; the answer has no content and no correlation ID of Concur, so a proxy or a firewall may have given it"
	}
	return e
}

// gatewayAnswer says what a gateway has answered in Concur's place. It returns "" if Concur
// has answered. Concur's own answers have its correlation ID, but not everywhere. So an error
// in a form of Concur's is believed without the ID. A web page is never Concur's.
func gatewayAnswer(resp *http.Response, body []byte) string {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isError, signed := wire.IsError(body), correlationOf(resp) != ""
	switch status := resp.StatusCode; {
	case status == http.StatusProxyAuthRequired, status == http.StatusUnauthorized && !signed && wantsLogin(resp.Header):
		return "a request for a login"
	case status/100 == 3 && signed:
		return ""
	case status/100 == 3:
		return "a redirect"
	case wire.IsHTML(body), media == "text/html" && !isError:
		return "a web page"
	case status == http.StatusNotFound && (isError && signed || wire.IsOwnError(body)):
		return ""
	case status != http.StatusNotFound && (isError || signed):
		return ""
	case len(bytes.TrimSpace(body)) == 0:
		return "nothing"
	case wire.IsText(body):
		return "a text"
	}
	return "an error in a form that is not Concur's"
}

// wantsLogin reports whether an answer asks for another login than a token. Concur asks for
// tokens only.
func wantsLogin(h http.Header) bool {
	challenges := h.Values("WWW-Authenticate")
	return len(challenges) > 0 && !slices.ContainsFunc(challenges, func(c string) bool {
		return strings.Contains(strings.ToLower(c), "bearer")
	})
}

// asGatewayError turns an error into that of a gateway's answer. The outcome of a write is
// unknown: the gateway may have answered after Concur received the write.
func (r request) asGatewayError(e *Error, said string) *Error {
	switch {
	case e.Kind == RateLimited || e.Status >= 500:
	case r.write:
		e.Kind = OutcomeUnknown
	default:
		e.Kind = Unavailable
	}
	e.Gateway, e.Fix = true, ""
	e.Message = said + " was answered in Concur's place, by a proxy, a firewall or a gateway"
	return e
}

// noAnswer returns the error of an answer that did not arrive, or not to its end.
func (r request) noAnswer(err error, written bool) *Error {
	e := &Error{Op: r.op, Kind: Unavailable, Message: describe(err), cause: contextError(err)}
	if r.write && written {
		e.Kind = OutcomeUnknown
	}
	return e
}

// truncatedAnswer returns the error of a success whose body was cut off.
func (r request) truncatedAnswer(a *answer, err error) *Error {
	e := r.noAnswer(err, true)
	e.Status, e.CorrelationID = a.status, a.correlation
	return e
}

// answerTooLarge returns the error of an answer above the limit.
func (r request) answerTooLarge(a *answer, limit int64) *Error {
	e := &Error{
		Op: r.op, Kind: TooLarge, Status: a.status, CorrelationID: a.correlation,
		Message: fmt.Sprintf("the answer is larger than %d bytes", limit),
	}
	if r.write {
		e.Kind = OutcomeUnknown
	}
	return e
}

// emptyAnswer returns the error of a success without its content, or of one that Concur did
// not send.
func (r request) emptyAnswer(a *answer) *Error {
	e := &Error{Op: r.op, Kind: Unavailable, Status: a.status, CorrelationID: a.correlation}
	if r.write {
		e.Kind = OutcomeUnknown
	}
	switch {
	case a.html || wire.IsHTML(a.body):
		return r.asGatewayError(e, "a web page")
	case wire.IsText(a.body):
		return r.asGatewayError(e, "a text")
	case !isEmpty(a.body):
		return r.asGatewayError(e, "a body that Concur does not document")
	}
	e.Gateway, e.Message = true, "the answer is empty"
	return e
}

// foreign reports whether a success has a body where Concur documents none, and nothing else shows
// that Concur wrote it: a gateway answers {"status":"ok"} without having asked Concur.
func (r request) foreign(a *answer) bool {
	body := string(bytes.TrimSpace(a.body))
	return r.bodiless && a.correlation == "" && body != "" && body != revoked
}

// malformedAnswer returns the error of a success that cannot be decoded.
func (r request) malformedAnswer(a *answer, err error) *Error {
	e := &Error{Op: r.op, Kind: Malformed, Status: a.status, CorrelationID: a.correlation, Message: err.Error()}
	switch {
	case a.html:
		return r.emptyAnswer(a)
	case r.write:
		e.Kind = OutcomeUnknown
	case a.openEnded && errors.Is(err, io.ErrUnexpectedEOF):
		e.Kind = Unavailable
	}
	return e
}

// retryAfter reads how long Concur asks to wait, in seconds or until a date.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(time.Until(date), 0), maxRetryAfter)
}

// describe says why there is no answer, without a URL and without anything that was sent or
// received.
func describe(err error) string {
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		network     *net.OpError
	)
	switch cause := contextError(err); {
	case errors.Is(cause, context.DeadlineExceeded):
		return "no answer in time"
	case cause != nil:
		return "cancelled"
	case errors.As(err, &certificate):
		return "the server's certificate is not accepted: " + certificate.Err.Error()
	case errors.As(err, &record):
		return "the server does not speak TLS"
	case errors.As(err, &dns):
		return "the host name cannot be resolved"
	case errors.As(err, &network):
		return "the connection failed: " + network.Op + ": " + network.Err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer was complete"
	}
	return "the connection failed"
}

// redact removes secrets that an answer repeats.
func redact(text string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}
