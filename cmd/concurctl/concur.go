package main

import (
	"fmt"
	"io"

	"concur-connector/concur"
	"concur-connector/config"
	"concur-connector/telemetry"
)

// concurVariables are the worker's variables that say how Concur is reached.
var concurVariables = []string{
	"CONCUR_GEOLOCATION", "CONCUR_CLIENT_ID", "CONCUR_CLIENT_SECRET", "CONCUR_CLIENT_SECRET_2", "CONCUR_REFRESH_TOKEN",
	"CONCUR_TOKEN_FILE", "CONCUR_TOKEN_WARNING", "CONCUR_AUTHORIZATION", "CONCUR_HOSTS", "CONCUR_CA", "CONCUR_ANSWER_LIMIT",
	"CONCUR_REQUESTS_PER_SECOND",
}

// reachConcur makes the client as the worker does; nothing is sent yet. What the
// client warns of, such as a refresh token that would be lost, is written to errs.
func reachConcur(errs io.Writer) (*concur.Client, error) {
	cfg, _, err := config.LoadWorker()
	if err := concerning(err, concurVariables...); err != nil {
		return nil, err
	}
	options, err := warningTo(errs, cfg)
	if err != nil {
		return nil, err
	}
	return concur.New(options)
}

// writesOn returns an error unless this environment writes to Concur.
func writesOn() error {
	cfg, _, err := config.LoadWorker()
	if err := concerning(err, "CONCUR_WRITES"); err != nil {
		return err
	}
	if cfg.Writes != "on" {
		return fmt.Errorf("CONCUR_WRITES is %s here", cfg.Writes)
	}
	return nil
}

// warningTo is the worker's options with a log of warnings alone.
func warningTo(errs io.Writer, cfg config.Worker) (concur.Options, error) {
	options, err := concurOptions(cfg)
	if err != nil {
		return concur.Options{}, err
	}
	options.Logger, err = telemetry.NewLogger(errs, "warn", "text")
	return options, err
}
