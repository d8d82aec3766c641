package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"concur-connector/dev/concursim/journal"
)

const (
	maxBody    = 1 << 20
	maxWait    = 30 * time.Second
	maxReports = 25_000
)

// options holds the flags; -help explains them.
type options struct {
	api, api2, control, plain               string
	tlsCert, tlsKey, tlsDir                 string
	calloutURL, calloutPath                 string
	calloutUser, calloutPassword, calloutCA string
	calloutTries                            int
	calloutTimeout                          time.Duration
	clientID, clientSecret, refreshToken    string
	companyID, requestToken, scopes         string
	tokenLife                               time.Duration
	strictRotation                          bool
	failedFormat                            string
	payloads                                string
	payloadCallouts                         bool
	seed                                    uint64
	log                                     *slog.Logger
}

// ready is the content of the ready line: where everything listens.
type ready struct {
	API     string `json:"api"`
	API2    string `json:"api2"`
	Control string `json:"control"`
	Plain   string `json:"plain"`
	Seed    uint64 `json:"seed"`
	CA      string `json:"ca"`
}

// simulator holds the whole state. mu protects the fields below it. changed is closed and
// replaced at every change.
type simulator struct {
	opts      options
	log       *slog.Logger
	ready     ready
	ownDir    string
	servers   []*http.Server
	listeners []net.Listener
	done      chan struct{}
	poster    *http.Client
	running   sync.WaitGroup

	mu          sync.Mutex
	changed     chan struct{}
	home        string // the host of the company's data centre
	reports     []*report
	late        map[*report]bool // reports with writes that reads do not show yet
	directory   directory
	payloads    []*payload
	documentIDs map[string]string // identifiers from raw payloads, by what they identify
	codes       map[string]bool
	blocking    map[string]bool // codes that block a report
	journal     journal.Journal
	faults      []*fault
	breakpoints []*breakpoint
	tokens      tokens
	callouts    callouts
	failed      failedList
	faultCount  int
}

// start listens on all addresses and loads the payloads.
func start(opts options) (_ *simulator, err error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	s := &simulator{
		opts: opts, log: opts.log, home: firstHost,
		done:    make(chan struct{}),
		changed: make(chan struct{}), documentIDs: map[string]string{},
		late: map[*report]bool{}, codes: map[string]bool{}, blocking: map[string]bool{}, directory: newDirectory(),
	}
	for _, code := range []string{"NODATE", "NORECPT", "OVERLIM", "MISSING", "APPRVTO"} {
		s.codes[code] = true
	}
	s.tokens = newTokens(opts)
	s.failed = newFailedList(opts)
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.poster, err = newPoster(opts); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	if opts.payloads != "" {
		if err := s.loadPayloads(opts.payloads); err != nil {
			return nil, err
		}
	}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		s.sendCallouts()
	}()
	s.log.Info("listening", "api", s.ready.API, "api2", s.ready.API2, "control", s.ready.Control, "seed", opts.seed, "ca", s.ready.CA)
	return s, nil
}

var uuidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func (o *options) check() error {
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())%1_000_000_000 + 1
	}
	if o.calloutTimeout == 0 {
		o.calloutTimeout = 5 * time.Second
	}
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return errors.New("-tls-cert and -tls-key must be given together")
	}
	if o.calloutTries < 1 || o.calloutTries > 10 {
		return fmt.Errorf("-callout-tries %d is not between 1 and 10", o.calloutTries)
	}
	if o.tokenLife < time.Second {
		return fmt.Errorf("-token-life %s is shorter than a second", o.tokenLife)
	}
	base, err := url.Parse(o.calloutURL)
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return errors.New("-callout-url is not an http(s) base URL")
	}
	if err := checkCredentials(o.calloutUser, o.calloutPassword); err != nil {
		return fmt.Errorf("-callout-user, -callout-password: %w", err)
	}
	if !strings.HasPrefix(o.calloutPath, "/") {
		return fmt.Errorf("-callout-path %q does not begin with /", o.calloutPath)
	}
	if !uuidForm.MatchString(o.companyID) {
		return fmt.Errorf("-company-id %q is not a UUID", o.companyID)
	}
	secrets := map[string]string{
		"-client-id": o.clientID, "-client-secret": o.clientSecret, "-refresh-token": o.refreshToken, "-request-token": o.requestToken,
	}
	if err := checkFormat(o.failedFormat); err != nil {
		return fmt.Errorf("-failed-format: %w", err)
	}
	for flag, value := range secrets {
		if value == "" {
			return fmt.Errorf("%s is empty", flag)
		}
	}
	return nil
}

// Ready says where the simulator listens.
func (s *simulator) Ready() ready { return s.ready }

// Close ends everything that start began and removes its files.
func (s *simulator) Close() {
	close(s.done)
	for _, server := range s.servers {
		server.Close()
	}
	for _, l := range s.listeners {
		l.Close()
	}
	s.running.Wait()
	if s.ownDir != "" {
		os.RemoveAll(s.ownDir)
	}
}

// broadcast wakes everyone in wait. The caller holds mu.
func (s *simulator) broadcast() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait returns true as soon as the condition holds. It checks under mu at every change, and
// returns false after the timeout (at most maxWait).
func (s *simulator) wait(ctx context.Context, timeout time.Duration, holds func() bool) bool {
	timer := time.NewTimer(min(timeout, maxWait))
	defer timer.Stop()
	for {
		s.mu.Lock()
		if holds() {
			s.mu.Unlock()
			return true
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		case <-s.done:
			return false
		}
	}
}

func certPool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read CA %s: no certificate in it", file)
	}
	return pool, nil
}
