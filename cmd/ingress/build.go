package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"go.temporal.io/sdk/client"

	"concur-connector/approvals"
	"concur-connector/approvals/approvers"
	"concur-connector/ingress"
	"concur-connector/internal/config"
	"concur-connector/internal/httpserver"
	"concur-connector/workflows"
)

// listeners are the open listeners of the ingress.
type listeners struct{ public, internal, approvals *httpserver.Server }

func (l listeners) all() []*httpserver.Server {
	return []*httpserver.Server{l.public, l.internal, l.approvals}
}

// listen opens all listeners.
func listen(cfg config.Ingress, temporal client.Client, logger *slog.Logger) (open listeners, err error) {
	runs := workflows.NewClient(temporal, cfg.TaskQueue)
	public, err := publicEndpoint(cfg, runs, logger)
	if err != nil {
		return open, err
	}
	forApprovers, notices, err := approvalsEndpoint(cfg, runs, logger)
	if err != nil {
		return open, err
	}
	for _, one := range []struct {
		name    string
		server  **httpserver.Server
		options httpserver.Options
	}{
		{"public", &open.public, httpserver.Options{Addr: cfg.Listen, Handler: public, CertFile: cfg.TLSCert, KeyFile: cfg.TLSKey}},
		{"internal", &open.internal, httpserver.Options{
			Addr: cfg.InternalListen, Handler: httpserver.Health(runs.Ready, notices...), CertFile: cfg.InternalTLSCert, KeyFile: cfg.InternalTLSKey,
		}},
		{"approvals", &open.approvals, httpserver.Options{
			Addr: cfg.ApprovalsListen, Handler: forApprovers, CertFile: cfg.ApprovalsTLSCert, KeyFile: cfg.ApprovalsTLSKey,
			ClientCAFile: cfg.ProxyCA,
		}},
	} {
		one.options.Logger, one.options.MaxConnections = logger, cfg.MaxConnections
		if *one.server, err = httpserver.New(one.options); err != nil {
			for _, server := range open.all() {
				if server != nil {
					_ = server.Close()
				}
			}
			return listeners{}, fmt.Errorf("open the %s listener: %w", one.name, err)
		}
	}
	return open, nil
}

func publicEndpoint(cfg config.Ingress, runs *workflows.Client, logger *slog.Logger) (http.Handler, error) {
	credentials := []ingress.Credential{ingress.NewCredential(cfg.CalloutUser.Reveal(), cfg.CalloutPassword.Reveal())}
	if user := cfg.CalloutUser2.Reveal(); user != "" {
		credentials = append(credentials, ingress.NewCredential(user, cfg.CalloutPassword2.Reveal()))
	}
	handler, err := ingress.New(ingress.Options{
		NotifyPath: cfg.NotifyPath, Credentials: credentials, Starter: runs, Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("build the public endpoint: %w", err)
	}
	return handler, nil
}

// approvalsEndpoint returns the endpoint for approvers, and what /readyz says about its files.
func approvalsEndpoint(cfg config.Ingress, runs *workflows.Client, logger *slog.Logger) (handler http.Handler, notices []func() string, err error) {
	if cfg.Approvers == "" {
		return approvals.Off(), nil, nil
	}
	people, err := approvers.Watch(cfg.Approvers, logger)
	if err != nil {
		return nil, nil, err
	}
	keys, err := approvers.WatchSealKeys(cfg.SealKeysFile, logger)
	if err != nil {
		return nil, nil, err
	}
	all, provider, strip, err := identities(cfg.Identity, people, logger)
	if err != nil {
		return nil, nil, err
	}
	options := approvals.Options{
		ServiceOptions: approvals.ServiceOptions{Runs: runs, People: people, SealKeys: keys, Logger: logger},
		Identity:       all,
	}
	if provider != nil {
		options.OpenID = provider
	}
	if cfg.ApprovalsURL != "" {
		if options.URL, err = url.Parse(cfg.ApprovalsURL); err != nil {
			return nil, nil, fmt.Errorf("read CONCUR_APPROVALS_URL: %w", err)
		}
	}
	endpoint, err := approvals.New(options)
	if err != nil {
		return nil, nil, fmt.Errorf("build the endpoint for approvers: %w", err)
	}
	page, err := approvals.NewPage(endpoint)
	if err != nil {
		return nil, nil, fmt.Errorf("build the approvers' page: %w", err)
	}
	return strip(endpoint.Handler(page)), []func() string{notice("approvers' file", people), notice("seal keys", keys)}, nil
}

// notice says at /readyz whether a file is in use as it is now.
func notice(what string, file interface{ Problem() string }) func() string {
	return func() string {
		if file.Problem() != "" {
			return what + ": the file has changed and cannot be used, the one before stays in force; the log says why"
		}
		return what + ": in use"
	}
}
