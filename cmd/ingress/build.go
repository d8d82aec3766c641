package main

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"
	"go.temporal.io/sdk/client"

	"concur-connector/approvals"
	"concur-connector/approvals/approvers"
	"concur-connector/ingress"
	"concur-connector/internal/config"
	"concur-connector/internal/httpserver"
	"concur-connector/workflows"
)

// listen opens both listeners.
func listen(cfg config.Ingress, temporal client.Client, logger *slog.Logger) (public, internal *httpserver.Server, err error) {
	runs := workflows.NewClient(temporal, cfg.TaskQueue)
	outside, err := publicEndpoint(cfg, runs, logger)
	if err != nil {
		return nil, nil, err
	}
	inside, err := internalEndpoint(cfg, runs, logger)
	if err != nil {
		return nil, nil, err
	}
	public, err = httpserver.New(httpserver.Options{
		Addr: cfg.Listen, Handler: outside, Logger: logger, CertFile: cfg.TLSCert, KeyFile: cfg.TLSKey, MaxConnections: cfg.MaxConnections,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("open the public listener: %w", err)
	}
	internal, err = httpserver.New(httpserver.Options{
		Addr: cfg.InternalListen, Handler: inside, Logger: logger, CertFile: cfg.InternalTLSCert, KeyFile: cfg.InternalTLSKey, ClientCAFile: cfg.ProxyCA, MaxConnections: cfg.MaxConnections,
	})
	if err != nil {
		_ = public.Close()
		return nil, nil, fmt.Errorf("open the internal listener: %w", err)
	}
	return public, internal, nil
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

func internalEndpoint(cfg config.Ingress, runs *workflows.Client, logger *slog.Logger) (http.Handler, error) {
	options := approvals.Options{Runs: runs, Logger: logger}
	strip := func(next http.Handler) http.Handler { return next }
	var about []func() string
	if cfg.Approvers != "" {
		people, err := approvers.Watch(cfg.Approvers, logger)
		if err != nil {
			return nil, err
		}
		keys, err := approvers.WatchSealKeys(cfg.SealKeysFile, logger)
		if err != nil {
			return nil, err
		}
		all, _, wrap, err := identities(cfg.Identity, people, logger)
		if err != nil {
			return nil, err
		}
		options.Identity, options.SealKeys, strip = all, keys, wrap
		about = append(about, notice("approvers' file", people), notice("seal keys", keys))
	}
	endpoint, err := approvals.New(options)
	if err != nil {
		return nil, fmt.Errorf("build the internal endpoint: %w", err)
	}
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	router.PathPrefix("/approvals/").Handler(strip(endpoint))
	router.PathPrefix("/").Handler(httpserver.Health(runs.Ready, about...))
	return router, nil
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
