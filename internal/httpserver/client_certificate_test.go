package httpserver_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"concur-connector/internal/httpserver"
)

// authority writes the certificate of a new authority, and returns a client certificate that the
// authority has signed.
func authority(t *testing.T, name string) (file string, client tls.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	ca, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: template.NotBefore, NotAfter: template.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, key)
	require.NoError(t, err)
	return file, tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
}

func TestAHandlerSeesTheVerifiedCertificateOfItsClient(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := writePair(t, dir, "server")
	caFile, proxy := authority(t, "proxy")
	_, stranger := authority(t, "stranger")
	server, err := httpserver.New(httpserver.Options{
		Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), CertFile: certFile, KeyFile: keyFile, ClientCAFile: caFile,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.TLS.VerifiedChains) > 0 {
				fmt.Fprint(w, r.TLS.VerifiedChains[0][0].Subject.CommonName)
			}
		}),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	ask := func(certificate tls.Certificate) (string, error) {
		config := &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil }}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		response, err := client.Get("https://" + server.Addr())
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return string(text), err
	}
	name, err := ask(proxy)
	require.NoError(t, err)
	require.Equal(t, "proxy", name)
	name, err = ask(tls.Certificate{})
	require.NoError(t, err)
	require.Empty(t, name, "a client may show none")
	_, err = ask(stranger)
	require.Error(t, err, "a certificate of another authority is refused")
}

func TestClientCertificatesNeedTLSAndAnAuthority(t *testing.T) {
	t.Parallel()
	caFile, _ := authority(t, "x")
	certFile, keyFile := writePair(t, t.TempDir(), "server")
	for name, o := range map[string]httpserver.Options{
		"need TLS":                   {ClientCAFile: caFile},
		"no such file":               {ClientCAFile: "/nowhere/ca.pem", CertFile: certFile, KeyFile: keyFile},
		"no certificate in PEM form": {ClientCAFile: keyFile, CertFile: certFile, KeyFile: keyFile},
	} {
		o.Addr, o.Handler, o.Logger = "127.0.0.1:0", hello, slog.New(slog.DiscardHandler)
		_, err := httpserver.New(o)
		require.ErrorContains(t, err, name)
	}
}
