package main

import (
	"errors"
	"fmt"
	"log/slog"

	"concur-connector/facts"
	"concur-connector/internal/config"
	"concur-connector/policy"
)

// reachCompany returns what asks the company's own systems for facts, or nil when that is
// not set up.
func reachCompany(cfg config.Worker, logger *slog.Logger) (*facts.Client, error) {
	if cfg.FactSecret.Reveal() == "" {
		return nil, nil
	}
	roots, err := config.Roots(cfg.FactCA)
	if err != nil {
		return nil, fmt.Errorf("CONCUR_FACT_CA: %w", err)
	}
	secrets := []string{cfg.FactSecret.Reveal()}
	if second := cfg.FactSecret2.Reveal(); second != "" {
		secrets = append(secrets, second)
	}
	return facts.New(facts.Options{Hosts: cfg.FactHosts, Secrets: secrets, RootCAs: roots, Timeout: cfg.FactTimeout, Logger: logger})
}

// mayAsk refuses rules that ask what may not be asked. They name addresses; whose the
// company's data may be is for the deployment to say.
func mayAsk(company *facts.Client, rules *policy.Policy) error {
	for _, url := range rules.FactURLs() {
		if company == nil {
			return errors.New("CONCUR_FACT_SECRET is required: the rules ask the company's own systems for facts")
		}
		if err := company.Check(url); err != nil {
			return fmt.Errorf("a fact is asked for where it may not be: %w", err)
		}
	}
	return nil
}
