package main

import (
	"fmt"
	"log/slog"
	"net/http"

	"concur-connector/approvals/identity"
	"concur-connector/internal/config"
)

// identities returns how approvers are identified: by tokens, and by OpenID Connect and a proxy if
// they are configured. The endpoint must be wrapped in strip, which removes the proxy's headers
// from requests of others. provider is nil without OpenID Connect.
func identities(cfg config.Identity, people identity.People, logger *slog.Logger) (all identity.All, provider *identity.OIDC, strip func(http.Handler) http.Handler, err error) {
	all = identity.All{identity.Tokens{People: people}}
	strip = func(next http.Handler) http.Handler { return next }
	if cfg.OIDCIssuer != "" {
		roots, err := config.Roots(cfg.OIDCCA)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("CONCUR_OIDC_CA: %w", err)
		}
		provider, err = identity.NewOIDC(identity.OIDCOptions{
			Issuer: cfg.OIDCIssuer, ClientID: cfg.OIDCClientID, ClientSecret: cfg.OIDCClientSecret.Reveal(), Audience: cfg.OIDCAudience, Scopes: cfg.OIDCScopes,
			LoginClaim: cfg.OIDCLoginClaim, GroupClaim: cfg.OIDCGroupClaim, Groups: cfg.ApproverGroups, People: people, Roots: roots, Logger: logger,
		})
		if err != nil {
			return nil, nil, nil, fmt.Errorf("prepare OpenID Connect: %w", err)
		}
		all = append(all, provider)
	}
	if cfg.ProxyUserHeader != "" {
		proxy, err := identity.NewProxy(identity.ProxyOptions{
			People: people, UserHeader: cfg.ProxyUserHeader, GroupHeader: cfg.ProxyGroupHeader, Groups: cfg.ApproverGroups, Names: cfg.ProxyNames,
			SecretHeader: cfg.ProxySecretHeader, Secrets: []string{cfg.ProxySecret.Reveal(), cfg.ProxySecret2.Reveal()},
		})
		if err != nil {
			return nil, nil, nil, fmt.Errorf("prepare the single sign-on proxy: %w", err)
		}
		all, strip = append(all, proxy), proxy.Strip
	}
	return all, provider, strip, nil
}
