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

// facts checks whether the rules may ask their fact services.
func (d *doctor) facts(ctx context.Context, cfg config.Worker, err error, rules *policy.Policy) {
	if rules == nil || cli.ConfigError(err, "CONCUR_FACT_HOSTS", "CONCUR_FACT_SECRET", "CONCUR_FACT_SECRET_2", "CONCUR_FACT_TIMEOUT") != nil {
		return // already reported, one by one
	}
	d.askable(ctx, cfg, rules.FactURLs())
}

// askable checks these addresses. It opens a connection to the host of each that may be asked,
// and sends nothing over it.
func (d *doctor) askable(ctx context.Context, cfg config.Worker, urls []string) {
	if len(urls) == 0 {
		return
	}
	if cfg.FactSecret.Reveal() == "" {
		d.fail(factsCheck, "set CONCUR_FACT_SECRET, and give the fact services the same secret", "the rules ask fact services, and there is no secret to sign the requests")
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
			d.fail(factsCheck, "add the host to CONCUR_FACT_HOSTS if the company's data may go there, or remove the fact from the rules file", "the connector may not ask for a fact: %v", err)
		} else if u, err := url.Parse(address); err == nil && !slices.Contains(hosts, u.Host) {
			hosts = append(hosts, u.Host)
		}
	}
	for _, host := range hosts {
		d.answersTLS(ctx, host, roots)
	}
	if cfg.FactSecret2.Reveal() != "" {
		d.warn(factsCheck, "remove the old secret once the fact services know the new one", "the connector signs requests with a second secret, too")
	}
}

// answersTLS makes one TLS connection as the worker would, and closes it.
func (d *doctor) answersTLS(ctx context.Context, host string, roots *x509.CertPool) {
	endpoint, err := cli.NewEndpoint("https://"+host, roots)
	if err == nil {
		_, err = endpoint.Handshake(ctx, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
	}
	if err != nil {
		d.fail(factsCheck, "check that service, the firewall and the certificate (CONCUR_FACT_CA); reports wait until it answers", "no TLS connection to %s: %v", host, err)
		return
	}
	d.ok(factsCheck, "%s may be asked, and speaks TLS", host)
}
