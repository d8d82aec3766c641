package concur

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"concur-connector/concur/wire"
)

const (
	correlationHeader = "concur-correlationid"
	mediaJSON         = "application/json"
)

// request is one call of an operation.
type request struct {
	op        string
	needs     string // the role and scope to check if Concur forbids the call
	method    string
	target    target
	body      []byte
	write     bool // it changes something: if no answer arrives, the outcome is unknown
	forTokens bool // it changes the connector's tokens, and no report
	emptyBody bool // its answer may have no body
	// bodiless says that Concur documents no body for a success. A success without the
	// correlation ID is then the answer of a gateway.
	bodiless   bool
	onlyStatus int    // the only status that is a success of this write; 0: any success
	accept     string // the media type of the answer; empty: XML
	media      string // the media type of the body; empty: XML

	err *Error // why the request cannot be sent

	omitMessage bool // keep only the code of a failure, because its message may name a person

	// consume reads an answer that may be too long for memory, while the answer arrives. It is
	// called once, with the body of a success.
	consume func(body io.Reader) error
}

// answer is a success of Concur's.
type answer struct {
	status      int
	body        []byte
	html        bool // by its content type
	openEnded   bool // only the end of the connection showed the end of the body
	correlation string
}

// do sends a request and returns the answer if it is a success. After a 401, and after the 403
// of a read, do renews the token and sends the request once more. It does not repeat a write
// that Concur forbids, because a 403 can have another cause than the token; a later read shows
// the cause. It may repeat a revocation, which changes no report.
func (c *Client) do(ctx context.Context, r request) (*answer, error) {
	switch {
	case ctx == nil:
		return nil, invalidArgument(r.op, "the context is nil")
	case r.err != nil:
		return nil, r.err
	}
	if r.write && c.readOnly && !r.forTokens {
		return nil, &Error{Op: r.op, Kind: WritesOff, Message: "this client only reads"}
	}
	access, err := c.tokens.get(ctx, "")
	if err != nil {
		return nil, err
	}
	refreshed := map[int]bool{}
	for {
		a, err := c.send(ctx, r, access)
		var e *Error
		if !errors.As(err, &e) {
			return a, err
		}
		switch {
		case (e.Kind == Unauthorized || e.Kind == Forbidden) && (e.Status == http.StatusUnauthorized || !r.write || r.forTokens) && !refreshed[e.Status]:
			refreshed[e.Status] = true
			if access, err = c.tokens.get(ctx, access.bearer); err != nil {
				return nil, err
			}
		case (e.Kind == Rejected || e.Gateway) && e.Status == http.StatusBadRequest && r.target.hasStrayPercent():
			r.target = r.target.escaped()
		default:
			e.generation, e.scopes = access.generation, access.scopes
			return nil, err
		}
	}
}

// TokenRenewedSince reports whether the client has replaced the access token of a refused
// request. A 403 can mean that the token has ended. If a read after a forbidden write has
// renewed the token, the caller may send the write again.
func (c *Client) TokenRenewedSince(refusal error) bool {
	var e *Error
	if !errors.As(refusal, &e) || e.Status != http.StatusForbidden || e.Gateway {
		return false
	}
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	return c.tokens.state.Generation != e.generation
}

// GrantedSince renews the access token of a forbidden write, and reports whether the new token
// has a scope that the old one did not have. If so, read again and send the write again. A
// token keeps the scopes of the time at which it was issued, so a scope that is granted later
// needs a new token. Call GrantedSince after a read has shown that the report still waits.
// Without a new token it reports false, and the refusal stands.
func (c *Client) GrantedSince(ctx context.Context, refusal error) bool {
	var e *Error
	if !errors.As(refusal, &e) || e.Kind != Forbidden || e.Status != http.StatusForbidden || e.Gateway {
		return false
	}
	key := fmt.Sprint(" forbidden ", e.generation) // callers with another token wait for another renewal
	now, err := c.tokens.renew(ctx, key, func(s state) bool { return s.fresh() && s.Generation != e.generation })
	if err != nil {
		c.log.Warn("a write was forbidden, and the access token could not be renewed", "op", e.Op, "error", err)
		return false
	}
	before := strings.Fields(e.scopes)
	return len(before) > 0 && slices.ContainsFunc(strings.Fields(now.Scope), func(scope string) bool { return !slices.Contains(before, scope) })
}

