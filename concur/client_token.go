package concur

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/google/uuid"
)

const (
	day = 24 * time.Hour
	// lastWarning is when a warning becomes an error, whatever the setting.
	lastWarning = 7 * day
	// defaultWarning is when the warnings begin by default.
	defaultWarning = 30 * day
)

// warnings records what was logged about the refresh token.
type warnings struct {
	warnedAt         time.Time
	erroredAt        time.Time
	rotationLogged   bool
	unknownEndLogged bool // that nothing says when the refresh token ends
}

// warn logs that the refresh token will end: at most once a day, and as an error in the last
// week.
func (t *tokens) warn() {
	now, status := time.Now(), t.state.status()
	if t.store == nil && !status.ObtainedAt.IsZero() && status.RefreshExpiresAt.IsZero() && !t.warned.unknownEndLogged {
		t.warned.unknownEndLogged = true
		t.log.Warn("concur does not say when the refresh token ends, and without CONCUR_TOKEN_FILE its age is lost at each restart: it ends six months after it was issued")
	}
	if !status.RenewalDue(now, max(t.warning, lastWarning)) {
		return
	}
	latest := status.RefreshEndsBy()
	ends := []any{"ends", latest, "days", int(latest.Sub(now) / day)}
	if status.RefreshExpiresAt.IsZero() {
		ends = []any{"ends", "unknown", "latest", latest, "firstSeen", status.RefreshSeenAt}
	}
	switch {
	case status.RenewalDue(now, lastWarning):
		if now.Sub(t.warned.erroredAt) >= day {
			t.warned.erroredAt, t.warned.warnedAt = now, now
			t.log.Error("the refresh token ends within days: renew it now with concurctl token init", ends...)
		}
	case now.Sub(t.warned.warnedAt) >= day:
		t.warned.warnedAt = now
		t.log.Warn("the refresh token comes to its end: renew it with concurctl token init", ends...)
	}
}

// EnsureToken makes sure that there is an access token, and returns the status of the tokens.
// It sends a request only if there is no valid token.
func (c *Client) EnsureToken(ctx context.Context) (TokenStatus, error) {
	held, err := c.tokens.renew(ctx, "", state.fresh)
	return held.status(), err
}

// ReplaceTokens obtains new tokens, even if the present ones are valid.
func (c *Client) ReplaceTokens(ctx context.Context) (TokenStatus, error) {
	called := time.Now()
	held, err := c.tokens.renew(ctx, " renew", func(s state) bool { return s.fresh() && !s.ObtainedAt.Before(called) })
	return held.status(), err
}

