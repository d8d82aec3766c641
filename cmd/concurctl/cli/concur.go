package cli

import (
	"errors"
	"fmt"
	"io"

	"concur-connector/concur"
	"concur-connector/internal/clients"
	"concur-connector/internal/config"
	"concur-connector/internal/telemetry"
)

// ConcurVariables are the worker's variables that say how Concur is reached.
var ConcurVariables = []string{
	"CONCUR_GEOLOCATION", "CONCUR_CLIENT_ID", "CONCUR_CLIENT_SECRET", "CONCUR_CLIENT_SECRET_2", "CONCUR_REFRESH_TOKEN",
	"CONCUR_TOKEN_FILE", "CONCUR_TOKEN_WARNING", "CONCUR_AUTH_SCHEME", "CONCUR_TRUSTED_HOSTS", "CONCUR_CA", "CONCUR_REQUEST_TIMEOUT",
	"CONCUR_REQUESTS_PER_SECOND",
}

// ConnectConcur makes the client as the worker does; nothing is sent yet. What the
// client warns of, such as a refresh token that would be lost, is written to errs.
//
// Without a token store Concur may replace the only refresh token by one that ends with
// this command: that is done only when it is said.
func ConnectConcur(errs io.Writer, useRefreshToken bool) (*concur.Client, error) {
	cfg, _, err := config.LoadWorker()
	if err := ConfigError(err, ConcurVariables...); err != nil {
		return nil, err
	}
	if cfg.TokenFile == "" && !useRefreshToken {
		return nil, errors.New("there is no token store (CONCUR_TOKEN_FILE): a refresh token that Concur replaces would be lost, here and in the worker; " +
			"set it, or say --use-refresh-token while no worker runs")
	}
	options, err := ConcurOptions(errs, cfg)
	if err != nil {
		return nil, err
	}
	return concur.New(options)
}

// RequireWrites returns an error unless this environment writes to Concur.
func RequireWrites() error {
	cfg, _, err := config.LoadWorker()
	if err := ConfigError(err, "CONCUR_WRITES"); err != nil {
		return err
	}
	if cfg.Writes != "on" {
		return fmt.Errorf("CONCUR_WRITES is %s here", cfg.Writes)
	}
	return nil
}

// ConcurOptions returns the worker's options for the client, which logs only warnings, to errs.
func ConcurOptions(errs io.Writer, cfg config.Worker) (concur.Options, error) {
	logger, err := telemetry.NewLogger(errs, "warn", "text")
	if err != nil {
		return concur.Options{}, err
	}
	return clients.ConcurOptions(cfg, logger)
}
