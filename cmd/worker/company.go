package main

import (
	"errors"
	"fmt"

	"concur-connector/facts"
	"concur-connector/policy"
)

// mayAsk refuses rules with a fact address that the deployment does not allow, because facts
// requests contain the company's data.
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
