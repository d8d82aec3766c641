package doctor

import (
	"crypto/x509"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/approvals/approvers"
	"concur-connector/expense"
	"concur-connector/internal/config"
	"concur-connector/internal/httpserver"
	"concur-connector/policy"
)

// ingress checks the ingress's part of the environment. It returns the credential that Concur
// sends, or an empty one if that cannot be used.
func (d *doctor) ingress() cli.Credential {
	cfg, ignored, err := config.LoadIngress()
	d.configuration(ingressProgram, err)
	d.ignored(ignored)

	c := cli.Credential{User: cfg.CalloutUser.Reveal(), Password: cfg.CalloutPassword.Reveal()}
	if cli.ConfigError(err, "CONCUR_CALLOUT_USER", "CONCUR_CALLOUT_PASSWORD", "CONCUR_CALLOUT_USER_2", "CONCUR_CALLOUT_PASSWORD_2") == nil {
		d.ok("callout credential", "the user name has %d characters and the password %d; Concur accepts 10 to 49",
			utf8.RuneCountInString(c.User), utf8.RuneCountInString(c.Password))
		if cfg.CalloutUser2.Reveal() != "" {
			d.warn("callout credential", "remove the old pair once Concur sends the new one and its connection test has passed",
				"the ingress also accepts a second pair")
		}
	} else {
		c = cli.Credential{}
	}
	if cfg.TLSCert != "" && cfg.TLSKey != "" {
		if pair, err := httpserver.KeyPair(cfg.TLSCert, cfg.TLSKey); err != nil {
			d.fail("certificate file", "give the chain and its own key, both in PEM form", "CONCUR_TLS_CERT with CONCUR_TLS_KEY cannot be used: %v", err)
		} else if leaf, err := x509.ParseCertificate(pair.Certificate[0]); err != nil {
			d.fail("certificate file", "get a certificate of a public authority", "CONCUR_TLS_CERT cannot be read: %v", err)
		} else {
			d.certificate("certificate file", leaf)
		}
	}
	d.approvers(cfg.Common)
	return c
}

// approvers checks the approvers' file and the seal keys, once if both programs have the same.
func (d *doctor) approvers(cfg config.Common) {
	if cfg.Approvers != "" && !slices.Contains(d.files, cfg.Approvers) {
		d.files = append(d.files, cfg.Approvers)
		a, err := approvers.Load(cfg.Approvers)
		if err != nil {
			d.fail("approvers", "fix what is named; concurctl approver changes the file without mistakes", "the approvers' file cannot be used: %v", err)
		} else {
			d.people(a)
		}
	}
	if cfg.SealKeysFile != "" && !slices.Contains(d.files, cfg.SealKeysFile) {
		d.files = append(d.files, cfg.SealKeysFile)
		if _, err := approvers.WatchSealKeys(cfg.SealKeysFile, slog.New(slog.DiscardHandler)); err != nil {
			d.fail("seal keys", "make a key with concurctl approver seal-key, the same for both programs", "the file with the seal keys cannot be used: %v", err)
		} else {
			d.ok("seal keys", "decisions are sealed")
		}
	}
}

// people says who of the approvers' file could decide nothing.
func (d *doctor) people(a *approvers.Approvers) {
	var bare int
	for _, p := range a.People {
		if len(p.Logins) == 0 && p.SubmitsReports {
			bare++
		}
	}
	switch {
	case len(a.People) == 0:
		d.warn("approvers", "add people with concurctl approver add", "the approvers' file has nobody")
	case bare > 0:
		d.warn("approvers", "add their logins with concurctl approver add --login", "%s of the approvers' file cannot decide, because no login is known; concurctl approver list names them", cli.Count(bare, "approver"))
	default:
		d.ok("approvers", "the approvers' file has %s", cli.Count(len(a.People), "approver"))
	}
}

// configuration reports each problem of a program's configuration.
func (d *doctor) configuration(program string, err error) {
	check := program + " configuration"
	if err == nil {
		d.ok(check, "every variable can be used")
		return
	}
	other := map[string]string{ingressProgram: workerProgram, workerProgram: ingressProgram}[program]
	for _, line := range cli.ConfigProblems(err) {
		do := "see docs/configuration.md"
		if strings.Contains(line, " is required: ") {
			do += "; if this is the environment of the " + other + " alone, add --program " + other
		}
		d.fail(check, do, "%s", line)
	}
}

// ignored reports each variable that no program reads.
func (d *doctor) ignored(variables []config.Ignored) {
	for _, f := range d.findings {
		if f.Check == "environment" {
			return // both programs have the same environment
		}
	}
	for _, v := range variables {
		d.warn("environment", "fix its name or remove it, unless the platform created it", "%s %s", v.Name, v.Why)
	}
}

// fieldsNeverShown warns of rules that read a field that the chosen interface never shows.
func (d *doctor) fieldsNeverShown(cfg config.Worker, rules *policy.Policy) {
	if rules == nil {
		return
	}
	for _, w := range rules.NeverToldFields(expense.Interface(cfg.Interface)) {
		d.warn("rules", "see docs/policy/fields.md, or ask with has()", "the rule %s asks a person: %s", w.Rule, w.Reason)
	}
}

// rules checks the rules file and returns the rules, or nil if they cannot be used.
func (d *doctor) rules(path string) *policy.Policy {
	if path == "" {
		return nil // the check of the configuration reports it
	}
	rules, err := policy.Load(path)
	if err != nil {
		d.fail("rules", "fix the file; see docs/policy/README.md", "the rules cannot be used: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
		return nil
	}
	warnings := rules.Warnings()
	for _, w := range warnings {
		d.warn("rules", "change the file, unless this is intended", "%v", w)
	}
	if len(warnings) == 0 {
		d.ok("rules", "%s in %s, hash %s", cli.Count(len(rules.Rules()), "rule"), path, rules.Hash())
	}
	return rules
}
