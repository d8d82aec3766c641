package page

import (
	"errors"
	"net/http"
	"net/url"

	"concur-connector/expense"
)

// signInForm is what the template sign-in shows.
type signInForm struct {
	Problem string // key of the message; empty if there is none
	Next    string // where the person wants to go
	Comment string // that could not be sent, so that it is not lost
	OpenID  string // address that begins a login at the OpenID provider; empty if there is none
}

func (p *Page) showSignIn(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.URL.Query().Get("next"))
	if _, err := p.options.Sessions.Actor(r); err == nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	p.renderSignIn(w, r, http.StatusOK, signInForm{Next: next})
}

func (p *Page) signIn(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.PostFormValue("next"))
	err := p.options.Sessions.SignIn(w, r, r.PostFormValue("token"))
	if err == nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	p.signInFailed(w, r, err, next)
}

// SignInFailed shows the sign-in page with the reason why a login at the OpenID provider has failed.
// The error is ErrToken for a person who is no approver, ErrThrottled, ErrUnavailable or ErrSignedOut
// for a login that has to begin anew.
func (p *Page) SignInFailed(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Cache-Control", "no-store")
	if errors.Is(err, ErrToken) {
		p.renderSignIn(w, r, http.StatusForbidden, signInForm{Problem: "sign-in.not-approver", Next: "/"})
		return
	}
	p.signInFailed(w, r, err, "/")
}

func (p *Page) signInFailed(w http.ResponseWriter, r *http.Request, err error, next string) {
	form, status := signInForm{Next: next}, http.StatusServiceUnavailable
	switch {
	case errors.Is(err, ErrToken):
		form.Problem, status = "sign-in.wrong", http.StatusUnauthorized
	case errors.Is(err, ErrThrottled):
		form.Problem, status = "sign-in.throttled", http.StatusTooManyRequests
	case errors.Is(err, ErrSignedOut):
		form.Problem, status = "sign-in.again", http.StatusUnauthorized
	default:
		form.Problem = "sign-in.unavailable"
		p.options.Logger.WarnContext(r.Context(), "nobody can sign in", "error", err)
	}
	p.renderSignIn(w, r, status, form)
}

func (p *Page) renderSignIn(w http.ResponseWriter, r *http.Request, status int, form signInForm) {
	if p.options.OpenIDLogin != "" {
		form.OpenID = p.options.OpenIDLogin + "?" + url.Values{"next": {form.Next}}.Encode()
	}
	v := p.newView(r, expense.Actor{})
	v.Title, v.Data = v.T("sign-in.title"), form
	p.render(w, r, status, "sign-in", "layout", v)
}

func (p *Page) signOut(w http.ResponseWriter, r *http.Request) {
	p.options.Sessions.SignOut(w, r)
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}
