package config_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/config"
)

func TestHowApproversAreIdentifiedIsChecked(t *testing.T) {
	files := map[string]string{"CONCUR_APPROVERS": "/a", "CONCUR_SEAL_KEYS_FILE": "/k"}
	oidc := map[string]string{"CONCUR_OIDC_ISSUER": "https://login.example.com/tenant/", "CONCUR_OIDC_CLIENT_ID": "id"}
	secret := strings.Repeat("s", 32)
	proxy := map[string]string{"CONCUR_PROXY_USER_HEADER": "X-Forwarded-Email", "CONCUR_PROXY_SECRET": secret}
	with := func(base map[string]string, pairs ...string) map[string]string {
		all := map[string]string{}
		maps.Copy(all, base)
		maps.Copy(all, files)
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i]] = pairs[i+1]
		}
		return all
	}
	for name, c := range map[string]struct {
		set  map[string]string
		says string // empty: accepted
	}{
		"OpenID Connect":            {with(oidc), ""},
		"OpenID Connect, in full":   {with(oidc, "CONCUR_OIDC_GROUP_CLAIM", "groups", "CONCUR_APPROVER_GROUPS", "finance, board", "CONCUR_OIDC_SCOPES", "email,groups", "CONCUR_OIDC_CLIENT_SECRET", "x"), ""},
		"a provider on loopback":    {with(oidc, "CONCUR_OIDC_ISSUER", "http://127.0.0.1:5556/dex"), ""},
		"a provider without TLS":    {with(oidc, "CONCUR_OIDC_ISSUER", "http://login.example.com"), "CONCUR_OIDC_ISSUER must be the issuer's URL"},
		"no client ID":              {with(oidc, "CONCUR_OIDC_CLIENT_ID", ""), "CONCUR_OIDC_CLIENT_ID is required when CONCUR_OIDC_ISSUER is set"},
		"a client ID alone":         {with(nil, "CONCUR_OIDC_CLIENT_ID", "id"), "CONCUR_OIDC_CLIENT_ID has no effect without CONCUR_OIDC_ISSUER"},
		"a group claim alone":       {with(nil, "CONCUR_OIDC_GROUP_CLAIM", "groups", "CONCUR_APPROVER_GROUPS", "x"), "CONCUR_OIDC_GROUP_CLAIM has no effect"},
		"a claim without groups":    {with(oidc, "CONCUR_OIDC_GROUP_CLAIM", "groups"), "CONCUR_APPROVER_GROUPS is required when"},
		"groups without a claim":    {with(oidc, "CONCUR_APPROVER_GROUPS", "finance"), "CONCUR_APPROVER_GROUPS has no effect"},
		"an empty group":            {with(oidc, "CONCUR_OIDC_GROUP_CLAIM", "groups", "CONCUR_APPROVER_GROUPS", "a,,b"), "none of them empty"},
		"an absurd scope":           {with(oidc, "CONCUR_OIDC_SCOPES", "email profile"), "CONCUR_OIDC_SCOPES must be scopes separated by commas"},
		"no approvers' file":        {oidc, "CONCUR_APPROVERS is required when CONCUR_OIDC_ISSUER is set"},
		"a proxy":                   {with(proxy), ""},
		"a proxy with groups":       {with(proxy, "CONCUR_PROXY_GROUP_HEADER", "X-Groups", "CONCUR_APPROVER_GROUPS", "finance", "CONCUR_PROXY_SECRET_2", secret), ""},
		"a proxy with certificates": {with(proxy, "CONCUR_PROXY_SECRET", "", "CONCUR_PROXY_CA", "/ca", "CONCUR_PROXY_NAMES", "proxy", "CONCUR_APPROVALS_TLS_CERT", "/c", "CONCUR_APPROVALS_TLS_KEY", "/k"), ""},
		"certificates without TLS":  {with(proxy, "CONCUR_PROXY_CA", "/ca", "CONCUR_PROXY_NAMES", "proxy"), "CONCUR_PROXY_CA needs CONCUR_APPROVALS_TLS_CERT"},
		"an authority alone":        {with(proxy, "CONCUR_PROXY_CA", "/ca"), "CONCUR_PROXY_NAMES is required when CONCUR_PROXY_CA is set"},
		"names alone":               {with(proxy, "CONCUR_PROXY_NAMES", "x"), "CONCUR_PROXY_CA is required when CONCUR_PROXY_NAMES is set"},
		"a proxy without proof":     {with(proxy, "CONCUR_PROXY_SECRET", ""), "CONCUR_PROXY_USER_HEADER needs a proxy that proves itself"},
		"a short secret":            {with(proxy, "CONCUR_PROXY_SECRET", "sesame"), "CONCUR_PROXY_SECRET must be 32 to 256 printable ASCII characters"},
		"a second secret alone":     {with(proxy, "CONCUR_PROXY_SECRET", "", "CONCUR_PROXY_SECRET_2", secret), "CONCUR_PROXY_SECRET is required when"},
		"a secret alone":            {with(nil, "CONCUR_PROXY_SECRET", secret), "CONCUR_PROXY_SECRET has no effect without CONCUR_PROXY_USER_HEADER"},
		"a standard header":         {with(proxy, "CONCUR_PROXY_USER_HEADER", "authorization"), "the name of a header of the proxy's own"},
		"no header name":            {with(proxy, "CONCUR_PROXY_USER_HEADER", "X User"), "the name of a header"},
		"a header twice":            {with(proxy, "CONCUR_PROXY_SECRET_HEADER", "x-forwarded-email"), "CONCUR_PROXY_SECRET_HEADER must differ"},
		"a proxy without a file":    {proxy, "CONCUR_APPROVERS is required when CONCUR_PROXY_USER_HEADER is set"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, goodIngress, c.set)
			_, _, err := config.LoadIngress()
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), secret)
		})
	}
}
