package facts

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"concur-connector/expense"
	"concur-connector/internal/webhook"
)

// question is the body of a request. docs/policy/fact-request.schema.json describes it.
type question struct {
	Fact  string                 `json:"fact"`
	ID    string                 `json:"id"`
	At    time.Time              `json:"at"`
	Wants []string               `json:"wants,omitempty"`
	Items []expense.QuestionItem `json:"items"`
}

// Ask asks about all objects of a question. It sends one request after the other, each with at
// most 200 objects. It returns the answers for all objects, or an [*Error].
func (c *Client) Ask(ctx context.Context, q expense.Question) (expense.Answers, error) {
	target, err := c.hosts.Parse(q.URL)
	if err != nil {
		return nil, &Error{Fact: q.Fact, Kind: expense.Untrusted, Message: err.Error() + "; nothing was sent"}
	}
	if q.At.IsZero() {
		q.At = c.now()
	}
	if q.IdempotencyKey == "" {
		q.IdempotencyKey = rand.Text()
	}
	answers, number := expense.Answers{}, 0
	for part := range slices.Chunk(q.Items, batch) {
		number++
		body := question{Fact: q.Fact, ID: requestID(q, number), At: q.At.UTC(), Wants: q.Wants, Items: part}
		got, err := c.send(ctx, target, body)
		if err != nil {
			return nil, err
		}
		maps.Copy(answers, got)
	}
	return answers, nil
}

// requestID identifies a request. All attempts to send a request have the same ID; a new
// question about the same objects has another one. The ID contains nothing from the report.
func requestID(q expense.Question, number int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d", q.IdempotencyKey, q.Fact, q.URL, number))
	return "fact_" + hex.EncodeToString(sum[:16])
}

// send sends one request and returns its answer.
func (c *Client) send(ctx context.Context, target *url.URL, q question) (expense.Answers, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, &Error{Fact: q.Fact, Kind: expense.Rejected, Message: "the question cannot be written as JSON; nothing was sent"}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Fact: q.Fact, Kind: expense.Rejected, Message: "the request cannot be built; nothing was sent"}
	}
	now := c.now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "concur-connector")
	c.signer.Sign(req.Header, q.ID, now, body)

	answers, failure := c.receive(req, q)
	status, kind := http.StatusOK, ""
	if failure != nil {
		status, kind = failure.Status, string(failure.Kind)
	}
	c.log.Info("fact request", "fact", q.Fact, "host", target.Host, "id", q.ID, "items", len(q.Items),
		"status", status, "kind", kind, "took", c.now().Sub(now))
	if failure != nil {
		return nil, failure
	}
	return answers, nil
}

// receive waits for the answer and reads it.
func (c *Client) receive(req *http.Request, q question) (expense.Answers, *Error) {
	fail := func(status int, kind expense.Kind, format string, args ...any) *Error {
		return &Error{Fact: q.Fact, Kind: kind, Status: status, Message: fmt.Sprintf(format, args...)}
	}
	response, err := c.http.Do(req)
	if err != nil {
		return nil, c.lost(req, fail(0, expense.Unavailable, "%s", webhook.ConnectionError(req.URL.Host, caSetting, err)))
	}
	defer response.Body.Close()
	status := response.StatusCode
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if page := isPage(response.Header, status, body); page || status != http.StatusOK {
		kind, says := refusal(status)
		if page && kind != expense.RateLimited {
			kind, says = expense.Unavailable, "did not get the request: a proxy, a firewall or a gateway answered instead"
		}
		failure := fail(status, kind, "%s %s", req.URL.Host, says)
		failure.Gateway, failure.RetryAfter = page, webhook.RetryAfter(response.Header.Get("Retry-After"), c.now())
		return nil, failure
	}
	switch {
	case err != nil, req.Context().Err() != nil: // after a timeout, a truncated body can look complete
		return nil, c.lost(req, fail(status, expense.Unavailable, "the answer of %s is truncated", req.URL.Host))
	case len(body) > maxAnswer:
		return nil, fail(status, expense.Malformed, "the answer of %s is larger than %d KiB", req.URL.Host, maxAnswer>>10)
	}
	answers, err := readAnswer(body, q)
	if err != nil {
		return nil, fail(status, expense.Malformed, "the answer of %s %v", req.URL.Host, err)
	}
	return answers, nil
}

// lost adds the error of the request's context, if it has ended.
func (c *Client) lost(req *http.Request, e *Error) *Error {
	if e.cause = req.Context().Err(); errors.Is(e.cause, context.DeadlineExceeded) {
		e.Message = fmt.Sprintf("%s did not answer within %s", req.URL.Host, c.timeout)
	}
	return e
}
