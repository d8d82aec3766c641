package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"concur-connector/expense"
)

// Attempt is a login that a browser has begun at the OpenID provider. Keep it where only that
// browser can return it, such as in a cookie that is HttpOnly and Secure, and use it once.
type Attempt struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // of PKCE
	Redirect string `json:"redirect"` // the address to which the provider sends the browser back
}

// Login is a person who has signed in.
type Login struct {
	Actor   expense.Actor
	Expires time.Time // when the provider's token expires
}

// Begin returns the address of the provider's login page, and the attempt to hand to Finish. The
// address of redirect must be registered with the provider.
func (o *OIDC) Begin(redirect string) (address string, a Attempt, err error) {
	p, err := o.discover()
	if err != nil {
		return "", Attempt{}, err
	}
	a = Attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Redirect: redirect}
	return o.flow(p, a).AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), a, nil
}

func (o *OIDC) flow(p *provider, a Attempt) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.options.ClientID, ClientSecret: o.options.ClientSecret, Endpoint: p.Endpoint(),
		RedirectURL: a.Redirect, Scopes: append([]string{oidc.ScopeOpenID}, o.options.Scopes...),
	}
}

// errorCode is what a provider may call an error.
var errorCode = regexp.MustCompile(`^[a-z_]{1,40}$`)

// Finish ends a login with the parameters with which the provider has sent the browser back. It
// redeems the code, checks the ID token and, if the token lacks claims, asks the provider for the
// user's information.
func (o *OIDC) Finish(ctx context.Context, a Attempt, callback url.Values) (Login, error) {
	switch state := callback.Get("state"); {
	case a.State == "" || subtle.ConstantTimeCompare([]byte(state), []byte(a.State)) != 1:
		return Login{}, refuse(ErrInvalid, "this browser has not begun this login, or it has begun another since; sign in again")
	case callback.Has("iss") && callback.Get("iss") != o.options.Issuer:
		return Login{}, refuse(ErrInvalid, "another OpenID provider has answered; sign in again")
	case callback.Has("error"):
		code := callback.Get("error")
		if !errorCode.MatchString(code) {
			code = "an unknown error"
		}
		return Login{}, refuse(ErrInvalid, "the OpenID provider has refused the login: "+code)
	case callback.Get("code") == "":
		return Login{}, refuse(ErrInvalid, "the OpenID provider has sent no code; sign in again")
	}
	p, err := o.discover()
	if err != nil {
		return Login{}, err
	}
	ctx = oidc.ClientContext(ctx, o.client)
	granted, err := o.flow(p, a).Exchange(ctx, callback.Get("code"), oauth2.VerifierOption(a.Verifier))
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError:
		o.options.Logger.WarnContext(ctx, "the OpenID provider has refused a code", "status", refused.Response.StatusCode, "code", errorCode.FindString(refused.ErrorCode))
		return Login{}, refuse(ErrInvalid, "the OpenID provider has refused the code; sign in again")
	case err != nil:
		o.options.Logger.ErrorContext(ctx, "the OpenID provider does not redeem a code", "issuer", o.options.Issuer)
		return Login{}, refuse(ErrUnavailable, "the OpenID provider does not answer; try again")
	}
	raw, _ := granted.Extra("id_token").(string)
	verified, err := o.verify(ctx, p.login, raw)
	if err != nil {
		return Login{}, err
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(a.Nonce)) != 1 {
		return Login{}, refuse(ErrInvalid, "the OpenID provider has answered another login; sign in again")
	}
	claims := map[string]any{}
	if err := verified.Claims(&claims); err != nil {
		return Login{}, refuse(ErrInvalid, "the claims of the token cannot be read")
	}
	o.complete(ctx, p, granted, verified.Subject, claims)
	actor, err := o.actor(verified.Subject, claims)
	return Login{Actor: actor, Expires: verified.Expiry}, err
}

// complete adds the claims that an ID token lacks, if the provider has them for the same person.
func (o *OIDC) complete(ctx context.Context, p *provider, granted *oauth2.Token, subject string, claims map[string]any) {
	_, login := claims[o.options.LoginClaim]
	_, groups := claims[o.options.GroupClaim]
	if p.UserInfoEndpoint() == "" || login && (groups || o.options.GroupClaim == "") {
		return
	}
	more := map[string]any{}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(granted))
	if err == nil {
		err = info.Claims(&more)
	}
	if err != nil || info.Subject != subject {
		o.options.Logger.WarnContext(ctx, "the OpenID provider gives no further claims", "issuer", o.options.Issuer)
		return
	}
	if !login {
		delete(claims, verifiedClaim)
	} else if more[o.options.LoginClaim] != claims[o.options.LoginClaim] {
		delete(more, verifiedClaim) // it is about another address
	}
	for name, value := range more {
		if _, known := claims[name]; !known {
			claims[name] = value
		}
	}
}
