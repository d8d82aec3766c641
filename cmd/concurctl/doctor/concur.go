package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"concur-connector/concur"
	"concur-connector/internal/config"
)

const (
	accessCheck = "access to Concur"
	tokenCheck  = "token store"
)

// lastDays is how long before its end the refresh token becomes a failure instead of a warning.
const lastDays = 7 * day

// worker checks the worker's part of the environment, and the access to Concur.
func (d *doctor) worker(ctx context.Context, o doctorOptions) {
	cfg, ignored, err := config.LoadWorker()
	d.configuration(workerProgram, err)
	d.ignored(ignored)
	d.approvers(cfg.Common)
	rules := d.rules(cfg.Rules)
	c := chosenBy(cfg, err, rules, o.report)
	d.needed = c.scopes()
	d.writes(cfg, err)
	d.guard(cfg, rules)
	d.facts(ctx, cfg, err, rules)
	d.fieldsNeverShown(cfg, rules)
	if cli.ConfigError(err, cli.ConcurVariables...) != nil {
		return // already reported, one by one
	}
	options, err := cli.ConcurOptions(d.errs, cfg)
	if err != nil {
		d.fail("allow-list", "give a file of PEM certificates", "%v", err)
		return
	}
	if !d.allowList(options) {
		return
	}
	switch {
	case cfg.TokenFile != "":
		if !d.tokenStore(options) {
			return
		}
	case !o.useRefreshToken:
		d.warn(accessCheck, "set CONCUR_TOKEN_FILE, or use --use-refresh-token while no worker runs",
			"not checked: without a token store, a refresh token that Concur replaces is lost, here and in the worker")
		return
	default:
		d.warn(tokenCheck, "set CONCUR_TOKEN_FILE", "there is no token store: a refresh token that Concur replaces is lost when the process ends")
	}
	client, err := concur.New(options)
	if err != nil {
		d.fail(tokenCheck, "let this user write into the folder of the token store, as the worker does", "%v", err)
		return
	}
	defer client.Close()
	if waiting, reached := d.access(ctx, client); reached {
		if status, err := client.EnsureToken(ctx); err == nil && cfg.TokenFile == "" {
			d.refreshToken(status, cfg.TokenWarning) // Concur's answer contained it
			d.scopes(status.Scopes)
		}
		d.prove(ctx, client, c, waiting)
	}
	for _, gone := range client.Deprecations() {
		d.warn("interfaces", "read Concur's release notes, and look for a newer version of the connector",
			"Concur announces the end of an interface that the connector needs to %s: %s", gone.Op, strings.Trim(gone.Warning+"; sunset "+gone.Sunset, "; "))
	}
}

// writes says what the connector writes to Concur. A test entity with writes on, and a
// production with writes off, are easily overlooked.
func (d *doctor) writes(cfg config.Worker, err error) {
	if cli.ConfigError(err, "CONCUR_WRITES", "CONCUR_TEST_USERS", "CONCUR_SENDBACK_LIMIT", "CONCUR_SENDBACK_SHARE_LIMIT") != nil {
		return // already reported, one by one
	}
	const check = "writes"
	switch {
	case cfg.Writes == "dry-run":
		d.warn(check, "set CONCUR_WRITES=on once the runs show what you want", "the connector writes nothing to Concur: each run only says what it would write")
	case cfg.Writes == "off":
		d.warn(check, "set CONCUR_WRITES=on, unless this is intended", "the connector writes nothing to Concur: a run that is about to write waits for an operator")
	case len(cfg.TestUsers) > 0:
		d.warn(check, "remove CONCUR_TEST_USERS in production", "the connector writes only to the reports of %s", cli.Count(len(cfg.TestUsers), "test user"))
	default:
		d.ok(check, "the connector writes to every report")
	}
	if cfg.SendBackLimit == 0 && cfg.SendBackShareLimit == 0 {
		d.warn("send-back limit", "set CONCUR_SENDBACK_LIMIT", "a mistake in the rules may send every report back: there is no limit")
		return
	}
	var limits []string
	if cfg.SendBackLimit > 0 {
		limits = append(limits, fmt.Sprintf("%d an hour", cfg.SendBackLimit))
	}
	if cfg.SendBackShareLimit > 0 {
		limits = append(limits, fmt.Sprintf("a share of %g", cfg.SendBackShareLimit))
	}
	d.ok("send-back limit", "the rules send back at most %s; further reports wait for an operator", strings.Join(limits, " and "))
}

// allowList lets the client check the geolocation, without opening the token store.
func (d *doctor) allowList(options concur.Options) bool {
	options.TokenFile = ""
	if options.RefreshToken == "" {
		options.RefreshToken = "in-the-store"
	}
	client, err := concur.New(options)
	if err != nil {
		d.fail("allow-list", "add a host of your own to CONCUR_TRUSTED_HOSTS only if a token may go there", "%v", strings.ReplaceAll(err.Error(), "\n", "; "))
		return false
	}
	client.Close()
	d.ok("allow-list", "a token may go to %s", options.Geolocation)
	return true
}

