package main

import (
	"errors"
	"fmt"

	"concur-connector/facts"
	"concur-connector/policy"
)

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