// RenewTokens renews the tokens whenever they are older than age, so that the refresh token of
// a quiet company does not end unused, and logs when it will end. Concur suggests a day.
//
// RenewTokens returns when ctx ends. It returns at once without a token store, because new
// tokens would be lost with the process, and without a context.
func (c *Client) RenewTokens(ctx context.Context, age time.Duration) {
	t := c.tokens
	if t.store == nil || ctx == nil {
		return
	}
	look := time.NewTicker(max(age/24, time.Millisecond))
	defer look.Stop()
	for {
		_, err := t.renew(ctx, " keep", func(s state) bool { return time.Since(s.ObtainedAt) < age })
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			t.log.Error("the access to concur was not renewed", "error", err)
		default:
			t.mu.Lock()
			t.warn()
			t.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// Revoke ends the connection of the application with the company: all its tokens, also those
// in other places. It removes the token store.
//
// Source: https://developer.concur.com/api-reference/authentication/apidoc.html#revoke_token
func (c *Client) Revoke(ctx context.Context) error {
	_, err := c.do(ctx, request{
		op: "revoke access", needs: "to be that of the company's own connection", method: http.MethodDelete,
		target: target{path: "/app-mgmt/v0/connections"}, write: true, forTokens: true, emptyBody: true, bodiless: true,
	})
	switch {
	case errors.Is(err, OutcomeUnknown):
		return fmt.Errorf("%w: whether it is revoked is not known; revoke it again", err)
	case errors.Is(err, Unauthorized):
		return fmt.Errorf("%w: nothing can be revoked with tokens that have ended. If an earlier revocation got no answer, it was done: remove the token store. Otherwise run concurctl token init, and revoke then", err)
	case err != nil:
		return err
	}
	t := c.tokens
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.AccessToken = ""
	if t.store == nil {
		return nil
	}
	unlock, err := t.store.lock()
	if err != nil {
		return fmt.Errorf("revoke access: it is revoked, but could not be removed from the token file: %w", err)
	}
	defer unlock()
	if err := t.store.remove(); err != nil {
		return fmt.Errorf("revoke access: it is revoked, but could not be removed from the token file: %w", err)
	}
	return nil
}

// InitToken obtains the first tokens of a company, or new ones after the old ones have ended,
// and writes them to the token store of the options. The company is its UUID. An administrator
// gets the request token in Concur; it is valid for 24 hours. InitToken does not use the
// refresh token of the options.
//
// Source: https://developer.concur.com/api-reference/authentication/company-auth.html
func InitToken(ctx context.Context, o Options, companyID, requestToken string) (TokenStatus, error) {
	const op = "obtain company token"
	switch {
	case ctx == nil:
		return TokenStatus{}, invalidArgument(op, "the context is nil")
	case o.TokenFile == "":
		return TokenStatus{}, invalidArgument(op, "the path of the token store is missing")
	case len(companyID) != 36 || uuid.Validate(companyID) != nil:
		return TokenStatus{}, invalidArgument(op, "the company is not a UUID of 36 characters")
	case requestToken == "" || !printable(requestToken):
		return TokenStatus{}, invalidArgument(op, "the request token is empty, or has a space or a character that is not printable ASCII")
	}
	c, err := assemble(o, true)
	if err != nil {
		return TokenStatus{}, err
	}
	defer c.Close()
	if err := ctx.Err(); err != nil {
		return TokenStatus{}, interrupted(op, err)
	}
	t := c.tokens
	unlock, err := t.store.lock()
	if err != nil {
		return TokenStatus{}, fmt.Errorf("%s: %w", op, err)
	}
	defer unlock()
	before, _, err := t.store.readLocked()
	if err != nil {
		return TokenStatus{}, fmt.Errorf("%s: %w", op, err)
	}
	kept, err := t.store.reserve()
	if err != nil {
		return TokenStatus{}, fmt.Errorf("%s: %w", op, err)
	}
	asked := time.Now()
	token, base, err := t.retrieve(op, companyGrant(companyID, requestToken), t.state.Geolocation)
	if err != nil {
		kept.discard()
		return TokenStatus{}, err
	}
	next, unusable := before.next(token, base, asked, t.hosts)
	if unusable == nil && token.RefreshToken == "" {
		unusable = &Error{Kind: Malformed, Status: http.StatusOK, Message: "there is no refresh token in the answer"}
	}
	if unusable != nil {
		kept.discard()
		unusable.Op = op
		return TokenStatus{}, unusable
	}
	if err := kept.write(next); err != nil {
		return TokenStatus{}, fmt.Errorf("%s: %w", op, err)
	}
	return next.status(), nil
}

// ReadTokenStore returns the status of the tokens in a token store. It sends no request. The
// error is fs.ErrNotExist if there is no store yet.
func ReadTokenStore(o Options) (TokenStatus, error) {
	hosts, err := newHosts(o.TrustedHosts)
	switch {
	case err != nil:
		return TokenStatus{}, argumentError{err}
	case o.TokenFile == "":
		return TokenStatus{}, invalidArgument("read token store", "the path of the token store is missing")
	}
	held, found, err := newStore(o.TokenFile, hosts, 0).read()
	switch {
	case err != nil:
		return TokenStatus{}, err
	case !found:
		return TokenStatus{}, &storeError{err: fmt.Errorf("there is no %s yet: run concurctl token init (%w)", o.TokenFile, fs.ErrNotExist)}
	}
	return held.status(), nil
}
