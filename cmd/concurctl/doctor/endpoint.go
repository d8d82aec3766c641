package doctor

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/internal/config"
)

const (
	testConnectionPath = "/system/v1.0/testconnection"

	// expirySoon is how long before its end a certificate is warned about; a public
	// authority's renewal has failed by then.
	expirySoon = 14 * 24 * time.Hour
	day        = 24 * time.Hour
)

// concurSuites are the TLS 1.2 ciphers that Concur's callouts use, in its order of preference. All are signed with an RSA key.
//
// Source: https://developer.concur.com/platform/callout-security-standards.html
var concurSuites = []uint16{
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
	tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
}

// publicEndpoint checks the endpoint as Concur sees it.
func (d *doctor) publicEndpoint(ctx context.Context, o doctorOptions, c cli.Credential) {
	roots, err := config.Roots(o.ca)
	if err != nil {
		d.fail("public endpoint", "give a file of PEM certificates", "--ca: %v", err)
		return
	}
	endpoint, err := cli.NewEndpoint(o.url, roots)
	if err != nil {
		d.fail("public endpoint", "give the URL that is registered in Concur", "%v", err)
		return
	}
	if endpoint.Base.Scheme != "https" {
		d.fail("public endpoint", "give the URL that is registered in Concur: it calls over HTTPS only", "%s is not secured", o.url)
		return
	}
	if d.chain(ctx, endpoint, roots, o.ca != "") {
		d.protocols(ctx, endpoint)
		d.connectionTest(ctx, endpoint, c)
	}
}

// everySuite lists every cipher that this program can speak, including insecure ones.
func everySuite() (ids []uint16) {
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// chain checks the certificate, and reports whether the endpoint speaks TLS at all.
func (d *doctor) chain(ctx context.Context, endpoint *cli.Endpoint, roots *x509.CertPool, own bool) bool {
	const check = "certificate"
	// Connect without verification and verify afterwards, so that the error can be explained.
	// Nothing is sent over this connection.
	var connection tls.ConnectionState
	var err error
	for _, suites := range [][]uint16{concurSuites, nil, everySuite()} {
		connection, err = endpoint.Handshake(ctx, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, CipherSuites: suites})
		if err == nil || !strings.Contains(err.Error(), "handshake failure") {
			break
		}
	}
	if err != nil {
		d.fail("public endpoint", "check the listener, the firewall and the proxy before it", "no TLS 1.2 connection to %s: %v", endpoint.Base.Host, err)
		return false
	}
	leaf := connection.PeerCertificates[0]
	intermediates := x509.NewCertPool()
	for _, c := range connection.PeerCertificates[1:] {
		intermediates.AddCert(c)
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		DNSName: endpoint.Base.Hostname(), Roots: roots, Intermediates: intermediates, CurrentTime: d.now,
	})
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil && own:
		d.warn(check, "Concur trusts public authorities only: check without --ca, too", "the chain leads to an authority that is trusted through --ca or by the system")
	case err == nil:
		d.ok(check, "the chain of %s leads to an authority that this system trusts", endpoint.Base.Hostname())
	case errors.As(err, &host):
		d.fail(check, "get a certificate for the host that is registered in Concur", "the certificate is not for %s", endpoint.Base.Hostname())
	case errors.As(err, &unknown):
		d.fail(check, "use a certificate of a public authority and serve its intermediate certificates with it; --ca tries an authority of your own",
			"the chain of %s, %s long, leads to no authority that this system trusts", endpoint.Base.Hostname(), cli.Count(len(connection.PeerCertificates), "certificate"))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		// d.certificate reports it
	default:
		d.fail(check, "get a certificate of a public authority", "the chain is not accepted: %v", err)
	}
	d.certificate(check, leaf)
	return true
}

