package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"concur-connector/dev/factservice"
)

// testSystem is one whole system on a Temporal server: an ingress, a simulated Concur, fact
// services and a worker. Systems that share a server have their own task queues.
type testSystem struct {
	setup    systemSetup
	dir      string
	sim      simulator
	facts    *factservice.Service
	public   string // base URL of the public endpoints
	internal string // base URL of the health checks
	approve  string // base URL of the endpoint for approvers
	token    string // of the approver called "dev"

	workerEnv  []string // settings from the story
	ingressEnv []string // settings from the story

	mu      sync.Mutex
	ingress *child
	concur  *child
	worker  *child
}

// systemSetup says what a test system consists of.
type systemSetup struct {
	binaries binaries
	temporal *temporalServer
	certs    certificates
	// approvers are those of each system when it starts.
	approvers approverFiles
	queue     string
	rules     string
	payloads  string
	seed      uint64
	fixed     bool   // use the well-known ports if they are free
	sweep     string // CONCUR_SWEEP_MODE
	via       string // CONCUR_INTERFACE; empty: v1.1
	own       string // CONCUR_OWN_STEPS; empty: the default
	script    string // the text of the story; empty without a story

	onWorkerLine func(line string) // gets each line of the worker's log; may be nil
}

// Credentials that both sides get. They protect nothing.
const (
	calloutUser     = "concur-callout"
	calloutPassword = "dev:password:with:colons"
	clientID        = "6a2b1f0e-dev-client"
	clientSecret    = "dev-client-secret"
	refreshToken    = "dev-refresh-token"
	factSecret      = "whsec_ZGV2LXNlY3JldC10aGF0LXByb3RlY3RzLW5vdGhpbmc="
)

// open starts the system in dir: first the ingress, because Concur must know where to call,
// then Concur and the fact services, then the worker.
func open(ctx context.Context, setup systemSetup, dir string) (*testSystem, error) {
	sys := &testSystem{setup: setup, dir: dir}
	for _, step := range []func(context.Context) error{sys.giveApprovers, sys.startIngress, sys.startConcur, sys.openFacts, sys.startWorker} {
		if err := step(ctx); err != nil {
			sys.close()
			return nil, err
		}
	}
	return sys, nil
}

// giveApprovers writes an approvers' file and seal keys for this system, which a story may change.
func (sys *testSystem) giveApprovers(context.Context) error {
	sys.token = sys.setup.approvers.token
	return errors.Join(
		os.WriteFile(sys.approvers(), sys.setup.approvers.file, 0o600),
		os.WriteFile(sys.sealKeys(), sys.setup.approvers.sealKeys, 0o600),
	)
}

func (sys *testSystem) approvers() string { return filepath.Join(sys.dir, "approvers.yaml") }
func (sys *testSystem) sealKeys() string  { return filepath.Join(sys.dir, "seal-keys") }

// env returns the settings that both programs need.
func (sys *testSystem) env(own ...string) []string {
	return append([]string{
		"TEMPORAL_ADDRESS=" + sys.setup.temporal.address,
		"CONCUR_TASK_QUEUE=" + sys.setup.queue,
		"CONCUR_APPROVERS=" + sys.approvers(), "CONCUR_SEAL_KEYS_FILE=" + sys.sealKeys(),
	}, own...)
}

func (sys *testSystem) startIngress(ctx context.Context) error {
	listen, internal, approve := sys.address(8443, sys.public), sys.address(8081, sys.internal), sys.address(8083, sys.approve)
	c, err := startReady(ctx, "ingress", sys.setup.binaries.ingress, nil, append(sys.env(
		"CONCUR_LISTEN="+listen, "CONCUR_INTERNAL_LISTEN="+internal, "CONCUR_APPROVALS_LISTEN="+approve,
		"CONCUR_TLS_CERT="+sys.setup.certs.cert, "CONCUR_TLS_KEY="+sys.setup.certs.key,
		"CONCUR_CALLOUT_USER="+calloutUser, "CONCUR_CALLOUT_PASSWORD="+calloutPassword,
	), sys.ingressEnv...), func(line string) bool {
		var entry struct{ Msg, Public, Internal, Approvals string }
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Msg != "listening" {
			return false
		}
		sys.public, sys.internal, sys.approve = "https://"+entry.Public, "http://"+entry.Internal, "http://"+entry.Approvals
		return true
	})
	sys.mu.Lock()
	defer sys.mu.Unlock()
	sys.ingress = c
	return err
}

// address returns where to listen: at the address used before, at the well-known port, or
// at any port.
func (sys *testSystem) address(preferred int, before string) string {
	if u, err := url.Parse(before); err == nil && u.Host != "" {
		return u.Host
	}
	if sys.setup.fixed {
		if port, err := freePort(preferred); err == nil {
			return "127.0.0.1:" + strconv.Itoa(port)
		}
	}
	return "127.0.0.1:0"
}

