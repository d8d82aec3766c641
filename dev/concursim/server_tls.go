package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificate reads the API's certificate, or makes a CA and a certificate and writes
// ca.pem for clients.
func (s *simulator) certificate() (tls.Certificate, error) {
	if s.opts.tlsCert != "" {
		certificate, err := tls.LoadX509KeyPair(s.opts.tlsCert, s.opts.tlsKey)
		if err != nil {
			return certificate, fmt.Errorf("read API certificate: %w", err)
		}
		return certificate, nil
	}
	dir := s.opts.tlsDir
	if dir == "" {
		made, err := os.MkdirTemp("", "concursim-")
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("directory for ca.pem: %w", err)
		}
		dir, s.ownDir = made, made
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return tls.Certificate{}, fmt.Errorf("directory for ca.pem: %w", err)
	}
	host, _, err := net.SplitHostPort(s.opts.api)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("-api: %w", err)
	}
	host2, _, err := net.SplitHostPort(s.opts.api2)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("-api2: %w", err)
	}
	ca, certificate, err := makeCertificate(host, host2)
	if err != nil {
		return certificate, fmt.Errorf("make API certificate: %w", err)
	}
	s.ready.CA = filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca})
	if err := os.WriteFile(s.ready.CA, block, 0o644); err != nil {
		return certificate, fmt.Errorf("write ca.pem: %w", err)
	}
	return certificate, nil
}

// makeCertificate makes a CA (in DER) and a certificate for loopback and the hosts. The
// keys are the only thing that does not follow from the seed.
func makeCertificate(hosts ...string) ([]byte, tls.Certificate, error) {
	var none tls.Certificate
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, none, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, none, err
	}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "Concur simulator CA"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 30),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, none, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1),
		Subject:      pkix.Name{CommonName: "Concur simulator"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, 30),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else if host != "" {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return nil, none, err
	}
	return caDER, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
