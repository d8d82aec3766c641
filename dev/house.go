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
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"concur-connector/dev/company"
)

// house is one whole system on a Temporal server: a door, a simulated Concur, and
// a worker. Houses that share a server have task queues of their own.
type house struct {
	setup    houseSetup
	dir      string
	sim      simulated
	company  *company.Company
	public   string // base URL of the public door
	internal string // base URL of the internal door
	token    string // of the approver called "dev"

	workerEnv  []string // what a story has the worker started with
	ingressEnv []string // and the ingress

	mu      sync.Mutex
	ingress *child
	concur  *child
	worker  *child
}

// houseSetup says what a house is built of.
type houseSetup struct {
	binaries binaries
	temporal *temporalServer
	certs    certificates
	queue    string
	rules    string
	payloads string
	seed     uint64
	fixed    bool   // take the well-known ports when they are free
	sweep    string // CONCUR_SWEEP_MODE
	via      string // CONCUR_INTERFACE; empty: v1.1
	own      string // CONCUR_OWN_STEPS; empty: the default
	script   string // the text of the story that is played, if one is

	told func(line string) // hears each line of the worker's log; may be nil
}

// Credentials that the dev command gives to both sides. They protect nothing.
const (
	calloutUser     = "concur-callout"
	calloutPassword = "dev:password:with:colons"
	clientID        = "6a2b1f0e-dev-client"
	clientSecret    = "dev-client-secret"
	refreshToken    = "dev-refresh-token"
	factSecret      = "whsec_ZGV2LXNlY3JldC10aGF0LXByb3RlY3RzLW5vdGhpbmc="
)

// open starts the house in dir: first the door, for Concur must know where to
// call, then Concur and the company's own systems, then the worker.
func open(ctx context.Context, setup houseSetup, dir string) (*house, error) {
	h := &house{setup: setup, dir: dir}
	for _, step := range []func(context.Context) error{h.hireApprover, h.startIngress, h.startConcur, h.openCompany, h.startWorker} {
		if err := step(ctx); err != nil {
			h.close()
			return nil, err
		}
	}
	return h, nil
}

// hireApprover makes the approver called "dev", as an integrator would.
func (h *house) hireApprover(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, h.setup.binaries.ingress, "-new-approver", "dev")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("ingress -new-approver: %w", err)
	}
	token, line, ok := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if !ok {
		return errors.New("ingress -new-approver printed no line for the approvers' file")
	}
	h.token = token
	return os.WriteFile(h.approvers(), []byte(line+"\n"), 0o600)
}

func (h *house) approvers() string { return filepath.Join(h.dir, "approvers") }

// env is what both programs are given.
func (h *house) env(own ...string) []string {
	return append([]string{
		"TEMPORAL_ADDRESS=" + h.setup.temporal.address,
		"CONCUR_TASK_QUEUE=" + h.setup.queue,
	}, own...)
}

