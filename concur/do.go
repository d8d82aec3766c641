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
	needs     string // the role and scope to check when Concur forbids it
	method    string
	target    target
	body      []byte
	write     bool // it changes something: an answer that is lost leaves that unknown
	forTokens bool // it changes our own access, and no report
	emptyBody bool // its answer needs no body
	// bodiless says that Concur documents no body for its success: one without the correlation
	// ID is the answer of a gateway.
	bodiless   bool
	onlyStatus int    // the only status that is a success of this write; 0: any of them
	accept     string // the media type that is asked for; XML when empty
	media      string // of the body; XML when empty

	err *Error // why it cannot be sent

	omitMessage bool // what Concur says of a failure may name a person: its code is kept alone

	// consume reads the answer as it comes, when it may be too long to be held in
	// memory. It is called once, with the body of a success.
	consume func(body io.Reader) error
}

// answer is what Concur answered with success.
type answer struct {
	status      int
	body        []byte
	html        bool // by its content type
	openEnded   bool // only the end of the connection showed the end of the body
	correlation string
}

// do sends a request and returns the answer if it is a success. A token that is refused is
// refreshed once for a 401 and, of a read, once for a 403. A write that is forbidden is not
// sent again: a 403 has other causes than a token that has ended, and a read tells which. A
// revocation may be sent again: it is of our own access and of no report.
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

// TokenRenewedSince reports whether the access token with which a request was refused has been
// replaced since. A 403 may say that the token has ended: when a read after a write that was
// forbidden has renewed it, the write may be sent again.
func (c *Client) TokenRenewedSince(refusal error) bool {
	var e *Error
	if !errors.As(refusal, &e) || e.Status != http.StatusForbidden || e.Gateway {
		return false
	}
	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	return c.tokens.state.Generation != e.generation
}

// GrantedSince renews the access token with which Concur forbade a write, and reports whether
// the new token has a scope that the old one did not have: then read again, and send the write
// again. A token has the scopes of the time at which it was issued, so a scope that is granted
// later helps only with a new token. Call it when a read has shown that the report still waits.
// Without a new token it reports false, and the refusal stands.
func (c *Client) GrantedSince(ctx context.Context, refusal error) bool {
	var e *Error
	if !errors.As(refusal, &e) || e.Kind != Forbidden || e.Status != http.StatusForbidden || e.Gateway {
		return false
	}
	key := fmt.Sprint(" forbidden ", e.generation) // who was refused with another token waits for another renewal
	now, err := c.tokens.renew(ctx, key, func(s state) bool { return s.fresh() && s.Generation != e.generation })
	if err != nil {
		c.log.Warn("a write was forbidden, and the access token could not be renewed", "op", e.Op, "error", err)
		return false
	}
	before := strings.Fields(e.scopes)
	return len(before) > 0 && slices.ContainsFunc(strings.Fields(now.Scope), func(scope string) bool { return !slices.Contains(before, scope) })
}

// send sends a request once, in its turn, unless ctx has ended. A write that is on its
// way is not interrupted: whether it took effect would not be known.
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
		// The transport asks for another connection only when nothing was done on the one before.
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
		level = slog.LevelInfo // Concur's support is told the correlation
	}
	c.log.Log(ctx, level, "concur request", "op", r.op, "status", status, "kind", kind,
		"correlation", correlation, "took", time.Since(began))
	if failure != nil {
		return nil, failure
	}
	return a, nil
}

// receive waits for the answer, reads it within the limit and judges it.
func (c *Client) receive(r request, req *http.Request, written func() bool) (*answer, *Error) {
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, r.noAnswer(err, written())
	}
	defer resp.Body.Close()
	c.transport.announced(r.op, resp.Header)
	if resp.StatusCode/100 != 2 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what there is of it, the status says enough
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
		// While a connection is closed for want of time the server may still end its answer.
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

// logReplaced logs that Concur's answer held characters that no XML may hold, or bytes that
// are no text. Each has become U+FFFD.
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

// transport is the only way out: nothing leaves it for a host that is not on the
// allow-list, or in clear.
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
