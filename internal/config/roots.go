package config

import (
	"crypto/x509"
	"fmt"

	"concur-connector/internal/textfile"
)

// Roots returns the system's certificates together with those of a PEM file. Without a file it
// returns nil, which means the system's certificates.
func Roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	pem, err := textfile.Read(file)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s contains no certificate in PEM form", file)
	}
	return roots, nil
}
