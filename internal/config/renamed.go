package config

import (
	"maps"
	"slices"
)

// renamed maps the former names of variables to their present names. A program does not start
// if a former name is set: ignoring it would silently use the default.
var renamed = map[string]string{
	"CONCUR_ALIKE_STOPS":     "CONCUR_AMBIGUOUS_STEPS",
	"CONCUR_ANSWER_LIMIT":    "CONCUR_REQUEST_TIMEOUT",
	"CONCUR_AUTHORIZATION":   "CONCUR_AUTH_SCHEME",
	"CONCUR_BRAKE_SENDBACKS": "CONCUR_SENDBACK_LIMIT",
	"CONCUR_BRAKE_SHARE":     "CONCUR_SENDBACK_SHARE_LIMIT",
	"CONCUR_HOSTS":           "CONCUR_TRUSTED_HOSTS",
	"CONCUR_MALFORMED_DELAY": "CONCUR_REREAD_DELAY",
	"CONCUR_MOVING_DELAY":    "CONCUR_WRITE_CHECK_DELAY",
	"CONCUR_NAME_DELAY":      "CONCUR_EVENT_TYPE_DELAY",
	"CONCUR_PARKED_RETRIES":  "CONCUR_PARKED_RETRY_DELAYS",
	"CONCUR_PENDING_GRACE":   "CONCUR_MISSED_AFTER",
	"CONCUR_REPORT_LIMIT":    "CONCUR_MAX_REPORT_BYTES",
	"CONCUR_RULES_RELOAD":    "CONCUR_RULES_RELOAD_INTERVAL",
	"CONCUR_SHOWN_WITHIN":    "CONCUR_WRITE_VISIBLE_WITHIN",
	"CONCUR_SWEEP":           "CONCUR_SWEEP_MODE",
	"CONCUR_SWEEP_EVERY":     "CONCUR_SWEEP_INTERVAL",
}

// refuseRenamed reports every variable that is set by its former name.
func (p *problems) refuseRenamed() {
	for _, former := range slices.Sorted(maps.Keys(renamed)) {
		for _, suffix := range []string{"", fileSuffix} {
			if variable(former+suffix) != "" {
				p.add(former+suffix, "is now called %s: rename it", renamed[former]+suffix)
			}
		}
	}
}
