package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"concur-connector/expense"
)

const (
	providerTimeout = 5 * time.Second
	// providerPause is how long nobody asks a provider again that has not answered.
	providerPause = 10 * time.Second
	maxJWT        = 16 << 10 // bytes of a bearer token
)

// OIDCOptions say which OpenID provider is trusted and what its claims mean.
type OIDCOptions struct {
	Issuer                 string
	ClientID, ClientSecret string   // for the login on the page; the secret may be empty
	Audience               string   // of bearer tokens; empty means ClientID
	Scopes                 []string // of the login, beside openid
	// LoginClaim contains the person's Concur login or e-mail address. Empty means email, which
	// counts only together with email_verified. Another claim counts as it is.
	LoginClaim string
	// GroupClaim contains the person's groups; empty means that the provider gives none. Only those of Groups count.
	GroupClaim string
	Groups     []string

	People People
	Roots  *x509.CertPool // nil means the system's
	Logger *slog.Logger
}

// OIDC identifies people by tokens of an OpenID provider. It asks the provider for its addresses
// and keys when they are first needed, and for its keys again when a token has an unknown key.
type OIDC struct {
	options OIDCOptions
	client  *http.Client
	pause   time.Duration

	mu       sync.Mutex
	provider *provider
	failed   error
	failedAt time.Time
}

// provider is an OpenID provider that has answered.
type provider struct {
	*oidc.Provider
	bearer, login *oidc.IDTokenVerifier
}

// NewOIDC returns an error if an option is missing. It does not ask the provider.
func NewOIDC(o OIDCOptions) (*OIDC, error) {
	if o.Issuer == "" || o.ClientID == "" || o.People == nil || o.Logger == nil {
		return nil, errors.New("the options Issuer, ClientID, People and Logger are required")
	}
	if o.Audience == "" {
		o.Audience = o.ClientID
	}
	if o.LoginClaim == "" {
		o.LoginClaim = emailClaim
	}
	return &OIDC{options: o, pause: providerPause, client: &http.Client{
		Timeout:       providerTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:           http.ProxyFromEnvironment,
			TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
			IdleConnTimeout: time.Minute,
		},
	}}, nil
}

// Identify returns the person to whom the provider has issued the bearer token of the request. It
// returns ErrNone for a bearer token that is no JWT, and ErrUnavailable if the provider's keys are
// needed and cannot be read.
func (o *OIDC) Identify(r *http.Request) (expense.Actor, error) {
	token, err := bearer(r)
	if err != nil {
		return expense.Actor{}, err
	}
	if strings.Count(token, ".") != 2 {
		return expense.Actor{}, ErrNone
	}
	if len(token) > maxJWT {
		return expense.Actor{}, refuse(ErrInvalid, "the token is too long")
	}
	p, err := o.discover()
	if err != nil {
		return expense.Actor{}, err
	}
	verified, err := o.verify(r.Context(), p.bearer, token)
	if err != nil {
		return expense.Actor{}, err
	}
	claims := map[string]any{}
	if err := verified.Claims(&claims); err != nil {
		return expense.Actor{}, refuse(ErrInvalid, "the claims of the token cannot be read")
	}
	return o.actor(verified.Subject, claims)
}

// actor maps the claims of a person to an approver.
func (o *OIDC) actor(subject string, claims map[string]any) (expense.Actor, error) {
	c := claimed{by: expense.ByOIDC, subject: subject, login: o.login(claims)}
	if o.options.GroupClaim != "" {
		c.groups = texts(claims[o.options.GroupClaim])
	}
	return mapping{o.options.People, o.options.Groups}.actor(c)
}

const (
	emailClaim    = "email"
	verifiedClaim = "email_verified"
)

// login returns the person's login, or nothing if the provider has not verified it.
func (o *OIDC) login(claims map[string]any) string {
	login, _ := claims[o.options.LoginClaim].(string)
	if verified := claims[verifiedClaim]; o.options.LoginClaim == emailClaim && verified != true && verified != "true" {
		return ""
	}
	return strings.TrimSpace(login)
}

