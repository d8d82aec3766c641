package config

import (
	"crypto/x509"
	"fmt"

	"concur-connector/internal/textfile"
)

// Roots returns the system's certificates and those of a PEM file, or nil, which
// means the system's alone, when no file is named.
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
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return roots, nil
}
