package record

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"concur-connector/expense"
	"concur-connector/internal/webhook"
)

// EntryType is the type of the requests of a [Webhook].
const EntryType = "approvals.recorded"

const (
	defaultTimeout = 10 * time.Second
	maxAnswer      = 4 << 10 // bytes of an answer that are read
)

// Webhook sends entries to a system of the company, signed as Standard Webhooks.
type Webhook struct {
	options WebhookOptions
	url     *url.URL
	signer  webhook.Signer
	http    *http.Client
}

// WebhookOptions configure a Webhook.
type WebhookOptions struct {
	URL     string         // https://; http:// only for loopback
	Secrets []string       // one, or two while the secret is changed
	RootCAs *x509.CertPool // nil means the system's
	Timeout time.Duration  // of one request; 0 means 10 s
}

// NewWebhook returns an error that contains neither the address nor a secret.
func NewWebhook(o WebhookOptions) (*Webhook, error) {
	w := &Webhook{options: o, http: webhook.NewClient(o.RootCAs)}
	if o.Timeout <= 0 {
		w.options.Timeout = defaultTimeout
	}
	var host []string
	if u, err := url.Parse(o.URL); err == nil && u.Host != "" {
		host = []string{u.Host} // the configuration names the address, so its host is allowed
	}
	hosts, err := webhook.NewHosts("CONCUR_RECORD_URL", host)
	if err == nil {
		w.url, err = hosts.WithPlainLoopback().Parse(o.URL)
	}
	if err != nil {
		err = fmt.Errorf("CONCUR_RECORD_URL: %w", err)
	}
	signer, problem := webhook.NewSigner(o.Secrets)
	if problem != nil {
		problem = fmt.Errorf("CONCUR_RECORD_SECRET: %w", problem)
	}
	w.signer = signer
	return w, errors.Join(err, problem)
}

// Send sends one entry. The header webhook-id is the same whenever the entry is sent, so that the
// receiver can store it once. The error is a [*WebhookError].
func (w *Webhook) Send(ctx context.Context, e Entry) error {
	body, err := json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      Entry     `json:"data"`
	}{EntryType, e.Event.At.UTC(), e})
	if err != nil {
		return w.fails(expense.Rejected, 0, "gets nothing: the event cannot be written as JSON")
	}
	ctx, cancel := context.WithTimeout(ctx, w.options.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(body))
	if err != nil {
		return w.fails(expense.Rejected, 0, "gets nothing: the request cannot be built")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "concur-connector")
	id := e.id()
	w.signer.Sign(req.Header, "record-"+hex.EncodeToString(id[:]), time.Now(), body)
	response, err := w.http.Do(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return w.fails(expense.Unavailable, 0, "did not answer in time")
	case err != nil:
		return &WebhookError{Kind: expense.Unavailable, Message: webhook.ConnectionError(w.url.Host, "CONCUR_RECORD_CA", err)}
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return w.judge(response, answer)
}

// judge returns nil if the receiver has taken the entry.
func (w *Webhook) judge(response *http.Response, answer []byte) error {
	status := response.StatusCode
	fails := func(kind expense.Kind, says string) error {
		e := w.fails(kind, status, says)
		e.RetryAfter = webhook.RetryAfter(response.Header.Get("Retry-After"), time.Now())
		return e
	}
	switch {
	case status >= 200 && status < 300 && bytes.HasPrefix(bytes.TrimSpace(answer), []byte("<")):
		return fails(expense.Unavailable, "did not get the event: a proxy, a firewall or a gateway answered with a web page")
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fails(expense.Forbidden, "rejects the connector: give it the secret of CONCUR_RECORD_SECRET")
	case status == http.StatusNotFound, status == http.StatusGone:
		return fails(expense.NotFound, "does not know the address: change CONCUR_RECORD_URL")
	case status == http.StatusTooManyRequests:
		return fails(expense.RateLimited, "got too many requests")
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500:
		return fails(expense.Unavailable, "cannot take the event now")
	case status >= 300 && status < 400:
		return fails(expense.Rejected, "answers with a redirect, which the connector does not follow: give the final address in CONCUR_RECORD_URL")
	}
	return fails(expense.Rejected, "rejects the event: read its log")
}

func (w *Webhook) fails(kind expense.Kind, status int, says string) *WebhookError {
	return &WebhookError{Kind: kind, Status: status, Message: w.url.Host + " " + says}
}

// WebhookError says why an entry was not stored. It contains no address, no secret and nothing of
// the answer. errors.Is finds its kind.
type WebhookError struct {
	Kind       expense.Kind
	Status     int           // 0 without an answer
	Message    string        // one sentence for an operator
	RetryAfter time.Duration // how long the receiver asks to wait; 0 if it does not
}

// Error returns one line.
func (e *WebhookError) Error() string {
	status := ""
	if e.Status != 0 {
		status = fmt.Sprintf(" (%d)", e.Status)
	}
	return fmt.Sprintf("send the record: %s%s: %s", e.Kind, status, e.Message)
}

// Is reports whether target is the error's kind.
func (e *WebhookError) Is(target error) bool {
	kind, ok := target.(expense.Kind)
	return ok && kind == e.Kind
}
