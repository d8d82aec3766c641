package httpserver

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"concur-connector/internal/textfile"
)

// tlsConfig is what Concur asks of an endpoint: TLS 1.2 or later, and ECDHE only.
// Of the suites it names, those with authenticated encryption are offered; those
// for an ECDSA key serve everybody else. All of TLS 1.3 is ECDHE.
//
// Source: https://developer.concur.com/platform/callout-security-standards.html
func tlsConfig(c *certificate) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		NextProtos:     []string{"http/1.1"},
		GetCertificate: c.get,
	}
}

// certificate follows the files it was read from, so that a renewal needs no
// restart. Files that cannot be used leave the certificate in use as it is.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu    sync.Mutex
	pair  *tls.Certificate
	stamp stamp
}

// stamp tells one state of the two files from another.
type stamp struct {
	cert, key         time.Time
	certSize, keySize int64
}

func newCertificate(certFile, keyFile string, logger *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, logger: logger}
	s, err := c.look()
	if err != nil {
		return nil, err
	}
	return c, c.load(s)
}

func (c *certificate) look() (stamp, error) {
	cert, err := os.Stat(c.certFile)
	if err != nil {
		return stamp{}, fmt.Errorf("read the certificate: %w", err)
	}
	key, err := os.Stat(c.keyFile)
	if err != nil {
		return stamp{}, fmt.Errorf("read the certificate's key: %w", err)
	}
	return stamp{cert: cert.ModTime(), key: key.ModTime(), certSize: cert.Size(), keySize: key.Size()}, nil
}

func (c *certificate) load(s stamp) error {
	c.stamp = s // also when it fails: the same files are not tried again
	pair, err := KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("use the certificate %s with the key %s: %w", c.certFile, c.keyFile, err)
	}
	c.pair = &pair
	return nil
}

// KeyPair reads a certificate and its key, in PEM form, as the listeners do. A byte order
// mark before either is not of it.
func KeyPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := textfile.Read(certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := textfile.Read(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := c.look()
	if err != nil || s == c.stamp {
		return c.pair, nil // a file that is missing is being replaced
	}
	if err := c.load(s); err != nil {
		c.logger.Error("the new certificate is not used", "error", err)
	} else {
		c.logger.Info("certificate renewed")
	}
	return c.pair, nil
}