// certificate checks the validity period and the key of a certificate.
func (d *doctor) certificate(check string, leaf *x509.Certificate) {
	left := leaf.NotAfter.Sub(d.now)
	until := leaf.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case left <= 0:
		d.fail(check, "renew the certificate", "it ended on %s", until)
	case d.now.Before(leaf.NotBefore):
		d.fail(check, "check this machine's clock, and the certificate", "it is valid only from %s", leaf.NotBefore.UTC().Format(time.DateOnly))
	case left < expirySoon:
		d.warn(check, "renew the certificate", "it ends in %s, on %s", cli.Count(int(left/day), "day"), until)
	default:
		d.ok(check, "it is valid until %s, for %s more", until, cli.Count(int(left/day), "day"))
	}
	switch key, isRSA := leaf.PublicKey.(*rsa.PublicKey); {
	case !isRSA:
		d.fail(check, "use a certificate with an RSA key of 2048 bits or more, alone or beside this one",
			"its key is %s, and every cipher on Concur's list requires RSA", leaf.PublicKeyAlgorithm)
	case key.N.BitLen() < 2048:
		d.fail(check, "use an RSA key of 2048 bits or more", "its RSA key has %d bits", key.N.BitLen())
	default:
		d.ok(check, "its key is RSA with %d bits", key.N.BitLen())
	}
}

// protocols tries the TLS versions and ciphers that Concur may use, and those that nobody should.
func (d *doctor) protocols(ctx context.Context, endpoint *cli.Endpoint) {
	const check = "tls"
	speaks := func(config *tls.Config) (tls.ConnectionState, bool) {
		config.InsecureSkipVerify = true // only the negotiated parameters matter here
		connection, err := endpoint.Handshake(ctx, config)
		return connection, err == nil
	}
	var names []string
	for _, suite := range concurSuites {
		if _, can := speaks(&tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}}); can {
			names = append(names, tls.CipherSuiteName(suite))
		}
	}
	if len(names) == 0 {
		d.fail(check, "offer ECDHE ciphers with AES-GCM in TLS 1.2, with an RSA certificate", "the endpoint speaks no TLS 1.2 cipher of Concur's list")
	} else {
		d.ok(check, "TLS 1.2 with %s", strings.Join(names, ", "))
	}
	if connection, can := speaks(&tls.Config{MinVersion: tls.VersionTLS13}); can {
		d.ok(check, "TLS 1.3 with %s", tls.CipherSuiteName(connection.CipherSuite))
	} else {
		d.ok(check, "the endpoint does not speak TLS 1.3, which Concur does not require")
	}
	if _, can := speaks(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); can {
		d.warn(check, "refuse versions older than TLS 1.2", "the endpoint also speaks TLS 1.1 or 1.0")
	}
	var weak []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if strings.HasPrefix(suite.Name, "TLS_RSA_") {
			weak = append(weak, suite.ID)
		}
	}
	if connection, can := speaks(&tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, CipherSuites: weak}); can {
		d.warn(check, "refuse ciphers without ECDHE", "the endpoint speaks %s, which is not ECDHE", tls.CipherSuiteName(connection.CipherSuite))
	}
}

// connectionTest does what Concur does before it uses a connector.
//
// Source: https://developer.concur.com/api-reference/callouts/callouts-application-connectors.html
func (d *doctor) connectionTest(ctx context.Context, endpoint *cli.Endpoint, c cli.Credential) {
	const check = "connection test"
	stranger, err := endpoint.Ask(ctx, http.MethodGet, testConnectionPath, "", "", "")
	switch {
	case err != nil:
		d.fail(check, "fix the certificate or the connection first", "the request failed: %v", err)
		return
	case stranger.Status != http.StatusUnauthorized:
		d.fail(check, "let the requests through to the ingress, which asks for a password", "a request without a credential is answered %d, not 401", stranger.Status)
	default:
		d.ok(check, "a request without a credential is refused")
	}
	if c == (cli.Credential{}) {
		d.warn(check, "give CONCUR_CALLOUT_USER and CONCUR_CALLOUT_PASSWORD, as the ingress has them", "not made with a credential, because none can be used")
		return
	}
	switch a, err := endpoint.Ask(ctx, http.MethodGet, testConnectionPath, c.User, c.Password, ""); {
	case err != nil:
		d.fail(check, "check the listener and the proxy before it", "the request failed: %v", err)
	case a.Status == http.StatusOK:
		d.ok(check, "GET %s is answered 200", testConnectionPath)
	case a.Status == http.StatusUnauthorized:
		d.fail(check, "give the ingress and this command the same credential, the one registered in Concur", "the credential is refused")
	case a.Status == http.StatusNotFound:
		d.fail(check, "let GET "+testConnectionPath+" through to the ingress", "nothing answers at %s", testConnectionPath)
	default:
		d.fail(check, "check the log of the ingress, and the proxy before it", "GET %s is answered %d", testConnectionPath, a.Status)
	}
}
