package approvals

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"concur-connector/approvals/approvers"
	"concur-connector/approvals/identity"
	"concur-connector/expense"
)

const (
	sessionCookie = "approvals-session"

	// maxSession is how long somebody stays signed in, maxForeignSession the same for a person whom
	// only the OpenID provider knows: nobody tells the endpoint when they leave a group.
	maxSession        = 12 * time.Hour
	maxForeignSession = time.Hour
	// maxIdle ends a session that nobody uses. The cookie is renewed at most each renewEvery.
	maxIdle    = time.Hour
	renewEvery = 5 * time.Minute
)

// session is who has signed in with a browser. The browser keeps it, encrypted.
type session struct {
	ID      string        `json:"id"`
	Actor   expense.Actor `json:"actor"`
	Token   string        `json:"token,omitempty"` // digest of the token with which the person has signed in
	Expires time.Time     `json:"expires"`
	Seen    time.Time     `json:"seen"`
}

// Sessions remember who has signed in with a browser. Every request is checked against the
// approvers' file, so that a person who was removed, or whose token was revoked, is out at once.
// Its errors are of type *[Problem].
type Sessions struct {
	endpoint *Endpoint
	cookies  cookies

	mu    sync.Mutex
	ended map[string]time.Time // sessions that were ended before they expired
}

// Actor returns who sends a request: whom the single sign-on proxy names, or who has signed in.
func (s *Sessions) Actor(r *http.Request) (expense.Actor, error) {
	if len(r.Header.Values("Authorization")) == 0 {
		actor, err := s.endpoint.Identify(r)
		if p, ok := errors.AsType[*Problem](err); !ok || p.Kind != Unidentified {
			return actor, err
		}
	}
	one, ok := s.current(r)
	if !ok {
		return expense.Actor{}, problem(Unidentified, "nobody has signed in, or the session has ended; sign in again")
	}
	return one.Actor, nil
}

// current returns the session of a request, with what the approvers' file says now.
func (s *Sessions) current(r *http.Request) (one session, ok bool) {
	now := time.Now()
	if !s.cookies.get(r, sessionCookie, &one) || !now.Before(one.Expires) || now.Sub(one.Seen) > maxIdle || s.hasEnded(one.ID) {
		return session{}, false
	}
	people := s.endpoint.Service.people
	if one.Token != "" && !hasToken(people.Current(), one.Actor.Name, one.Token) {
		return session{}, false
	}
	actor, err := identity.Refresh(people, one.Actor)
	if err != nil {
		return session{}, false
	}
	one.Actor = actor
	return one, true
}

// hasToken reports whether a person still has the token with a digest.
func hasToken(people *approvers.Approvers, name, digest string) bool {
	p := people.Named(name)
	if p == nil {
		return false
	}
	for _, t := range p.Tokens {
		if t.SHA256.String() == digest {
			return true
		}
	}
	return false
}

// SignIn starts a session for the person to whom a token of the approvers' file belongs. A session
// that the browser had before ends. Its problems are those of [Endpoint.Identify].
func (s *Sessions) SignIn(w http.ResponseWriter, r *http.Request, token string) error {
	token = strings.TrimSpace(token)
	if !strings.HasPrefix(token, approvers.TokenPrefix) || strings.ContainsAny(token, " \r\n\t") {
		token = approvers.TokenPrefix // belongs to nobody, and counts as a wrong one
	}
	asked := (&http.Request{RemoteAddr: r.RemoteAddr, Header: http.Header{"Authorization": {"Bearer " + token}}}).WithContext(r.Context())
	actor, err := s.endpoint.Identify(asked)
	if err != nil {
		return err
	}
	return s.begin(w, r, session{Actor: actor, Token: approvers.DigestOf(token).String()})
}

// begin starts a session with a new ID.
func (s *Sessions) begin(w http.ResponseWriter, r *http.Request, one session) error {
	s.end(r)
	age := maxSession
	if s.endpoint.Service.people.Current().Named(one.Actor.Name) == nil {
		age = maxForeignSession
	}
	now := time.Now()
	one.ID, one.Seen, one.Expires = rand.Text(), now, now.Add(age)
	return s.keep(r.Context(), w, r, one)
}

func (s *Sessions) keep(ctx context.Context, w http.ResponseWriter, r *http.Request, one session) error {
	if err := s.cookies.set(w, r, sessionCookie, one, time.Until(one.Expires)); err != nil {
		s.endpoint.Service.logger.ErrorContext(ctx, "a session cannot be sealed", "error", err)
		return problem(Internal, "the session cannot be sealed; the log of the ingress says why")
	}
	return nil
}

// SignOut ends the session of a browser, if there is one, also for whoever has copied its cookie.
func (s *Sessions) SignOut(w http.ResponseWriter, r *http.Request) {
	s.end(r)
	s.cookies.drop(w, r, sessionCookie)
}

const maxEnded = 10_000

// end remembers that the session of a request was ended.
func (s *Sessions) end(r *http.Request) {
	var one session
	if !s.cookies.get(r, sessionCookie, &one) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.ended == nil {
		s.ended = map[string]time.Time{}
	}
	if len(s.ended) >= maxEnded {
		for id, expires := range s.ended {
			if !now.Before(expires) {
				delete(s.ended, id)
			}
		}
	}
	if len(s.ended) < maxEnded && now.Before(one.Expires) {
		s.ended[one.ID] = one.Expires
	}
}

func (s *Sessions) hasEnded(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ended := s.ended[id]
	return ended
}

// renewing renews the cookie of a session that is in use.
func (s *Sessions) renewing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if one, ok := s.current(r); ok && time.Since(one.Seen) > renewEvery {
			one.Seen = time.Now()
			_ = s.keep(r.Context(), w, r, one) // the old cookie goes on for a while
		}
		next.ServeHTTP(w, r)
	})
}
