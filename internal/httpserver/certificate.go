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

// tlsConfig follows Concur's rules for endpoints: TLS 1.2 or later, and ECDHE only. It offers
// the suites with authenticated encryption from Concur's list, and their counterparts for ECDSA
// keys. TLS 1.3 always uses ECDHE.
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

// certificate reloads its files when they change, so that a renewal needs no restart. If the
// new files are invalid, it keeps the old certificate.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu    sync.Mutex
	pair  *tls.Certificate
	stamp stamp
}

// stamp identifies one version of the two files.
type stamp struct {
	cert, key         time.Time
	certSize, keySize int64
}

func newCertificate(certFile, keyFile string, logger *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, logger: logger}
	s, err := c.readStamp()
	if err != nil {
		return nil, err
	}
	return c, c.load(s)
}

func (c *certificate) readStamp() (stamp, error) {
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
	c.stamp = s // also after a failure, so that the same files are not tried again
	pair, err := KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("use the certificate %s with the key %s: %w", c.certFile, c.keyFile, err)
	}
	c.pair = &pair
	return nil
}

// KeyPair reads a certificate and its key in PEM form. It ignores a byte order mark.
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
	s, err := c.readStamp()
	if err != nil || s == c.stamp {
		return c.pair, nil // a missing file is just being replaced
	}
	if err := c.load(s); err != nil {
		c.logger.Error("new certificate rejected, keeping the old one", "error", err)
	} else {
		c.logger.Info("certificate renewed")
	}
	return c.pair, nil
}
