package notify

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"concur-connector/expense"
	"concur-connector/internal/webhook"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 4 << 10

// post sends a message to a webhook, to Slack or to Teams.
func (n *Notifier) post(ctx context.Context, m Message) *Error {
	ch := m.to.channel
	fail := func(status int, kind expense.Kind, says string) *Error {
		return &Error{Channel: ch.name, Kind: kind, Status: status, Message: ch.url.Host + " " + says, ChannelDown: true}
	}
	body, err := m.payload, error(nil)
	switch ch.kind {
	case typeSlack:
		body, err = slackBody(m)
	case typeTeams:
		body, err = teamsBody(m)
	}
	if err != nil {
		return fail(0, expense.Rejected, "gets no message: it cannot be written as JSON")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ch.url.String(), bytes.NewReader(body))
	if err != nil {
		return fail(0, expense.Rejected, "gets no message: the request cannot be built")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "concur-connector")
	if ch.kind == typeWebhook {
		ch.signer.Sign(req.Header, m.ID, time.Now(), body)
	}
	response, err := n.http.Do(req)
	if err != nil {
		failure := fail(0, expense.Unavailable, "")
		failure.Message = webhook.ConnectionError(ch.url.Host, caSetting, err)
		if ctx.Err() != nil {
			failure.Message = ch.url.Host + " did not answer in time"
		}
		return failure
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	status := response.StatusCode
	if status >= 200 && status < 300 {
		if page := bytes.HasPrefix(bytes.TrimSpace(answer), []byte("<")); page {
			return fail(status, expense.Unavailable, "did not get the message: a proxy, a firewall or a gateway answered with a web page")
		}
		return nil
	}
	kind, says := refusal(status)
	failure := fail(status, kind, says)
	failure.RetryAfter = webhook.RetryAfter(response.Header.Get("Retry-After"), time.Now())
	return failure
}

// refusal explains an answer other than a success. The text completes a sentence that begins with
// the host.
func refusal(status int) (expense.Kind, string) {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return expense.Forbidden, "rejects the connector: check the secret, or the address in the file of urlFile"
	case status == http.StatusNotFound, status == http.StatusGone:
		return expense.NotFound, "does not know the address: make a new webhook there, and change the address"
	case status == http.StatusTooManyRequests:
		return expense.RateLimited, "got too many messages"
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusProxyAuthRequired, status >= 500:
		return expense.Unavailable, "cannot take the message now"
	case status >= 300 && status < 400:
		return expense.Rejected, "answers with a redirect, which the connector does not follow: give the final address"
	}
	return expense.Rejected, "rejects the message"
}