// texts reads a claim that is a text or a list of texts.
func texts(claim any) (all []string) {
	switch claim := claim.(type) {
	case string:
		return []string{claim}
	case []any:
		for _, one := range claim {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
	}
	return all
}

// discover returns the provider. A provider that does not answer is asked again after a pause.
func (o *OIDC) discover() (*provider, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider != nil {
		return o.provider, nil
	}
	if o.failed != nil && time.Since(o.failedAt) < o.pause {
		return nil, o.failed
	}
	ctx := oidc.ClientContext(context.Background(), o.client)
	found, err := oidc.NewProvider(ctx, o.options.Issuer)
	var about struct {
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err == nil {
		err = found.Claims(&about)
	}
	if err != nil {
		o.failed, o.failedAt = refuse(ErrUnavailable, "the OpenID provider does not answer; try again, or use a token of the approvers' file"), time.Now()
		o.options.Logger.Error("the OpenID provider cannot be used yet; tokens of the approvers' file work without it", "issuer", o.options.Issuer, "reason", reason(err))
		return nil, o.failed
	}
	keys := keySet{oidc.NewRemoteKeySet(ctx, about.Keys)}
	verifier := func(audience string) *oidc.IDTokenVerifier {
		return oidc.NewVerifier(o.options.Issuer, keys, &oidc.Config{ClientID: audience, SupportedSigningAlgs: asymmetric(about.Algorithms)})
	}
	o.failed = nil
	o.provider = &provider{Provider: found, bearer: verifier(o.options.Audience), login: verifier(o.options.ClientID)}
	o.options.Logger.Info("the OpenID provider can be used", "issuer", o.options.Issuer)
	return o.provider, nil
}

// asymmetric keeps the algorithms whose keys only the provider has. It returns RS256, which every
// provider must support, if there is none.
func asymmetric(algorithms []string) []string {
	kept := slices.DeleteFunc(slices.Clone(algorithms), func(one string) bool {
		return !slices.Contains([]string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}, one)
	})
	if len(kept) == 0 {
		return []string{oidc.RS256}
	}
	return kept
}

// verify checks the signature, the issuer, the audience and the times of a token.
func (o *OIDC) verify(ctx context.Context, verifier *oidc.IDTokenVerifier, token string) (*oidc.IDToken, error) {
	unreachable := ""
	verified, err := verifier.Verify(context.WithValue(ctx, unreachableKey{}, &unreachable), token)
	var expired *oidc.TokenExpiredError
	switch {
	case err == nil && verified.Subject == "":
		return nil, refuse(ErrInvalid, "the token has no subject")
	case err == nil:
		return verified, nil
	case unreachable != "":
		o.options.Logger.ErrorContext(ctx, "the keys of the OpenID provider cannot be read", "issuer", o.options.Issuer, "reason", unreachable)
		return nil, refuse(ErrUnavailable, "the OpenID provider does not answer; try again, or use a token of the approvers' file")
	case errors.As(err, &expired):
		return nil, refuse(ErrInvalid, fmt.Sprintf("the token expired at %s", expired.Expiry.UTC().Format(time.RFC3339)))
	}
	return nil, refuse(ErrInvalid, "the token is not one that the OpenID provider has issued for this endpoint: its signature, issuer, audience or time does not fit")
}

// unreachableKey is the context key of a text that keySet sets to the reason if the keys cannot be
// read.
type unreachableKey struct{}

// keySet tells keys that cannot be read from a signature that does not fit.
type keySet struct{ oidc.KeySet }

func (k keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	if unreachable, ok := ctx.Value(unreachableKey{}).(*string); ok && err != nil && strings.HasPrefix(err.Error(), "fetching keys") {
		*unreachable = reason(err)
	}
	return payload, err
}

// reason says why a provider cannot be used, without what the provider has answered.
func reason(err error) string {
	var another *oidc.IssuerMismatchError
	var failed *url.Error
	switch {
	case errors.As(err, &another):
		return "the provider calls itself " + strconv.Quote(another.Discovered)
	case errors.As(err, &failed):
		return failed.Err.Error()
	}
	return "the provider's answer cannot be used"
}
