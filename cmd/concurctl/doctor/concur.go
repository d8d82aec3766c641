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

// lastDays is how long before its end a refresh token is no longer a warning.
const lastDays = 7 * day

// worker checks the worker's part of the environment, and with it the access to
// Concur.
func (d *doctor) worker(ctx context.Context, o doctorOptions) {
	cfg, ignored, err := config.LoadWorker()
	d.configuration(workerProgram, err)
	d.ignored(ignored)
	rules := d.rules(cfg.Rules)
	c := chosenBy(cfg, err, rules, o.report)
	d.needed = c.scopes()
	d.writes(cfg, err)
	d.guard(cfg, rules)
	d.facts(ctx, cfg, err, rules)
	d.untold(cfg, rules)
	if cli.ConfigError(err, cli.ConcurVariables...) != nil {
		return // said, one by one
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
		d.warn(accessCheck, "set CONCUR_TOKEN_FILE, or say --use-refresh-token while no worker runs",
			"not tried: without a token store a refresh token that Concur replaces is lost, here and in the worker")
		return
	default:
		d.warn(tokenCheck, "set CONCUR_TOKEN_FILE", "there is none: a refresh token that Concur replaces is lost with the process")
	}
	client, err := concur.New(options)
	if err != nil {
		d.fail(tokenCheck, "let this user write into the folder of the token store, as the worker does", "%v", err)
		return
	}
	defer client.Close()
	if waiting, reached := d.access(ctx, client); reached {
		if status, err := client.EnsureToken(ctx); err == nil && cfg.TokenFile == "" {
			d.refreshToken(status, cfg.TokenWarning) // Concur has said it with the grant
			d.scopes(status.Scopes)
		}
		d.prove(ctx, client, c, waiting)
	}
	for _, gone := range client.Deprecations() {
		d.warn("interfaces", "look at Concur's release notes, and for a newer version of the connector",
			"Concur announces the end of what serves to %s: %s", gone.Op, strings.Trim(gone.Warning+"; sunset "+gone.Sunset, "; "))
	}
}

// writes says what is written to Concur: a test entity whose writes are on, and a
// production whose writes are not, are both easily overlooked.
func (d *doctor) writes(cfg config.Worker, err error) {
	if cli.ConfigError(err, "CONCUR_WRITES", "CONCUR_TEST_USERS", "CONCUR_SENDBACK_LIMIT", "CONCUR_SENDBACK_SHARE_LIMIT") != nil {
		return // said, one by one
	}
	const check = "writes"
	switch {
	case cfg.Writes == "dry-run":
		d.warn(check, "set CONCUR_WRITES to on, once the runs show what is wanted", "nothing is written to Concur: what would be is shown")
	case cfg.Writes == "off":
		d.warn(check, "set CONCUR_WRITES to on, unless that is meant", "nothing is written to Concur: what is to be waits for an operator")
	case len(cfg.TestUsers) > 0:
		d.warn(check, "take CONCUR_TEST_USERS out in production", "only the reports of %s are written to", cli.Count(len(cfg.TestUsers), "test user"))
	default:
		d.ok(check, "every report is written to")
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

// allowList has the client judge the geolocation, without a store that it would open.
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

// tokenStore reads the store and reports whether there is one to go on with.
func (d *doctor) tokenStore(options concur.Options) bool {
	status, err := concur.ReadTokenStore(options)
	switch {
	case errors.Is(err, fs.ErrNotExist) && options.RefreshToken != "":
		d.warn(tokenCheck, "start the worker, and call this again", "%s does not exist yet: the worker begins it with CONCUR_REFRESH_TOKEN", options.TokenFile)
		return false
	case errors.Is(err, fs.ErrNotExist):
		d.fail(tokenCheck, "concurctl token init makes it", "%s does not exist", options.TokenFile)
		return false
	case err != nil:
		d.fail(tokenCheck, "mend the file, or make another with concurctl token init", "%v", err)
		return false
	}
	d.refreshToken(status, options.TokenWarning)
	if !status.ObtainedAt.IsZero() && d.now.Sub(status.ObtainedAt) > 2*day {
		d.warn(tokenCheck, "look whether the worker runs, and at its log: it renews the tokens every day",
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

// errEnough ends the reading of a list of which the beginning is enough.
var errEnough = errors.New("enough")

// access reads the failed list, which changes nothing and wants a strict role, and the
// list of reports that wait, which wants the strictest. It returns the first of those, and
// whether Concur lets us in at all.
func (d *doctor) access(ctx context.Context, client *concur.Client) (waiting *concur.PendingReport, reached bool) {
	err := client.FailedNotifications(ctx, func(concur.FailedItem) error { return errEnough })
	switch {
	case err == nil:
		d.ok(accessCheck, "the failed list can be read, and is empty")
	case errors.Is(err, errEnough):
		d.ok(accessCheck, "the failed list can be read")
		d.warn("failed list", "concurctl failed-notifications list shows what; a sweep takes it up", "it is not empty: Concur could not deliver a notification")
	case errors.Is(err, concur.Forbidden):
		d.fail(accessCheck, advice(err), "%v", err)
	default:
		d.fail(accessCheck, advice(err), "%v", err)
		return nil, false
	}
	waiting, err = firstThatWaits(ctx, client)
	switch {
	case err == nil:
		d.ok(accessCheck, "everybody's reports that wait can be listed, those of test users included. "+
			"The list never shows Central Reconciliation reports: one that no callout and no failed notification tells of is not noticed")
	case errors.Is(err, concur.Forbidden):
		d.warn(accessCheck, "give the application's user the role that is named; without it a report that nobody told of is not noticed", "%v", err)
	default:
		d.warn(accessCheck, "call this again; if it stays, report it with the correlation ID", "%v", err)
	}
	return waiting, true
}

// firstThatWaits returns the first report of the list of those that wait, which has a page for
// each of two sorts of users at least.
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
