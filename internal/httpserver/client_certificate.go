package httpserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"concur-connector/internal/textfile"
)

// acceptClientCertificates makes the server verify the certificate of a client that shows one. It
// trusts the authorities of a PEM file and no others.
func acceptClientCertificates(config *tls.Config, file string) error {
	if config == nil {
		return errors.New("client certificates need TLS: give the server a certificate")
	}
	pem, err := textfile.Read(file)
	if err != nil {
		return fmt.Errorf("read the authorities of client certificates: %w", err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s contains no certificate in PEM form", file)
	}
	config.ClientAuth = tls.VerifyClientCertIfGiven
	return nil
}

// peer is the address of a client. It leads from a connection to the framedConn inside, which
// net/http does not know.
type peer struct {
	net.Addr
	conn *framedConn
}

// RemoteAddr returns the client's address.
func (c *framedConn) RemoteAddr() net.Addr { return peer{c.Conn.RemoteAddr(), c} }

// tlsKey is the context key of the connection's *tls.Conn.
type tlsKey struct{}

// withTLS lets describeTLS find the TLS connection.
func withTLS(ctx context.Context, conn net.Conn) context.Context {
	if from, ok := conn.RemoteAddr().(peer); ok {
		if secured, ok := from.conn.Conn.(*tls.Conn); ok {
			return context.WithValue(ctx, tlsKey{}, secured)
		}
	}
	return ctx
}

// describeTLS sets the TLS field of each request, which net/http leaves empty because framedConn
// hides the TLS connection.
func describeTLS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if secured, ok := r.Context().Value(tlsKey{}).(*tls.Conn); ok {
			state := secured.ConnectionState()
			r.TLS = &state
		}
		next.ServeHTTP(w, r)
	})
}