func (h *house) startIngress(ctx context.Context) error {
	listen, internal := h.address(8443, h.public), h.address(8081, h.internal)
	c, err := startReady(ctx, "ingress", h.setup.binaries.ingress, nil, append(h.env(
		"CONCUR_LISTEN="+listen, "CONCUR_INTERNAL_LISTEN="+internal,
		"CONCUR_TLS_CERT="+h.setup.certs.cert, "CONCUR_TLS_KEY="+h.setup.certs.key,
		"CONCUR_CALLOUT_USER="+calloutUser, "CONCUR_CALLOUT_PASSWORD="+calloutPassword,
		"CONCUR_APPROVERS="+h.approvers(),
	), h.ingressEnv...), func(line string) bool {
		var entry struct{ Msg, Public, Internal string }
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Msg != "listening" {
			return false
		}
		h.public, h.internal = "https://"+entry.Public, "http://"+entry.Internal
		return true
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ingress = c
	return err
}

// address is where to listen: again where it was before, else on the well-known
// port or on any.
func (h *house) address(preferred int, before string) string {
	if u, err := url.Parse(before); err == nil && u.Host != "" {
		return u.Host
	}
	if h.setup.fixed {
		if port, err := freePort(preferred); err == nil {
			return "127.0.0.1:" + strconv.Itoa(port)
		}
	}
	return "127.0.0.1:0"
}

func (h *house) startConcur(ctx context.Context) error {
	args := []string{
		"-exit-with-stdin", "-seed", strconv.FormatUint(h.setup.seed, 10),
		"-api", h.address(8444, ""), "-api2", "127.0.0.1:0", "-control", h.address(8445, ""), "-plain", "127.0.0.1:0",
		"-tls-cert", h.setup.certs.cert, "-tls-key", h.setup.certs.key,
		"-callout-url", h.public, "-callout-user", calloutUser, "-callout-password", calloutPassword, "-callout-ca", h.setup.certs.ca,
		"-client-id", clientID, "-client-secret", clientSecret, "-refresh-token", refreshToken,
		"-scopes", h.setup.scopes(),
	}
	if h.setup.payloads != "" {
		args = append(args, "-payloads", h.setup.payloads)
	}
	c, err := startReady(ctx, "concursim", h.setup.binaries.concursim, args, nil, func(line string) bool {
		found, ok := bytes.CutPrefix([]byte(line), []byte("ready "))
		return ok && json.Unmarshal(found, &h.sim) == nil
	})
	h.concur = c
	return err
}

// openCompany opens the company's own systems, which the rules may ask for facts.
func (h *house) openCompany(context.Context) (err error) {
	h.company, err = company.Open(company.Options{CertFile: h.setup.certs.cert, KeyFile: h.setup.certs.key, Secret: factSecret})
	return err
}

// startWorker starts the worker with the durations of a fast world.
func (h *house) startWorker(ctx context.Context) error {
	c, err := startReady(ctx, "worker", h.setup.binaries.worker, nil, append(h.workerSettings(), h.workerEnv...), func(line string) bool {
		if h.setup.told != nil {
			h.setup.told(line)
		}
		var entry struct{ Msg string }
		return json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "working"
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.worker = c
	return err
}

// hosts are those of Concur, as CONCUR_TRUSTED_HOSTS names them.
func (h *house) hosts() string {
	return strings.TrimPrefix(h.sim.API, "https://") + "," + strings.TrimPrefix(h.sim.API2, "https://")
}

// workerSettings are those of the worker and of concurctl.
func (h *house) workerSettings() []string {
	return h.env(
		"CONCUR_INTERNAL_LISTEN=127.0.0.1:0",
		"CONCUR_GEOLOCATION="+h.sim.API, "CONCUR_TRUSTED_HOSTS="+h.hosts(), "CONCUR_CA="+h.setup.certs.ca,
		"CONCUR_CLIENT_ID="+clientID, "CONCUR_CLIENT_SECRET="+clientSecret, "CONCUR_REFRESH_TOKEN="+refreshToken,
		"CONCUR_FACT_HOSTS="+strings.TrimPrefix(h.company.URL, "https://"), "CONCUR_FACT_SECRET="+factSecret,
		"CONCUR_FACT_CA="+h.setup.certs.ca, "CONCUR_FACT_TIMEOUT=1s",
		"CONCUR_RULES="+h.setup.rules, "CONCUR_RULES_RELOAD_INTERVAL=200ms", "CONCUR_INTERFACE="+cmp.Or(h.setup.via, "v1.1"),
		"CONCUR_REQUEST_TIMEOUT=2s", "CONCUR_HEARTBEAT_TIMEOUT=1500ms",
		"CONCUR_OUTAGE_DELAY=300ms", "CONCUR_UNAUTHORIZED_DELAY=500ms", "CONCUR_REREAD_DELAY=50ms", "CONCUR_WRITE_CHECK_DELAY=100ms", "CONCUR_EVENT_TYPE_DELAY=200ms", "CONCUR_CONFIRM_DELAY=400ms",
		"CONCUR_READ_AGAIN_AFTER=0s", "CONCUR_WRITE_VISIBLE_WITHIN=1s",
		"CONCUR_RETRY_INTERVAL=100ms", "CONCUR_RETRY_MAX_INTERVAL=1s",
		"CONCUR_REQUESTS_PER_SECOND=300", "CONCUR_SWEEP_MODE="+h.setup.sweep, "CONCUR_SWEEP_INTERVAL=20s", "CONCUR_MISSED_AFTER=20s",
		"CONCUR_OWN_STEPS="+h.setup.own,
	)
}

// killWorker ends the worker as a power cut would.
func (h *house) killWorker() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.worker.kill()
}

func (h *house) stopWorker() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.worker.stop()
}

// workerLog is the last lines that the worker has said.
func (h *house) workerLog() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.worker.log.String()
}

func (h *house) stopIngress() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ingress.stop()
}

// close stops what runs, the worker first so that nothing calls a Concur that is gone.
func (h *house) close() {
	for _, c := range []*child{h.worker, h.ingress, h.concur} {
		c.stop()
	}
	h.company.Close()
}

// logs are the last lines of every program, for a story that failed.
func (h *house) logs() string {
	var b strings.Builder
	for _, c := range []*child{h.ingress, h.worker, h.concur} {
		if c != nil {
			fmt.Fprintf(&b, "%s:\n%s", c.name, c.log)
		}
	}
	return b.String()
}