// send sends a request once, in its turn, unless ctx has ended. It does not interrupt a write
// that has begun, because the outcome would then be unknown.
func (c *Client) send(ctx context.Context, r request, access access) (*answer, error) {
	if err := c.transport.pace.wait(ctx); err != nil {
		return nil, interrupted(r.op, cmp.Or(ctx.Err(), err))
	}
	caller := ctx
	if r.write {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	began := time.Now()
	correlation := uuid.NewString()

	var written atomic.Bool
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// The transport asks for another connection only if nothing was sent on the previous one.
		GetConn:      func(string) { written.Store(false) },
		WroteHeaders: func() { written.Store(true) },
	}), r.method, access.base, bytes.NewReader(r.body))
	if err != nil {
		return nil, invalidArgument(r.op, "the request cannot be made")
	}
	req.URL = &url.URL{Scheme: "https", Host: req.URL.Host, Opaque: r.target.path, RawQuery: r.target.query}
	req.Header.Set("Authorization", c.scheme+" "+access.bearer)
	req.Header.Set("Accept", cmp.Or(r.accept, "application/xml"))
	req.Header.Set(correlationHeader, correlation)
	if r.body != nil {
		req.Header.Set("Content-Type", cmp.Or(r.media, "application/xml"))
	}

	a, failure := c.receive(r, req, written.Load)
	status, kind := 0, ""
	if failure != nil {
		if failure.cause != nil && !r.write && caller.Err() != nil {
			status := failure.Status
			failure = interrupted(r.op, caller.Err())
			failure.Status = status
		}
		if failure.CorrelationID == "" {
			failure.CorrelationID = correlation
		}
		if failure.Kind == Forbidden && access.scopes != "" {
			failure.Message += "; Concur has granted the scopes " + access.scopes
		}
		failure.Code, failure.Message = redact(failure.Code, access.bearer), redact(failure.Message, access.bearer)
		status, kind, correlation = failure.Status, string(failure.Kind), failure.CorrelationID
	} else {
		if a.correlation == "" {
			a.correlation = correlation
		}
		status, correlation = a.status, a.correlation
	}
	level := slog.LevelDebug
	if r.write || failure != nil {
		level = slog.LevelInfo // Concur's support needs the correlation ID
	}
	c.log.Log(ctx, level, "concur request", "op", r.op, "status", status, "kind", kind,
		"correlation", correlation, "took", time.Since(began))
	if failure != nil {
		return nil, failure
	}
	return a, nil
}

// receive waits for the answer, reads it within the limit and classifies it.
func (c *Client) receive(r request, req *http.Request, written func() bool) (*answer, *Error) {
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, r.noAnswer(err, written())
	}
	defer resp.Body.Close()
	c.transport.announced(r.op, resp.Header)
	if resp.StatusCode/100 != 2 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // a part is enough: the status decides
		if clean, _, err := wire.Clean(body, resp.Header.Get("Content-Type")); err == nil {
			body = clean
		}
		return nil, r.refusal(resp, body)
	}
	contentType := resp.Header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(contentType)
	a := &answer{
		status: resp.StatusCode, correlation: correlationOf(resp), html: media == "text/html",
		openEnded: resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 && !resp.Uncompressed,
	}
	if r.consume != nil {
		failure := c.stream(r, a, resp.Body, contentType)
		if failure != nil && req.Context().Err() != nil {
			return nil, r.truncatedAnswer(a, req.Context().Err())
		}
		return a, failure
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, c.maxBody+1))
	if err == nil {
		// The answer may still end while the connection is being closed at the deadline.
		err = req.Context().Err()
	}
	switch {
	case err != nil:
		return nil, r.truncatedAnswer(a, err)
	case int64(len(a.body)) > c.maxBody:
		return nil, r.answerTooLarge(a, c.maxBody)
	}
	body, replaced, err := wire.Clean(a.body, contentType)
	switch {
	case err != nil:
		return nil, r.malformedAnswer(a, err)
	case int64(len(body)) > c.maxBody:
		return nil, r.answerTooLarge(a, c.maxBody)
	}
	a.body = body
	c.logReplaced(r, a, replaced)
	a.html = a.html || wire.IsHTML(a.body)
	if wire.IsHTML(a.body) || r.foreign(a) || wire.IsText(a.body) && (!r.emptyBody || a.correlation == "") || !r.emptyBody && isEmpty(a.body) {
		return nil, r.emptyAnswer(a)
	}
	return a, nil
}

// logReplaced logs that Concur's answer had characters that XML forbids, or bytes that are not
// text. Each was replaced by U+FFFD.
func (c *Client) logReplaced(r request, a *answer, count int) {
	if count > 0 {
		c.log.Warn("concur sent characters that are not allowed; U+FFFD was put in the place of each", "op", r.op, "count", count, "correlation", a.correlation)
	}
}

func isEmpty(body []byte) bool {
	return len(bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\uFEFF")))) == 0
}

// correlationOf returns the ID under which Concur has recorded the request.
func correlationOf(resp *http.Response) string {
	id := strings.TrimSpace(resp.Header.Get(correlationHeader))
	if !printable(id) {
		return ""
	}
	return id[:min(len(id), 100)]
}

// transport sends every request. It refuses hosts that are not on the allow-list, and requests
// without TLS.
type transport struct {
	hosts        hosts
	userAgent    string
	http         *http.Transport
	pace         limiter
	deprecations *deprecations
}

// RoundTrip sends one request.
func (d *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || !d.hosts.contains(req.URL.Host) {
		return nil, &Error{Op: "send", Kind: Untrusted, Message: "the host is not on the allow-list"}
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", d.userAgent)
	if req.Header.Get(correlationHeader) == "" {
		req.Header.Set(correlationHeader, uuid.NewString())
	}
	return d.http.RoundTrip(req)
}
