package approvals

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"concur-connector/approvals/identity"
)

// OpenID is the login at the OpenID provider; identity.OIDC implements it.
type OpenID interface {
	Begin(redirect string) (address string, a identity.Attempt, err error)
	Finish(ctx context.Context, a identity.Attempt, callback url.Values) (identity.Login, error)
}

// The paths of the login at the OpenID provider. The provider must know the second.
const (
	OpenIDLogin    = "/login"
	OpenIDCallback = "/login/callback"
)

const (
	attemptCookie = "approvals-login"
	maxAttempt    = 10 * time.Minute
)

// attemptToSignIn is a login that has begun, and the path to which the person wants to return.
type attemptToSignIn struct {
	identity.Attempt
	Next  string    `json:"next"`
	Begun time.Time `json:"begun"`
}

// openIDLogin sends a browser to the provider. failed shows why that is not possible.
func (s *Sessions) openIDLogin(provider OpenID, failed func(http.ResponseWriter, *http.Request, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		address, attempt, err := provider.Begin(s.endpoint.address(r, OpenIDCallback))
		if err == nil {
			err = s.cookies.set(w, r, attemptCookie, attemptToSignIn{attempt, localPath(r.URL.Query().Get("next")), time.Now()}, maxAttempt)
		}
		if err != nil {
			failed(w, r, unidentified(err))
			return
		}
		http.Redirect(w, r, address, http.StatusSeeOther)
	}
}

// openIDCallback ends a login with the provider's answer, and starts a session.
func (s *Sessions) openIDCallback(provider OpenID, failed func(http.ResponseWriter, *http.Request, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var begun attemptToSignIn
		known := s.cookies.get(r, attemptCookie, &begun) && time.Since(begun.Begun) < maxAttempt
		s.cookies.drop(w, r, attemptCookie)
		if !known {
			failed(w, r, problem(Unidentified, "this browser has not begun this login, or it took too long; sign in again"))
			return
		}
		login, err := provider.Finish(r.Context(), begun.Attempt, r.URL.Query())
		if err == nil {
			err = s.begin(w, r, session{Actor: login.Actor})
		}
		if err != nil {
			s.endpoint.Service.logger.WarnContext(r.Context(), "a login at the OpenID provider has failed", "address", address(r.RemoteAddr))
			failed(w, r, unidentified(err))
			return
		}
		http.Redirect(w, r, begun.Next, http.StatusSeeOther)
	}
}

// unidentified turns an error of identification into a problem.
func unidentified(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, identity.ErrNotApprover):
		return problem(NotApprover, err.Error())
	case errors.Is(err, identity.ErrUnavailable):
		return problem(Unavailable, err.Error())
	}
	return problem(Unidentified, err.Error())
}

// address returns the address of a path as browsers reach it.
func (e *Endpoint) address(r *http.Request, path string) string {
	if e.url != nil {
		return e.url.JoinPath(path).String()
	}
	u := url.URL{Scheme: "http", Host: r.Host, Path: path}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u.String()
}

// localPath returns a path of this endpoint, or / for anything else.
func localPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n\t") {
		return "/"
	}
	return text
}
