package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"slices"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/internal/clients"
	"concur-connector/internal/config"
	"concur-connector/policy"
)

const factsCheck = "facts"

// facts checks whether the rules may ask the fact services what they want to ask.
func (d *doctor) facts(ctx context.Context, cfg config.Worker, err error, rules *policy.Policy) {
	if rules == nil || cli.ConfigError(err, "CONCUR_FACT_HOSTS", "CONCUR_FACT_SECRET", "CONCUR_FACT_SECRET_2", "CONCUR_FACT_TIMEOUT") != nil {
		return // said, one by one
	}
	d.askable(ctx, cfg, rules.FactURLs())
}

// askable checks these addresses. A connection is opened to the host of each that may be
// asked, and nothing is sent over it.
func (d *doctor) askable(ctx context.Context, cfg config.Worker, urls []string) {
	if len(urls) == 0 {
		return
	}
	if cfg.FactSecret.Reveal() == "" {
		d.fail(factsCheck, "set CONCUR_FACT_SECRET, and give the same secret to the systems that are asked", "the rules ask the fact services, and there is no secret to sign with")
		return
	}
	roots, err := config.Roots(cfg.FactCA)
	if err != nil {
		d.fail(factsCheck, "give a file of PEM certificates", "CONCUR_FACT_CA: %v", err)
		return
	}
	client, err := clients.FactServices(cfg, nil)
	if err != nil {
		d.fail(factsCheck, "see docs/policy/facts.md", "%v", err)
		return
	}
	defer client.Close()
	var hosts []string
	for _, address := range urls {
		if err := client.Check(address); err != nil {
			d.fail(factsCheck, "add the host to CONCUR_FACT_HOSTS if the company's data may go there, or take the fact out of the rules file", "a fact may not be asked for: %v", err)
		} else if u, err := url.Parse(address); err == nil && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	for _, host := range hosts {
		d.answersTLS(ctx, host, roots)
	}
	if cfg.FactSecret2.Reveal() != "" {
		d.warn(factsCheck, "once the systems that are asked know the new secret, drop the old one", "questions are signed with a second secret, too")
	}
}

// answersTLS makes one TLS connection as the worker would, and closes it.
func (d *doctor) answersTLS(ctx context.Context, host string, roots *x509.CertPool) {
	endpoint, err := cli.NewEndpoint("https://"+host, roots)
	if err == nil {
		_, err = endpoint.Handshake(ctx, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
	}
	if err != nil {
		d.fail(factsCheck, "look at that system, the firewall and its certificate (CONCUR_FACT_CA); until it answers, reports wait", "no TLS connection to %s: %v", host, err)
		return
	}
	d.ok(factsCheck, "%s may be asked, and speaks TLS", host)
}
