package approvals

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"concur-connector/approvals/identity"
	"concur-connector/expense"
)

// Options configures the endpoint.
type Options struct {
	ServiceOptions

	// Identity says who sends a request.
	Identity identity.Identifier
	// OpenID lets people sign in at the OpenID provider; nil if there is none.
	OpenID OpenID
	// URL is the address at which approvers reach the endpoint. If it is set, requests for other
	// hosts are refused. Nil means that the endpoint does not know it.
	URL *url.URL
}

// Endpoint serves approvers.
type Endpoint struct {
	Service  *Service
	Sessions *Sessions

	identity identity.Identifier
	openID   OpenID
	url      *url.URL
	failures failures
}

// New returns an error if an option is missing.
func New(o Options) (*Endpoint, error) {
	if o.Identity == nil {
		return nil, errors.New("the option Identity is required")
	}
	service, err := NewService(o.ServiceOptions)
	if err != nil {
		return nil, err
	}
	e := &Endpoint{Service: service, identity: o.Identity, openID: o.OpenID, url: o.URL, failures: failures{logger: o.Logger}}
	e.Sessions = &Sessions{endpoint: e, cookies: cookies{keys: o.SealKeys, https: o.URL != nil && o.URL.Scheme == "https"}}
	return e, nil
}

// Page is what the endpoint serves beside the HTTP interface.
type Page interface {
	http.Handler
	// SignInFailed shows why a login at the OpenID provider has failed; err is a *[Problem].
	SignInFailed(w http.ResponseWriter, r *http.Request, err error)
}

// Handler serves the HTTP interface below /api, the login at the OpenID provider, and page for
// every other path. A nil page means that every other path is unknown.
func (e *Endpoint) Handler(page Page) http.Handler {
	// The router matches the encoded path, so that an ID is decoded exactly once.
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	e.routes(router)
	if page != nil {
		if e.openID != nil {
			router.Handle(OpenIDLogin, methods{get: e.Sessions.openIDLogin(e.openID, page.SignInFailed)})
			router.Handle(OpenIDCallback, methods{get: e.Sessions.openIDCallback(e.openID, page.SignInFailed)})
		}
		router.PathPrefix("/").Handler(e.Sessions.renewing(page))
	}
	router.NotFoundHandler = http.HandlerFunc(unknownPath)
	sites := http.NewCrossOriginProtection()
	sites.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, problem(CrossSite, "a page of another web site has made the browser send this request"))
	}))
	return e.secure(sites.Handler(router))
}

// Off answers every request while no approvers are configured.
func Off() http.Handler {
	return (&Endpoint{}).secure(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, problem(Unavailable, "approvals are off: no approvers' file is configured (CONCUR_APPROVERS)"))
	}))
}

// policy lets a page use what the endpoint itself serves, and nothing inline. No other site may
// show it in a frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets the headers that every answer has, and refuses requests for other hosts.
func (e *Endpoint) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if e.url != nil && e.url.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if e.url != nil && r.Host != e.url.Host {
			refuse(w, problem(WrongHost, "this endpoint serves only the host of CONCUR_APPROVALS_URL"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// actorKey is the context key of the actor.
type actorKey struct{}

// identified requires an identity.
func (e *Endpoint) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, err := e.Identify(r)
		if err != nil {
			refuse(w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, actor)))
	})
}

func actorOf(r *http.Request) expense.Actor {
	actor, _ := r.Context().Value(actorKey{}).(expense.Actor)
	return actor
}

// Identify finds out who sends a request by its token or by the single sign-on proxy. Its errors
// are problems of the kinds Unidentified, NotApprover, TooMany and Unavailable. It slows down
// whoever fails again and again.
func (e *Endpoint) Identify(r *http.Request) (expense.Actor, error) {
	from := source(r)
	if from.credential != "" && e.failures.refuses(from) {
		return expense.Actor{}, problem(TooMany, "too many requests with wrong credentials came from this address or with this token; wait a moment")
	}
	actor, err := e.identity.Identify(r)
	if err == nil {
		e.failures.succeeded(from)
		return actor, nil
	}
	refused := unidentified(err)
	if from.credential != "" && refused.Kind == Unidentified {
		e.failures.failed(r.Context(), from)
	}
	return expense.Actor{}, refused
}
