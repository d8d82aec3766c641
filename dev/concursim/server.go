package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// maxIdle is how long a connection without a request stays open.
const maxIdle = 30 * time.Second

// listen binds all addresses before it serves any of them, because answers name the other
// addresses.
func (s *simulator) listen() error {
	certificate, err := s.certificate()
	if err != nil {
		return err
	}
	bind := func(name, address string) (net.Listener, error) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen for %s: %w", name, err)
		}
		s.listeners = append(s.listeners, l)
		return l, nil
	}
	api, err := bind("the API", s.opts.api)
	if err != nil {
		return err
	}
	api2, err := bind("the second data centre", s.opts.api2)
	if err != nil {
		return err
	}
	control, err := bind("control", s.opts.control)
	if err != nil {
		return err
	}
	plain, err := bind("plain HTTP", s.opts.plain)
	if err != nil {
		return err
	}
	s.ready.API = "https://" + api.Addr().String()
	s.ready.API2 = "https://" + api2.Addr().String()
	s.ready.Control = "http://" + control.Addr().String()
	s.ready.Plain = "http://" + plain.Addr().String()
	s.ready.Seed = s.opts.seed

	for host, l := range map[string]net.Listener{firstHost: api, secondHost: api2} {
		split := newSplitListener(l, certificate, s.acceptsConnection)
		s.serve(split, s.apiAt(host), false)
		s.serve(split.plain, s.trapAt(host), true)
	}
	s.serve(plain, s.trapAt(""), false)
	s.serve(control, s.controlHandler(), false)
	return nil
}

// serve runs an HTTP server. With oneRequest each connection carries one request; otherwise
// connections are kept, as Concur keeps them.
func (s *simulator) serve(l net.Listener, handler http.Handler, oneRequest bool) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       2 * maxWait,
		IdleTimeout:       maxIdle,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		ConnContext:       withRequestLine,
	}
	server.SetKeepAlivesEnabled(!oneRequest)
	s.servers = append(s.servers, server)
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		err := server.Serve(l)
		if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.log.Error("server ended", "error", err)
		}
	}()
}