// tokenStore checks the token store and reports whether it can be used.
func (d *doctor) tokenStore(options concur.Options) bool {
	status, err := concur.ReadTokenStore(options)
	switch {
	case errors.Is(err, fs.ErrNotExist) && options.RefreshToken != "":
		d.warn(tokenCheck, "start the worker, and run the doctor again", "%s does not exist yet: the worker creates it from CONCUR_REFRESH_TOKEN", options.TokenFile)
		return false
	case errors.Is(err, fs.ErrNotExist):
		d.fail(tokenCheck, "create it with concurctl token init", "%s does not exist", options.TokenFile)
		return false
	case err != nil:
		d.fail(tokenCheck, "fix the file, or create another with concurctl token init", "%v", err)
		return false
	}
	d.refreshToken(status, options.TokenWarning)
	if !status.ObtainedAt.IsZero() && d.now.Sub(status.ObtainedAt) > 2*day {
		d.warn(tokenCheck, "check that the worker runs, and its log: it renews the tokens every day",
			"the tokens are %s old", cli.Count(int(d.now.Sub(status.ObtainedAt)/day), "day"))
	}
	d.scopes(status.Scopes)
	return true
}

// refreshToken says when the refresh token ends, as far as that is known.
func (d *doctor) refreshToken(status concur.TokenStatus, warning time.Duration) {
	const (
		renew   = "get a request token in Concur, then concurctl token init"
		unknown = "when the refresh token ends is unknown, since Concur has not said"
	)
	latest := status.RefreshEndsBy()
	left, by := latest.Sub(d.now), latest.UTC().Format(time.DateOnly)
	seen := status.RefreshSeenAt.UTC().Format(time.DateOnly)
	ended, ends := "ended on "+by, fmt.Sprintf("the refresh token ends in %s, on %s", cli.Count(int(left/day), "day"), by)
	known := !status.RefreshExpiresAt.IsZero()
	if !known {
		ended = fmt.Sprintf("has ended, on %s at the latest: it was first seen on %s", by, seen)
		ends = fmt.Sprintf("%s: it was first seen on %s and may be older, so it ends in %s at the latest, on %s", unknown, seen, cli.Count(int(left/day), "day"), by)
	}
	switch {
	case latest.IsZero() && status.RefreshSeenAt.IsZero():
		d.warn(tokenCheck, "use it once with concurctl token refresh: from then on its age is remembered", unknown+", and it has not been used yet")
	case latest.IsZero():
		d.warn(tokenCheck, renew, unknown+": it was first seen on %s, and Concur still accepts it after six months", seen)
	case left <= 0:
		d.fail(tokenCheck, renew, "the refresh token %s", ended)
	case status.RenewalDue(d.now, lastDays):
		d.fail(tokenCheck, renew, "%s", ends)
	case status.RenewalDue(d.now, warning), !known:
		d.warn(tokenCheck, renew, "%s", ends)
	default:
		d.ok(tokenCheck, "the refresh token is good until %s, for %s more", by, cli.Count(int(left/day), "day"))
	}
}

// errEnough stops the reading of a list after its first entry.
var errEnough = errors.New("enough")

// access reads the list of failed notifications, which needs a strict role, and the list of
// waiting reports, which needs the strictest. It returns the first waiting report, and whether
// Concur accepts the token at all.
func (d *doctor) access(ctx context.Context, client *concur.Client) (waiting *concur.PendingReport, reached bool) {
	err := client.FailedNotifications(ctx, func(concur.FailedItem) error { return errEnough })
	switch {
	case err == nil:
		d.ok(accessCheck, "the failed list can be read, and is empty")
	case errors.Is(err, errEnough):
		d.ok(accessCheck, "the failed list can be read")
		d.warn("failed list", "look at it with concurctl failed-notifications list; a sweep starts the runs", "the list is not empty: Concur could not deliver a notification")
	case errors.Is(err, concur.Forbidden):
		d.fail(accessCheck, advice(err), "%v", err)
	default:
		d.fail(accessCheck, advice(err), "%v", err)
		return nil, false
	}
	waiting, err = firstThatWaits(ctx, client)
	switch {
	case err == nil:
		d.ok(accessCheck, "everybody's waiting reports can be listed, including those of test users. "+
			"The list never contains Central Reconciliation reports: only a callout or a failed notification announces those")
	case errors.Is(err, concur.Forbidden):
		d.warn(accessCheck, "give the application's user the role that the message names; without it, sweeps do not find missed reports", "%v", err)
	default:
		d.warn(accessCheck, "run the doctor again; if the error stays, report it with the correlation ID", "%v", err)
	}
	return waiting, true
}

// firstThatWaits returns the first report in the list of waiting reports. The list has at least
// one page for ordinary users and one for test users.
func firstThatWaits(ctx context.Context, client *concur.Client) (waiting *concur.PendingReport, err error) {
	const most = 10 // pages
	page := ""
	for range most {
		page, err = client.PendingReports(ctx, page, func(row concur.PendingReport, unread error) error {
			if unread != nil {
				return unread
			}
			waiting = &row
			return errEnough
		})
		if errors.Is(err, errEnough) {
			return waiting, nil
		}
		if err != nil || page == "" {
			return nil, err
		}
	}
	return nil, nil
}
