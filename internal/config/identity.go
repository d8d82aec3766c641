package config

import (
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The limits of a secret that a proxy sends in a header.
const (
	minProxySecret = 32
	maxProxySecret = 256
)

// checkIdentity checks how approvers are identified. tls says whether the listener for
// approvers has a certificate.
func (p *problems) checkIdentity(cfg Identity, approvers string, tls bool) {
	p.checkOIDC(cfg)
	p.checkProxy(cfg, tls)
	for _, one := range []struct{ name, value string }{
		{"CONCUR_OIDC_ISSUER", cfg.OIDCIssuer}, {"CONCUR_PROXY_USER_HEADER", cfg.ProxyUserHeader},
	} {
		if one.value != "" && approvers == "" {
			p.add("CONCUR_APPROVERS", "is required when %s is set; a file without anybody says approvers: []", one.name)
		}
	}
	if slices.Contains(cfg.ApproverGroups, "") {
		p.add("CONCUR_APPROVER_GROUPS", "must be groups separated by commas, none of them empty")
	}
	named := cfg.OIDCGroupClaim != "" || cfg.ProxyGroupHeader != ""
	switch {
	case named && len(cfg.ApproverGroups) == 0:
		p.add("CONCUR_APPROVER_GROUPS", "is required when CONCUR_OIDC_GROUP_CLAIM or CONCUR_PROXY_GROUP_HEADER is set: it says which groups are groups of approvers")
	case !named && len(cfg.ApproverGroups) > 0:
		p.add("CONCUR_APPROVER_GROUPS", "has no effect without CONCUR_OIDC_GROUP_CLAIM or CONCUR_PROXY_GROUP_HEADER")
	}
}

func (p *problems) checkOIDC(cfg Identity) {
	if cfg.OIDCIssuer == "" {
		p.refuseAlone("CONCUR_OIDC_ISSUER", map[string]string{
			"CONCUR_OIDC_CLIENT_ID": cfg.OIDCClientID, "CONCUR_OIDC_CLIENT_SECRET": cfg.OIDCClientSecret.Reveal(), "CONCUR_OIDC_AUDIENCE": cfg.OIDCAudience,
			"CONCUR_OIDC_GROUP_CLAIM": cfg.OIDCGroupClaim, "CONCUR_OIDC_CA": cfg.OIDCCA,
		})
		return
	}
	u, err := url.Parse(cfg.OIDCIssuer)
	if err != nil || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname()+":0")) || !isHost(u.Host) ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		p.add("CONCUR_OIDC_ISSUER", "must be the issuer's URL, such as https://login.example.com/tenant, exactly as the provider writes it; http is for loopback only")
	}
	if cfg.OIDCClientID == "" {
		p.add("CONCUR_OIDC_CLIENT_ID", "is required when CONCUR_OIDC_ISSUER is set")
	}
	for _, scope := range cfg.OIDCScopes {
		if scope == "" || strings.ContainsAny(scope, " \t\"\\") {
			p.add("CONCUR_OIDC_SCOPES", "must be scopes separated by commas, without spaces")
		}
	}
	if cfg.OIDCLoginClaim == "" {
		p.add("CONCUR_OIDC_LOGIN_CLAIM", "must not be empty")
	}
}

func (p *problems) checkProxy(cfg Identity, tls bool) {
	if cfg.ProxyUserHeader == "" {
		p.refuseAlone("CONCUR_PROXY_USER_HEADER", map[string]string{
			"CONCUR_PROXY_GROUP_HEADER": cfg.ProxyGroupHeader, "CONCUR_PROXY_SECRET": cfg.ProxySecret.Reveal(), "CONCUR_PROXY_SECRET_2": cfg.ProxySecret2.Reveal(),
			"CONCUR_PROXY_CA": cfg.ProxyCA, "CONCUR_PROXY_NAMES": strings.Join(cfg.ProxyNames, ","),
		})
		return
	}
	seen := map[string]bool{"": true}
	for _, one := range []struct{ name, value string }{
		{"CONCUR_PROXY_USER_HEADER", cfg.ProxyUserHeader}, {"CONCUR_PROXY_GROUP_HEADER", cfg.ProxyGroupHeader}, {"CONCUR_PROXY_SECRET_HEADER", cfg.ProxySecretHeader},
	} {
		header := textproto.CanonicalMIMEHeaderKey(one.value)
		switch {
		case one.value == "" && one.name == "CONCUR_PROXY_SECRET_HEADER":
			p.add(one.name, "must not be empty")
		case one.value != "" && (!headerName.MatchString(one.value) || slices.Contains(standardHeaders, header)):
			p.add(one.name, "must be the name of a header of the proxy's own, such as X-Forwarded-Email")
		case one.value != "" && seen[header]:
			p.add(one.name, "must differ from the other headers of the proxy")
		}
		seen[header] = true
	}
	secret, secret2 := cfg.ProxySecret.Reveal(), cfg.ProxySecret2.Reveal()
	for _, one := range []struct{ name, value string }{{"CONCUR_PROXY_SECRET", secret}, {"CONCUR_PROXY_SECRET_2", secret2}} {
		if one.value != "" && !proxySecret.MatchString(one.value) {
			p.add(one.name, "must be %d to %d printable ASCII characters without spaces", minProxySecret, maxProxySecret)
		}
	}
	if secret == "" && secret2 != "" {
		p.add("CONCUR_PROXY_SECRET", "is required when CONCUR_PROXY_SECRET_2 is set")
	}
	if slices.Contains(cfg.ProxyNames, "") {
		p.add("CONCUR_PROXY_NAMES", "must be names separated by commas, none of them empty")
	}
	p.checkPair("CONCUR_PROXY_CA", cfg.ProxyCA, "CONCUR_PROXY_NAMES", strings.Join(cfg.ProxyNames, ","))
	switch {
	case secret == "" && cfg.ProxyCA == "" && len(cfg.ProxyNames) == 0:
		p.add("CONCUR_PROXY_USER_HEADER", "needs a proxy that proves itself: set CONCUR_PROXY_SECRET, or CONCUR_PROXY_CA and CONCUR_PROXY_NAMES")
	case cfg.ProxyCA != "" && !tls:
		p.add("CONCUR_PROXY_CA", "needs CONCUR_APPROVALS_TLS_CERT and CONCUR_APPROVALS_TLS_KEY: a client certificate is part of TLS")
	}
}

var (
	headerName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,99}$`)
	proxySecret = regexp.MustCompile(`^[!-~]{32,256}$`)
)

// standardHeaders mean something else, so that no proxy can name a person in them.
var standardHeaders = []string{
	"Authorization", "Cookie", "Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Origin", "Referer",
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded",
}

// refuseAlone refuses variables that have no effect without another.
func (p *problems) refuseAlone(needed string, values map[string]string) {
	for name, value := range values {
		if value != "" {
			p.add(name, "has no effect without %s", needed)
		}
	}
}