func (sys *testSystem) startConcur(ctx context.Context) error {
	args := []string{
		"-exit-with-stdin", "-seed", strconv.FormatUint(sys.setup.seed, 10),
		"-api", sys.address(8444, ""), "-api2", "127.0.0.1:0", "-control", sys.address(8445, ""), "-plain", "127.0.0.1:0",
		"-tls-cert", sys.setup.certs.cert, "-tls-key", sys.setup.certs.key,
		"-callout-url", sys.public, "-callout-user", calloutUser, "-callout-password", calloutPassword, "-callout-ca", sys.setup.certs.ca,
		"-client-id", clientID, "-client-secret", clientSecret, "-refresh-token", refreshToken,
		"-scopes", sys.setup.scopes(),
	}
	if sys.setup.payloads != "" {
		args = append(args, "-payloads", sys.setup.payloads)
	}
	c, err := startReady(ctx, "concursim", sys.setup.binaries.concursim, args, nil, func(line string) bool {
		found, ok := bytes.CutPrefix([]byte(line), []byte("ready "))
		return ok && json.Unmarshal(found, &sys.sim) == nil
	})
	sys.concur = c
	return err
}

// openFacts opens the fact services.
func (sys *testSystem) openFacts(context.Context) (err error) {
	sys.facts, err = factservice.Open(factservice.Options{CertFile: sys.setup.certs.cert, KeyFile: sys.setup.certs.key, Secret: factSecret})
	return err
}

// startWorker starts the worker with short delays.
func (sys *testSystem) startWorker(ctx context.Context) error {
	c, err := startReady(ctx, "worker", sys.setup.binaries.worker, nil, append(sys.workerSettings(), sys.workerEnv...), func(line string) bool {
		if sys.setup.onWorkerLine != nil {
			sys.setup.onWorkerLine(line)
		}
		var entry struct{ Msg string }
		return json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "working"
	})
	sys.mu.Lock()
	defer sys.mu.Unlock()
	sys.worker = c
	return err
}

// hosts are Concur's hosts, as the trusted hosts setting names them.
func (sys *testSystem) hosts() string {
	return strings.TrimPrefix(sys.sim.API, "https://") + "," + strings.TrimPrefix(sys.sim.API2, "https://")
}

// workerSettings are the settings of the worker and of concurctl.
func (sys *testSystem) workerSettings() []string {
	return sys.env(
		"CONCUR_INTERNAL_LISTEN=127.0.0.1:0",
		"CONCUR_GEOLOCATION="+sys.sim.API, "CONCUR_TRUSTED_HOSTS="+sys.hosts(), "CONCUR_CA="+sys.setup.certs.ca,
		"CONCUR_CLIENT_ID="+clientID, "CONCUR_CLIENT_SECRET="+clientSecret, "CONCUR_REFRESH_TOKEN="+refreshToken,
		"CONCUR_FACT_HOSTS="+strings.TrimPrefix(sys.facts.URL, "https://"), "CONCUR_FACT_SECRET="+factSecret,
		"CONCUR_FACT_CA="+sys.setup.certs.ca, "CONCUR_FACT_TIMEOUT=1s",
		"CONCUR_RULES="+sys.setup.rules, "CONCUR_RULES_RELOAD_INTERVAL=200ms", "CONCUR_INTERFACE="+cmp.Or(sys.setup.via, "v1.1"),
		"CONCUR_REQUEST_TIMEOUT=2s", "CONCUR_HEARTBEAT_TIMEOUT=1500ms",
		"CONCUR_OUTAGE_DELAY=300ms", "CONCUR_UNAUTHORIZED_DELAY=500ms", "CONCUR_REREAD_DELAY=50ms", "CONCUR_WRITE_CHECK_DELAY=100ms", "CONCUR_EVENT_TYPE_DELAY=200ms", "CONCUR_CONFIRM_DELAY=400ms",
		"CONCUR_READ_AGAIN_AFTER=0s", "CONCUR_WRITE_VISIBLE_WITHIN=1s",
		"CONCUR_RETRY_INTERVAL=100ms", "CONCUR_RETRY_MAX_INTERVAL=1s",
		"CONCUR_REQUESTS_PER_SECOND=300", "CONCUR_SWEEP_MODE="+sys.setup.sweep, "CONCUR_SWEEP_INTERVAL=20s", "CONCUR_MISSED_AFTER=20s",
		"CONCUR_OWN_STEPS="+sys.setup.own,
	)
}

// killWorker ends the worker at once, as a power cut would.
func (sys *testSystem) killWorker() {
	sys.mu.Lock()
	defer sys.mu.Unlock()
	sys.worker.kill()
}

func (sys *testSystem) stopWorker() {
	sys.mu.Lock()
	defer sys.mu.Unlock()
	sys.worker.stop()
}

// workerLog returns the last lines of the worker's log.
func (sys *testSystem) workerLog() string {
	sys.mu.Lock()
	defer sys.mu.Unlock()
	return sys.worker.log.String()
}

func (sys *testSystem) stopIngress() {
	sys.mu.Lock()
	defer sys.mu.Unlock()
	sys.ingress.stop()
}

// close stops the programs. It stops the worker first, so that the worker does not call a
// Concur that has ended.
func (sys *testSystem) close() {
	for _, c := range []*child{sys.worker, sys.ingress, sys.concur} {
		c.stop()
	}
	sys.facts.Close()
}

// logs returns the last lines of every program, for a failed story.
func (sys *testSystem) logs() string {
	var b strings.Builder
	for _, c := range []*child{sys.ingress, sys.worker, sys.concur} {
		if c != nil {
			fmt.Fprintf(&b, "%s:\n%s", c.name, c.log)
		}
	}
	return b.String()
}
