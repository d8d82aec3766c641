package httpserver

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// The limits for clients. A request and its answer take less than drainTime, so no request is
// lost when the server ends.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 20 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	drainTime         = 20 * time.Second
)

// Options says where and how to listen.
type Options struct {
	Addr    string // host:port; port 0 takes any free one
	Handler http.Handler
	Logger  *slog.Logger

	// CertFile and KeyFile hold a PEM certificate chain and its key. Both empty
	// means plain HTTP.
	CertFile, KeyFile string
	// ClientCAFile holds PEM certificates of authorities. If it is set, the server verifies the
	// certificate of a client that shows one. A client may also show none.
	ClientCAFile string

	// MaxConnections limits the open connections. The limit is lower if the process may not open
	// enough files. Zero means DefaultConnections.
	MaxConnections int
}

// Server is an open listener. It answers requests once Serve is called.
type Server struct {
	listener net.Listener
	http     *http.Server
}

// New opens the listener. The error names the address or the certificate that cannot be used.
// If the caller does not call Serve, it must call Close.
func New(o Options) (*Server, error) {
	switch {
	case o.Handler == nil || o.Logger == nil:
		return nil, errors.New("a server needs a handler and a logger")
	case o.MaxConnections < 0:
		return nil, errors.New("a server needs a positive number of connections, or zero for the default")
	}
	var secured *tls.Config
	if o.CertFile != "" || o.KeyFile != "" {
		c, err := newCertificate(o.CertFile, o.KeyFile, o.Logger)
		if err != nil {
			return nil, err
		}
		secured = tlsConfig(c)
	}
	if o.ClientCAFile != "" {
		if err := acceptClientCertificates(secured, o.ClientCAFile); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", o.Addr, err)
	}
	open := newConnections(connectionLimit(cmp.Or(o.MaxConnections, DefaultConnections), maxOpenFiles()), o.Logger)
	if secured != nil {
		listener = tls.NewListener(listener, secured)
	}
	// Serve only HTTP/1.1, because only its limits are tested.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &Server{
		listener: netutil.LimitListener(framedListener{Listener: listener, logger: o.Logger}, open.limit),
		http: &http.Server{
			Handler: open.protect(describeTLS(closeAfterChunked(o.Handler))),
			ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
				return withTLS(open.accepted(ctx, conn), conn)
			},
			ConnState:                    open.changed,
			Protocols:                    protocols,
			ReadHeaderTimeout:            readHeaderTimeout,
			ReadTimeout:                  readTimeout,
			WriteTimeout:                 writeTimeout,
			IdleTimeout:                  idleTimeout,
			MaxHeaderBytes:               maxHeaderBytes,
			DisableGeneralOptionsHandler: true, // the handler answers every request itself
			ErrorLog:                     slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
		},
	}, nil
}

// Addr returns the host:port of the listener.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close closes the listener if Serve was not called.
func (s *Server) Close() error { return s.listener.Close() }

// Serve answers requests until ctx ends. It then accepts no new connections and waits for the
// open requests. The error is nil if all of them were answered.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := s.http.Shutdown(drain); err != nil {
		_ = s.http.Close()
		return fmt.Errorf("drain %s: %w", s.Addr(), err)
	}
	return nil
}
