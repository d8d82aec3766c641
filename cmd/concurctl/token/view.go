package token

import (
	"fmt"
	"io"
	"strings"
	"time"

	"concur-connector/cmd/concurctl/cli"

	"github.com/spf13/cobra"

	"concur-connector/concur"
	"concur-connector/internal/config"
)

// tokenView is the output of the token commands.
type tokenView struct {
	concur.TokenStatus
	DaysLeft      *int      `json:"daysLeft,omitempty"`     // until the refresh token ends, if that date is known
	RefreshEndsBy time.Time `json:"refreshEndsBy,omitzero"` // the latest time at which it ends
	RenewalDue    bool      `json:"renewalDue"`
}

func viewOf(status concur.TokenStatus, cfg config.Worker, now time.Time) tokenView {
	view := tokenView{TokenStatus: status, RefreshEndsBy: status.RefreshEndsBy(), RenewalDue: status.RenewalDue(now, cfg.TokenWarning)}
	if !status.RefreshExpiresAt.IsZero() {
		left := int(status.RefreshExpiresAt.Sub(now).Hours() / 24)
		view.DaysLeft = &left
	}
	return view
}

func showToken(cmd *cobra.Command, status concur.TokenStatus, cfg config.Worker) error {
	now := time.Now()
	view := viewOf(status, cfg, now)
	return cli.Show(cmd, view, func(w io.Writer) { view.print(w, now) })
}

func (v tokenView) print(w io.Writer, now time.Time) {
	at := func(t time.Time) string {
		switch left := t.Sub(now); {
		case t.IsZero():
			return "unknown"
		case left < 0:
			return cli.FormatTime(t) + " (" + span(-left) + " ago)"
		default:
			return cli.FormatTime(t) + " (in " + span(left) + ")"
		}
	}
	cli.Table(w, []string{"ACCESS TO CONCUR", ""}, [][]string{
		{"geolocation", v.Geolocation},
		{"scopes", strings.Join(v.Scopes, " ")},
		{"obtained", at(v.ObtainedAt)},
		{"access token ends", at(v.AccessExpiresAt)},
		{"refresh token first seen", at(v.RefreshSeenAt)},
		{"refresh token ends", refreshEnd(v.TokenStatus, at)},
		{"token answers", fmt.Sprint(v.Generation)},
	})
}

// refreshEnd writes when the refresh token ends. It marks a date that is only the latest
// possible one.
func refreshEnd(status concur.TokenStatus, at func(time.Time) string) string {
	latest := status.RefreshEndsBy()
	if !status.RefreshExpiresAt.IsZero() || latest.IsZero() {
		return at(latest)
	}
	return "unknown, at the latest " + at(latest)
}

// span writes a time in days, or hours and minutes below two days.
func span(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	if d < time.Minute {
		return "less than a minute"
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
